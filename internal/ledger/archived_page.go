package ledger

import (
	"context"
	"fmt"

	"publisher/internal/ledger/sqlutil"
)

// ArchivedPage returns the web version of an edition, compressed by gzip; nil if it has
// none.
func (l *Ledger) ArchivedPage(ctx context.Context, edition int64) (html []byte, err error) {
	_, err = sqlutil.Row(ctx, l.read, "SELECT html_gzip FROM archived_page WHERE edition = $1", []any{edition}, &html)
	return html, l.fail(fmt.Sprintf("read the web version of edition %d", edition), err)
}

// HasArchivedPage reports whether an edition has a web version.
func (l *Ledger) HasArchivedPage(ctx context.Context, edition int64) (has bool, err error) {
	err = l.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM archived_page WHERE edition = $1)", edition).Scan(&has)
	return has, l.fail(fmt.Sprintf("look for the web version of edition %d", edition), err)
}

// SaveArchivedPage stores the web version of an edition, compressed by gzip.
func (l *Ledger) SaveArchivedPage(ctx context.Context, edition int64, html []byte) error {
	return l.storeRow(ctx, fmt.Sprintf("save the web version of edition %d", edition), `
		INSERT INTO archived_page (edition, html_gzip) VALUES ($1, $2)
		ON CONFLICT (edition) DO UPDATE SET html_gzip = excluded.html_gzip`, edition, html)
}
