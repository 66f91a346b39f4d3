package publish

import (
	"context"
	"io"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/publish/subscribers"
)

// Shown returns a subscriber as programs read it.
func (p *Publisher) Shown(sub ledger.Subscriber) subscribers.JSON {
	return subscribers.NewList(p.cfg, nil, p.now).JSON(sub)
}

// Import reads subscribers from CSV; see List.Import.
func (p *Publisher) Import(ctx context.Context, l *ledger.Ledger, name string, r io.Reader, o subscribers.ImportOptions) (subscribers.ImportReport, error) {
	return subscribers.NewList(p.cfg, l, p.now).Import(ctx, name, r, o)
}

// Prune reads subscribers.file and ends the subscriptions that it no longer has.
func (p *Publisher) Prune(ctx context.Context, l *ledger.Ledger, each func(ledger.RowResult) error) (subscribers.ImportReport, error) {
	return subscribers.NewFile(p.cfg, l, p.build).Prune(ctx, p.now().Truncate(time.Microsecond), each)
}

// Export writes all subscribers as CSV; see List.Export.
func (p *Publisher) Export(ctx context.Context, l *ledger.Ledger, w io.Writer) error {
	return subscribers.NewList(p.cfg, l, p.now).Export(ctx, w)
}

// Restore makes subscribers active again; see List.Restore.
func (p *Publisher) Restore(ctx context.Context, l *ledger.Ledger, emails []string, asked bool) (subscribers.Restored, error) {
	return subscribers.NewList(p.cfg, l, p.now).Restore(ctx, emails, asked)
}
