package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/report"
)

// CatchUp brings the ledger up to date with which posts can be shown now: it offers posts
// that are back to those who missed them, and makes deliveries due that waited for a post. It
// also repairs, once, what an earlier version skipped, and warns of that.
func CatchUp(ctx context.Context, c *catalog.Catalog) ([]report.Warning, error) {
	warnings, err := repairCursors(ctx, c)
	return warnings, errors.Join(err, offerReturned(ctx, c), endWaits(ctx, c))
}

func repairCursors(ctx context.Context, c *catalog.Catalog) ([]report.Warning, error) {
	repaired, err := c.Ledger.RepairCursors(ctx)
	var warnings []report.Warning
	for _, r := range repaired {
		c.Log.Warn("repaired: an earlier version had skipped subscribers", "edition", r.Edition, "post", r.Post, "subscribers", r.Subscribers)
		warnings = append(warnings, report.Warning{Path: c.Config.LedgerName(), Message: fmt.Sprintf(
			"edition %d: an earlier version of publisher had passed %d subscribers over with the post %s; they get it now", r.Edition, r.Subscribers, r.Post)})
	}
	return warnings, err
}

// offerReturned offers the posts that can be shown again to those whom an edition without
// them has passed over.
func offerReturned(ctx context.Context, c *catalog.Catalog) error {
	withheld, err := c.Ledger.Withheld(ctx)
	if err != nil || len(withheld) == 0 {
		return err
	}
	var back []int64
	for _, seq := range withheld {
		if c.WhyHidden(seq) == "" {
			back = append(back, seq)
		}
	}
	if len(back) == 0 {
		return nil
	}
	c.Log.Info("posts are back and are offered to those who have not had them", "count", len(back))
	return c.Ledger.PostsReturned(ctx, ledger.NewNumbers(back...))
}

// endWaits makes the deliveries due at once all of whose posts can be shown again.
func endWaits(ctx context.Context, c *catalog.Catalog) error {
	waiting, err := c.Ledger.Waiting(ctx, c.Start())
	if err != nil {
		return err
	}
	for edition, digests := range waiting {
		for _, d := range digests {
			if slices.ContainsFunc(d.Posts, func(seq int64) bool { return c.WhyHidden(seq) != "" }) {
				continue
			}
			if err := c.Ledger.EndWait(ctx, edition, d.Number, c.Start()); err != nil {
				return err
			}
		}
	}
	return nil
}
