package publish

import (
	"context"
	"io"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/subscribers"
	"publisher/mailer/bounce"
)

// Shown returns a subscriber as programs read it.
func (p *Publisher) Shown(sub ledger.Subscriber) subscribers.JSON {
	return subscribers.NewList(p.cfg, nil, p.now).JSON(sub)
}

// Import reads subscribers from files; see subscribers.List.Import.
func (p *Publisher) Import(ctx context.Context, l *ledger.Ledger, sources []subscribers.Source, o subscribers.ImportOptions) (subscribers.ImportReport, error) {
	return subscribers.NewList(p.cfg, l, p.now).Import(ctx, sources, o)
}

// UndoImport takes back what an import did; see subscribers.List.Undo.
func (p *Publisher) UndoImport(ctx context.Context, l *ledger.Ledger, number int64, left func(imports.LeftSubscriber) error) (imports.Undone, error) {
	return subscribers.NewList(p.cfg, l, p.now).Undo(ctx, number, left)
}

// Prune reads subscribers.file and ends the subscriptions that it no longer has.
func (p *Publisher) Prune(ctx context.Context, l *ledger.Ledger, each func(subscribers.LineResult) error) (subscribers.ImportReport, error) {
	return subscribers.NewFile(p.cfg, l, p.build).Prune(ctx, p.now().Truncate(time.Microsecond), each)
}

// Export writes all subscribers as CSV; see subscribers.List.Export.
func (p *Publisher) Export(ctx context.Context, l *ledger.Ledger, w io.Writer) error {
	return subscribers.NewList(p.cfg, l, p.now).Export(ctx, w)
}

// Restore makes subscribers active again; see subscribers.List.Restore.
func (p *Publisher) Restore(ctx context.Context, l *ledger.Ledger, emails []string, asked bool) (subscribers.Restored, error) {
	return subscribers.NewList(p.cfg, l, p.now).Restore(ctx, emails, asked)
}

// Release releases held posts; see catalog.Release.
func (p *Publisher) Release(ctx context.Context, l *ledger.Ledger, names []string) ([]string, error) {
	return catalog.Release(ctx, l, p.cfg.Content.Dir, names)
}

// RetryEdition has the next pass try failed and uncertain deliveries again; see editions.Retry.
func (p *Publisher) RetryEdition(ctx context.Context, l *ledger.Ledger, number int64) (int, error) {
	return editions.Retry(ctx, l, number, p.now())
}

// AcceptRefusals lets an edition continue whoever is refused; see editions.AcceptRefusals.
func (p *Publisher) AcceptRefusals(ctx context.Context, l *ledger.Ledger, number int64) (int, error) {
	return editions.AcceptRefusals(ctx, l, number, p.now())
}

// CancelEdition ends an edition that is not done; see editions.Cancel.
func (p *Publisher) CancelEdition(ctx context.Context, l *ledger.Ledger, number int64) (bool, error) {
	return editions.Cancel(ctx, p.cfg, l, number, p.now())
}

// TakeReturned handles one mail that came back; see delivery.Bounces.Take.
func (p *Publisher) TakeReturned(ctx context.Context, l *ledger.Ledger, returned *bounce.Report) (*delivery.Bounced, error) {
	return delivery.NewBounces(p.cfg, l, p.log, p.now).Take(ctx, returned)
}

// ReconcileMailLog settles uncertain deliveries from the mail server's log. The error is a
// *ledger.LockedError while a pass is running.
func (p *Publisher) ReconcileMailLog(ctx context.Context, log io.Reader, complete bool, command string) (counts delivery.Reconciled, err error) {
	_, err = p.locked(ctx, command, func(s *pass) error {
		counts, err = delivery.ReconcileMailLog(ctx, s.ledger, log, complete, s.log, s.now())
		return err
	})
	return counts, err
}
