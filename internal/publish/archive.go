package publish

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"publisher/internal/ledger"
)

// Archive is the web versions of the editions, as the ledger keeps them. Each is
// made once, when its edition goes out: later edits of a post do not change it.
type Archive struct{ Ledger *ledger.Ledger }

// Edition returns the HTML of an edition's web version.
func (a Archive) Edition(ctx context.Context, number int64) (html []byte, found bool, err error) {
	data, err := a.Ledger.ArchivedPage(ctx, number)
	if err != nil || data == nil {
		return nil, false, err
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, false, fmt.Errorf("the ledger's web version of edition %d: %w", number, err)
	}
	if html, err = io.ReadAll(r); err != nil {
		return nil, false, fmt.Errorf("the ledger's web version of edition %d: %w", number, err)
	}
	return html, true, nil
}

// archive keeps the web version of an edition, unless it is kept.
func (s *pass) archive(ctx context.Context, b *bundle, e *ledger.Edition) error {
	if has, err := s.ledger.HasArchivedPage(ctx, e.Number); err != nil || has || len(b.Posts) == 0 {
		return err
	}
	return s.keepPage(ctx, b, e)
}

func (s *pass) keepPage(ctx context.Context, b *bundle, e *ledger.Edition) error {
	page, err := s.page(b, e)
	if err != nil {
		return err
	}
	return s.ledger.SaveArchivedPage(ctx, e.Number, page)
}
