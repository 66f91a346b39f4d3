package publish

import (
	"context"
	"fmt"

	"publisher/feed"
	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// feedMemory is the ids of Atom's feeds and the folders of tags' feeds, each fixed at
// first sight.
func (s *pass) feedMemory(ctx context.Context) (feed.Memory, error) {
	names, err := s.ledger.FeedNames(ctx)
	return feed.Memory{IDs: names.IDs, Tags: names.Folders}, err
}

func (s *pass) saveFeedMemory(ctx context.Context, memory feed.Memory) error {
	return s.ledger.SaveFeedNames(ctx, ledger.FeedNames{IDs: memory.IDs, Folders: memory.Tags})
}

// clashWarnings tell of tags whose feeds could not have the address that their name
// gives.
func (s *pass) clashWarnings() []report.Warning {
	var warnings []report.Warning
	for _, c := range s.clashes {
		standing := " are"
		if c.Earlier {
			standing = ", which came first, stay"
		}
		warnings = append(warnings, report.Warning{Path: s.cfg.File, Message: fmt.Sprintf(
			"feeds.tags: two tags make one address: the feeds of %q%s in %s/, and those of %q in %s/; give both posts one spelling if they mean the same", c.Owner, standing, c.Taken, c.Tag, c.Dir)})
	}
	return warnings
}
