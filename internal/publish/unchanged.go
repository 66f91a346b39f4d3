package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"publisher/content"
	"publisher/internal/ledger"
)

// The note of a pass lets the next one over an unchanged tree leave the posts in the
// ledger unread. It is written when a pass has gone through, feeds included, and holds for
// one scan and one config, from the time of that pass until a post's date or expiry.
// What else moves posts without a file being changed (settling, the flood guard,
// `publisher release`) keeps Mail false.

// quietVersion is that of what a pass leaves in the ledger.
const quietVersion = 2

// never is when a post that nothing waits for comes of age.
func never() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// quietSince returns the note where it holds for this pass; nil where it does not,
// or nobody can tell.
func (s *pass) quietSince(ctx context.Context, scan *content.Scan) (*ledger.UnchangedNote, error) {
	note, err := s.ledger.UnchangedNote(ctx)
	if err != nil || note == nil || !scan.Same {
		return nil, err
	}
	switch {
	case note.Version != quietVersion: // an earlier version's
	case note.Scan != s.scanID || note.Settings != s.settingsHash():
	case s.start.Before(note.Since) || !s.start.Before(note.Until): // clocks go back, too
	case !s.feedsOnly && (s.isFirst || !note.Mail):
	default:
		return note, nil
	}
	return nil, nil
}

// noteQuiet is called when a pass has done all but the mail.
func (s *pass) noteQuiet(ctx context.Context) error {
	if !s.live || !s.feedsDone {
		return nil
	}
	note := s.note
	if note == nil {
		note = &ledger.UnchangedNote{Settings: s.settingsHash(), Since: s.start, Until: s.comingOfAge(), Mail: s.noneWait(), Problems: ledgerProblems(s.doubts)}
	}
	note.Version, note.Scan = quietVersion, s.scanID
	return s.ledger.SaveUnchangedNote(ctx, *note)
}

// comingOfAge is the next time at which a post is published or expires by itself.
func (s *pass) comingOfAge() time.Time {
	if s.note != nil {
		return s.note.Until
	}
	until := never()
	for _, e := range s.entries {
		for _, t := range []time.Time{e.post.Date, e.post.Expires} {
			if t.After(s.start) && t.Before(until) {
				until = t
			}
		}
	}
	return until
}

// noneWait reports that no post can come nearer to mail unless its date comes or its
// file is changed.
func (s *pass) noneWait() bool {
	for _, e := range s.entries {
		switch e.row.Stage {
		case ledger.Known, ledger.Numbered:
		case ledger.New:
			if s.published(e) && !e.post.FeedOnly {
				return false
			}
		default: // held, released, or not looked at by `run` yet
			return false
		}
	}
	return true
}

// settingsHash changes with the program and with anything in its config.
func (s *pass) settingsHash() string {
	text, err := json.Marshal([]any{s.build, s.cfg, s.cfg.Site.Timezone.String()})
	if err != nil {
		return "" // no note holds under it
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// recall reads the posts that a quiet pass has left unread.
func (s *pass) recall(ctx context.Context) error {
	if s.surveyed {
		return nil
	}
	if _, err := s.compare(ctx); err != nil {
		return err
	}
	return s.learnNumbers(ctx)
}

// idle reports that there is nothing to mail that posts would be needed for.
func (s *pass) idle(ctx context.Context, open []ledger.Edition) (bool, error) {
	if s.surveyed || len(open) > 0 {
		return false, nil
	}
	if retries, err := s.ledger.Deferred(ctx, s.now(), 0, 0, 1); err != nil || len(retries) > 0 {
		return false, err
	}
	for _, cadence := range s.cfg.Digest.Cadences {
		last, through, err := s.ledger.LastClosed(ctx, cadence.Name)
		if err != nil {
			return false, err
		}
		if last.IsZero() {
			last = s.first
		}
		if cadence.Schedule != nil {
			if firedSince(cadence.Schedule, last, s.start, s.cfg.Site.Timezone) {
				return false, nil
			}
			continue
		}
		if through < s.newest {
			return false, nil
		}
		for _, language := range s.digestLanguages() {
			groups, err := s.ledger.RecipientGroups(ctx, s.audience(cadence.Name, language), s.newest)
			if err != nil || len(groups) > 0 {
				return false, err
			}
		}
	}
	return true, nil
}
