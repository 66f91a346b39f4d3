package publish

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"publisher/ledger"
	"publisher/templates"
)

// Archive is the web versions of the editions, as the ledger keeps them. Each is
// made once, when its edition goes out: later edits of a post do not change it.
type Archive struct{ Ledger *ledger.Ledger }

// Edition returns the HTML of an edition's web version.
func (a Archive) Edition(ctx context.Context, number int64) (html []byte, found bool, err error) {
	data, err := a.Ledger.Memo(ctx, memoPage(number))
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

func memoPage(number int64) string { return fmt.Sprintf("web version of edition %d", number) }

// archive keeps the web version of an edition: all its posts, nobody's own links.
func (s *pass) archive(ctx context.Context, e *ledger.Edition) error {
	if data, err := s.ledger.Memo(ctx, memoPage(e.Number)); err != nil || data != nil {
		return err
	}
	posts := s.postsOf(e)
	if len(posts) == 0 {
		return nil
	}
	d, err := s.digest(ctx, e, posts)
	if err != nil {
		return err
	}
	d.WebURL, d.Subject = "", e.Subject
	if most := s.cfg.Digest.MaxPosts; len(d.Posts) > most {
		d.Posts, d.Brief = d.Posts[:most], d.Posts[most:]
	}
	return s.keepPage(ctx, e.Number, d)
}

func (s *pass) keepPage(ctx context.Context, number int64, d *templates.Digest) error {
	var page bytes.Buffer
	z := gzip.NewWriter(&page)
	if err := s.templates.DigestHTML(z, d); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("packing the web version of edition %d: %w", number, err)
	}
	return s.ledger.SetMemo(ctx, memoPage(number), page.Bytes())
}
