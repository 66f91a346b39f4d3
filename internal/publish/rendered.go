package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"publisher/content"
	"publisher/feed"
	"publisher/internal/ledger"
)

// unknownState is the state of files one of which is being written just now: nobody knows
// whether it has been seen whole.
const unknownState = "?"

// earlierFeeds is what the feeds need to know of their last time to leave alone
// what nothing has happened to.
func (s *pass) earlierFeeds(last ledger.FeedState) feed.Previous {
	addresses := s.addresses()
	earlier := feed.Previous{
		Build: s.build,
		Rested: func(p *content.Post) feed.Fingerprint {
			f := last.Dependencies[p.Path]
			return basis(f, s.stateOf(f.Files), addresses)
		},
		Rests: func(p *content.Post, r *content.Rendering) feed.Fingerprint {
			s.renderMu.Lock()
			defer s.renderMu.Unlock()
			// What a warning is about may be mended anywhere.
			if s.renderWarned[p.Path] || r.Dependencies.Incomplete || r.Dependencies.FileHash != p.FileHash {
				s.follows[p.Path] = ledger.Dependencies{}
				return feed.OnAnything
			}
			f := ledger.Dependencies{Links: r.Dependencies.Links, Files: r.Dependencies.Files, State: s.stateOf(r.Dependencies.Files)}
			s.follows[p.Path] = f
			return basis(f, f.State, addresses)
		},
	}
	for _, f := range last.Files {
		if s.intact([]ledger.FeedFile{f}) {
			earlier.Documents = append(earlier.Documents, feed.Document(f.FeedDocument))
		}
	}
	return earlier
}

// addresses of the published posts, by path.
func (s *pass) addresses() map[string]string {
	addresses := make(map[string]string, len(s.entries))
	for _, e := range s.entries {
		if s.published(e) {
			addresses[e.post.Path] = e.post.URL
		}
	}
	return addresses
}

// basis hashes what a rendering follows, as that is now; state is that of its files.
// Nobody knows what the address of a page rests on.
func basis(f ledger.Dependencies, state string, addresses map[string]string) feed.Fingerprint {
	if len(f.Links)+len(f.Files) == 0 {
		return feed.OnItself
	}
	if state == unknownState {
		return feed.OnAnything
	}
	hash := sha256.New()
	for _, link := range f.Links {
		address, ok := addresses[link]
		if !ok {
			return feed.OnAnything
		}
		fmt.Fprintf(hash, "%q %q\n", link, address)
	}
	return feed.Fingerprint(hex.EncodeToString(hash.Sum(nil)) + state)
}

// stateOf tells how files lie there, if they do.
func (s *pass) stateOf(files []string) string {
	if len(files) == 0 {
		return ""
	}
	hash := sha256.New()
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			fmt.Fprintf(hash, "%q\n", file)
			continue
		}
		if !info.ModTime().Before(s.start.Add(-2 * time.Second)) {
			return unknownState
		}
		fmt.Fprintf(hash, "%q %d %d\n", file, info.Size(), info.ModTime().UnixNano())
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// asFollowed tells that the pictures lie as they did when posts were rendered.
func (s *pass) asFollowed(last ledger.FeedState) bool {
	for _, f := range last.Dependencies {
		if f.State == unknownState || f.State != s.stateOf(f.Files) {
			return false
		}
	}
	return true
}

// followed is what the posts' renderings follow, be they new or the last ones.
func (s *pass) followed(last ledger.FeedState) map[string]ledger.Dependencies {
	next := map[string]ledger.Dependencies{}
	for _, e := range s.entries {
		f, rendered := s.follows[e.post.Path]
		if old := last.Dependencies[e.post.Path]; !rendered && old.State == s.stateOf(old.Files) {
			f = old // else no feed shows it any more
		}
		if len(f.Links)+len(f.Files) > 0 {
			next[e.post.Path] = f
		}
	}
	return next
}

// forgetInputs has every feed made again, where all files were read: the settings
// of the blog's engine may be others now. It comes before the scan is remembered.
func (s *pass) forgetInputs(ctx context.Context, scan *content.Scan) error {
	if scan.Read < len(scan.Posts) {
		return nil
	}
	return s.ledger.ForgetFeedInputs(ctx)
}
