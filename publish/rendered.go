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
)

// follows is what a post's last rendering was made of beside the post: files of
// the tree that it links to, and places of pictures.
type follows struct {
	Links []string `json:",omitempty"`
	Files []string `json:",omitempty"`
	State string   `json:",omitempty"` // of the files: unknownState or a hash
}

// unknownState is that of files one of which is being written just now: nobody knows
// whether it has been seen whole.
const unknownState = "?"

// earlierFeeds is what the feeds need to know of their last time to leave alone
// what nothing has happened to.
func (s *pass) earlierFeeds(last feedMemo) feed.Previous {
	addresses := s.addresses()
	earlier := feed.Previous{
		Build: s.build,
		Rested: func(p *content.Post) feed.Fingerprint {
			f := last.Follows[p.Path]
			return basis(f, s.stateOf(f.Files), addresses)
		},
		Rests: func(p *content.Post, r *content.Rendering) feed.Fingerprint {
			s.renderMu.Lock()
			defer s.renderMu.Unlock()
			// What a warning is about may be mended anywhere.
			if s.renderWarned[p.Path] || r.Follows.Unknown || r.Follows.FileHash != p.FileHash {
				s.follows[p.Path] = follows{}
				return feed.OnAnything
			}
			f := follows{Links: r.Follows.Links, Files: r.Follows.Files, State: s.stateOf(r.Follows.Files)}
			s.follows[p.Path] = f
			return basis(f, f.State, addresses)
		},
	}
	for _, f := range last.Files {
		if s.intact([]feedFile{f}) {
			earlier.Documents = append(earlier.Documents, f.Document)
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
func basis(f follows, state string, addresses map[string]string) feed.Fingerprint {
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
func (s *pass) asFollowed(last feedMemo) bool {
	for _, f := range last.Follows {
		if f.State == unknownState || f.State != s.stateOf(f.Files) {
			return false
		}
	}
	return true
}

// followed is what the posts' renderings follow, be they new or the last ones.
func (s *pass) followed(last feedMemo) map[string]follows {
	next := map[string]follows{}
	for _, e := range s.entries {
		f, rendered := s.follows[e.post.Path]
		if old := last.Follows[e.post.Path]; !rendered && old.State == s.stateOf(old.Files) {
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
	last, err := s.lastFeeds(ctx)
	if err != nil || len(last.Files) == 0 {
		return err
	}
	for i := range last.Files {
		last.Files[i].Inputs, last.Files[i].Items = "", nil
	}
	return s.saveFeeds(ctx, last)
}
