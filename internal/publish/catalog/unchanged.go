package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
)

// The note of a pass lets the next one over an unchanged tree leave the posts in the
// ledger unread. It is stored when a pass has gone through, feeds included, and is valid for
// one scan and one config, from the time of that pass until the date or the expiry of a post.
// Whatever else changes posts without a change of a file (settling, the flood guard,
// `publisher release`) keeps Mail false.

// noteVersion is the version of what a pass leaves in the ledger.
const noteVersion = 2

// never is when no post is waiting for its date.
func never() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// validNote returns the note of the last pass if it is valid for this one, else nil.
func (c *Catalog) validNote(ctx context.Context) (*passstate.UnchangedNote, error) {
	note, err := c.Memory.LoadUnchangedNote(ctx)
	if err != nil || note == nil || !c.scan.Same {
		return nil, err
	}
	switch {
	case note.Version != noteVersion: // an earlier version's
	case note.Scan != c.scanID || note.Settings != c.settings():
	case c.start.Before(note.Since) || !c.start.Before(note.Until): // a clock may have been set back
	case !c.options.FeedsOnly && (c.isFirst || !note.Mail):
	default:
		return note, nil
	}
	return nil, nil
}

// SaveNote stores the note of this pass. It is called when all but the mail is done.
func (c *Catalog) SaveNote(ctx context.Context) error {
	note := c.note
	if note == nil {
		note = &passstate.UnchangedNote{Settings: c.settings(), Since: c.start, Until: c.NextPostEvent(), Mail: !c.anyPending(), Problems: LedgerProblems(c.postProblems)}
	}
	note.Version, note.Scan = noteVersion, c.scanID
	return c.Memory.SaveUnchangedNote(ctx, *note)
}

// settings returns all that decides, besides the files, whether something has changed.
func (c *Catalog) settings() string { return SettingsHash(c.Config, c.Build) + c.followed }

// NextPostEvent returns when a post is next published, or expires, because of its date.
func (c *Catalog) NextPostEvent() time.Time {
	if c.note != nil {
		return c.note.Until
	}
	next := never()
	for _, e := range c.entries {
		for _, t := range []time.Time{e.Post.Date, e.Post.Expires} {
			if t.After(c.start) && t.Before(next) {
				next = t
			}
		}
	}
	return next
}

// NextSettled calls earlier with each time at which the file of a new post will have settled.
func (c *Catalog) NextSettled(earlier func(time.Time)) {
	for _, e := range c.entries {
		if e.Row.Stage == ledger.New || e.Row.Stage == ledger.Released {
			earlier(e.Post.ModTime.Add(c.Config.Digest.Settle))
		}
	}
}

// anyPending reports whether a post can become mailable although its date has come already
// and its file does not change.
func (c *Catalog) anyPending() bool {
	for _, e := range c.entries {
		switch e.Row.Stage {
		case ledger.Known, ledger.Numbered:
		case ledger.New:
			if c.Published(e) && !e.Post.FeedOnly {
				return true
			}
		default: // held, released, or not yet seen by `publisher run`
			return true
		}
	}
	return false
}

// SettingsHash returns a hash of the program's version and of everything in its config.
func SettingsHash(cfg *config.Config, build string) string {
	text, err := json.Marshal([]any{build, cfg, cfg.Site.Timezone.String()})
	if err != nil {
		return "" // no note is valid then
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
