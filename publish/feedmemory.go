package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"publisher/feed"
)

// memoFeedMemory is the ledger's key for feed.Memory, as JSON: the ids of Atom's feeds
// and the folders of tags' feeds, each fixed at first sight.
const memoFeedMemory = "feed memory"

func (s *pass) feedMemory(ctx context.Context) (memory feed.Memory, err error) {
	data, err := s.ledger.Memo(ctx, memoFeedMemory)
	if err != nil || data == nil {
		return memory, err
	}
	if err := json.Unmarshal(data, &memory); err != nil {
		return memory, fmt.Errorf("reading the ids and tags of feeds in the ledger: %w", err)
	}
	return memory, nil
}

func (s *pass) saveFeedMemory(ctx context.Context, memory feed.Memory) error {
	data, err := json.Marshal(memory)
	if err != nil {
		return fmt.Errorf("remembering the ids and tags of feeds: %w", err)
	}
	if old, err := s.ledger.Memo(ctx, memoFeedMemory); err != nil || bytes.Equal(old, data) {
		return err
	}
	return s.ledger.SetMemo(ctx, memoFeedMemory, data)
}

// clashWarnings tell of tags whose feeds could not have the address that their name
// gives.
func (s *pass) clashWarnings() []Warning {
	var warnings []Warning
	for _, c := range s.clashes {
		standing := " are"
		if c.Earlier {
			standing = ", which came first, stay"
		}
		warnings = append(warnings, Warning{Path: s.cfg.File, Message: fmt.Sprintf(
			"feeds.tags: two tags make one address: the feeds of %q%s in %s/, and those of %q in %s/; give both posts one spelling if they mean the same", c.Owner, standing, c.Taken, c.Tag, c.Dir)})
	}
	return warnings
}
