package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"publisher/content"
	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// PostJSON is one post as programs read it.
type PostJSON struct {
	ID          string   `json:"id"`
	Path        string   `json:"path"` // relative to config.yaml's folder
	URL         string   `json:"url"`
	Title       string   `json:"title"`
	Date        string   `json:"date"`    // RFC 3339
	Updated     string   `json:"updated"` // RFC 3339
	Language    string   `json:"language"`
	Tags        []string `json:"tags"`
	Authors     []string `json:"authors"`
	ExcerptHTML string   `json:"excerpt_html"`
	ExcerptText string   `json:"excerpt_text"`
	Image       string   `json:"image"`
	State       State    `json:"state"`
}

// Posts lists every post, newest first, and what is wrong with the others.
func (p *Publisher) Posts(ctx context.Context) ([]PostJSON, []report.Warning, error) {
	posts := []PostJSON{}
	var warnings []report.Warning
	err := p.onCopy(ctx, func(s *pass) error {
		if err := s.look(ctx); err != nil {
			return err
		}
		mailed, err := mailedPosts(ctx, s.ledger)
		if err != nil {
			return err
		}
		for _, e := range byNewest(s.entries) {
			r, err := s.render(ctx, e.post)
			if failed := (*content.RenderError)(nil); errors.As(err, &failed) {
				continue // a warning says why
			} else if err != nil {
				return err
			}
			posts = append(posts, s.shown(e, r, s.state(e, mailed[e.row.ID])))
		}
		s.report.SortWarnings()
		warnings = s.report.Warnings
		return nil
	})
	return posts, warnings, err
}

// look is survey as it would leave things if a pass ran now.
func (s *pass) look(ctx context.Context) error {
	if err := errors.Join(s.loadTemplates(), s.readSubscribers(ctx)); err != nil {
		return err
	}
	return s.survey(ctx)
}

func (s *pass) shown(e entry, r *content.Rendering, state State) PostJSON {
	image := e.post.Image
	if image == "" && r.Image != nil {
		image = r.Image.URL
	}
	return PostJSON{ID: e.row.ID, Path: s.contentPath(e.post.Path), URL: e.post.URL, Title: e.post.Title,
		Date: e.post.Date.Format(time.RFC3339), Updated: updated(e).Format(time.RFC3339), Language: e.post.Language,
		Tags: list(e.post.Tags), Authors: list(e.post.Authors), ExcerptHTML: r.ExcerptHTML, ExcerptText: r.ExcerptText,
		Image: image, State: state}
}

// list is never null in JSON.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// ErrNotFound says that what a command names is not there.
var ErrNotFound = errors.New("not found")

// Release lets held posts go: those named by id, path or address, or all. It
// returns their paths; the next pass mails them.
func (p *Publisher) Release(ctx context.Context, l *ledger.Ledger, names []string) ([]string, error) {
	rows, err := l.Posts(ctx)
	if err != nil {
		return nil, err
	}
	var release []ledger.Post
	used := map[string]bool{}
	for _, row := range rows {
		if row.Stage != ledger.Held || !row.Gone.IsZero() {
			continue
		}
		named := len(names) == 0
		for _, name := range names {
			if p.names(name, row) {
				named, used[name] = true, true
			}
		}
		if named {
			row.Stage = ledger.Released
			release = append(release, row)
		}
	}
	for _, name := range names {
		if !used[name] {
			return nil, fmt.Errorf("%w: no held post has the id, path or address %q; `publisher posts` lists them", ErrNotFound, name)
		}
	}
	paths := make([]string, len(release))
	for i, row := range release {
		paths[i] = p.contentPath(row.Path)
	}
	if len(release) == 0 {
		return paths, nil
	}
	slices.Sort(paths)
	return paths, l.SavePosts(ctx, release)
}

// names reports whether a person means this post: by id, path or address.
func (p *Publisher) names(name string, row ledger.Post) bool {
	clean := strings.TrimPrefix(name, "./")
	return name == row.ID || name == row.URL || strings.TrimSuffix(name, "/") == strings.TrimSuffix(row.URL, "/") ||
		clean == row.Path || clean == p.contentPath(row.Path)
}
