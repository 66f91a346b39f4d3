package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
)

// readFollowed reads what the ledger has of the posts that feeds show, so that a change of that is one of
// the posts.
func (c *Catalog) readFollowed(ctx context.Context) error {
	if !c.options.Follow {
		return nil
	}
	rows, err := c.Ledger.Posts(ctx)
	if err != nil {
		return err
	}
	names, err := passstate.LoadFeedNames(ctx, c.Ledger)
	if err != nil {
		return err
	}
	sum := sha256.New()
	encode := json.NewEncoder(sum)
	for _, row := range rows {
		if err := encode.Encode([]any{row.Key, row.ID, row.Path, row.URL, row.FirstSeen.UnixMicro(), row.Updated.UnixMicro(), row.Gone.IsZero()}); err != nil {
			return err
		}
	}
	if err := encode.Encode(names); err != nil {
		return err
	}
	c.followed = " " + hex.EncodeToString(sum.Sum(nil))
	return nil
}

// LackError means that the content tree of this machine lacks so many posts that it cannot be the one that
// they were recorded from.
type LackError struct {
	Dir           string // of the tree
	Lacking, Have int    // posts of the ledger
}

func (e *LackError) Error() string { return e.hinted().Error() }

// Lines returns what is wrong and what to do about it.
func (e *LackError) Lines() []string { return hint.Lines(e.hinted()) }

func (e *LackError) hinted() error {
	return hint.With(fmt.Errorf("%s lacks %d of the %d posts that the ledger has from another machine; no post gets a number or counts as gone, and no feed is written", e.Dir, e.Lacking, e.Have),
		"bring the content of this machine up to date; if these posts were deleted on purpose, run `publisher adopt` here")
}

// mostLacking is the part of the posts, one of so many, that the tree of another machine may lack.
const mostLacking = 10

// checkLack returns a *LackError if another machine's posts are missing here: more than a tenth of all, or of
// those with numbers, which a stale copy lacks first.
func (c *Catalog) checkLack(m matches) error {
	if !c.options.Strange && !c.options.Follow {
		return nil
	}
	var have, numbered, lacking, lackingNumbered int
	count := func(row *ledger.Post, all, withNumber *int) {
		if row.Key == 0 || !row.Gone.IsZero() {
			return
		}
		*all++
		if row.Seq > 0 {
			*withNumber++
		}
	}
	for i := range m.entries {
		count(&m.entries[i].Row, &have, &numbered)
	}
	for i := range m.gone {
		count(&m.gone[i], &lacking, &lackingNumbered)
	}
	have, numbered = have+lacking, numbered+lackingNumbered
	switch {
	case lacking*mostLacking > have:
		return &LackError{c.Config.Content.Dir, lacking, have}
	case lackingNumbered*mostLacking > numbered:
		return &LackError{c.Config.Content.Dir, lackingNumbered, numbered}
	}
	return nil
}
