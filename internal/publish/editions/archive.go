package editions

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"publisher/internal/ledger"
)

// Archive is the web versions of the editions. Each is made once, when its edition goes out:
// later edits of a post do not change it.
type Archive struct{ Ledger *ledger.Ledger }

// Edition returns the HTML of an edition's web version.
func (a Archive) Edition(ctx context.Context, number int64) (html []byte, found bool, err error) {
	data, err := a.Ledger.ArchivedPage(ctx, number)
	if err != nil || data == nil {
		return nil, false, err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, false, fmt.Errorf("decompressing the web version of edition %d: %w", number, err)
	}
	if html, err = io.ReadAll(r); err != nil {
		return nil, false, fmt.Errorf("decompressing the web version of edition %d: %w", number, err)
	}
	return html, true, nil
}
