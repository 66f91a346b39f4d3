package publish

import (
	"context"
	"errors"
	"time"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/ledger"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/report"
	"publisher/internal/publish/syndicate"
)

// PostJSON is one post as programs read it.
type PostJSON struct {
	ID          string        `json:"id"`
	Path        string        `json:"path"` // relative to config.yaml's folder
	URL         string        `json:"url"`
	Title       string        `json:"title"`
	Date        string        `json:"date"`    // RFC 3339
	Updated     string        `json:"updated"` // RFC 3339
	Language    string        `json:"language"`
	Tags        []string      `json:"tags"`
	Authors     []string      `json:"authors"`
	ExcerptHTML string        `json:"excerpt_html"`
	ExcerptText string        `json:"excerpt_text"`
	Image       string        `json:"image"`
	State       catalog.State `json:"state"`
	Newsletter  string        `json:"newsletter,omitempty"` // "only": mailed, in no feed
}

// Posts returns every post, newest first, and what is wrong with the others.
func (p *Publisher) Posts(ctx context.Context) ([]PostJSON, []report.Warning, error) {
	posts := []PostJSON{}
	var warnings []report.Warning
	err := p.onCopy(ctx, func(s *pass) error {
		if err := errors.Join(s.loadTemplates(), s.survey(ctx)); err != nil {
			return err
		}
		mailed, err := mailedPosts(ctx, s.ledger)
		if err != nil {
			return err
		}
		for _, e := range catalog.NewestFirst(s.catalog.Entries()) {
			r, err := s.catalog.Render(ctx, e.Post)
			if failed := (*content.RenderError)(nil); errors.As(err, &failed) {
				continue // a warning says why
			} else if err != nil {
				return err
			}
			posts = append(posts, s.postJSON(e, r, s.catalog.State(e, mailed[e.Row.ID])))
		}
		warnings = s.report().Warnings
		return nil
	})
	return posts, warnings, err
}

func (s *pass) postJSON(e catalog.Entry, r *post.Rendering, state catalog.State) PostJSON {
	image := e.Post.Image
	if image == "" && r.Image != nil {
		image = r.Image.URL
	}
	return PostJSON{ID: e.Row.ID, Path: s.catalog.Path(e.Post.Path), URL: e.Post.URL, Title: e.Post.Title,
		Date: e.Post.Date.Format(time.RFC3339), Updated: syndicate.Updated(e).Format(time.RFC3339), Language: e.Post.Language,
		Tags: list(e.Post.Tags), Authors: list(e.Post.Authors), ExcerptHTML: r.ExcerptHTML, ExcerptText: r.ExcerptText,
		Image: image, State: state, Newsletter: newsletter(e.Post)}
}

// newsletter returns "only" for a letter.
func newsletter(p *post.Post) string {
	if p.MailOnly {
		return "only"
	}
	return ""
}

// list returns a list that is never null in JSON.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// mailedPosts returns the ids of the posts that some edition had.
func mailedPosts(ctx context.Context, l *ledger.Ledger) (map[string]bool, error) {
	editions, err := l.Editions(ctx)
	if err != nil {
		return nil, err
	}
	mailed := map[string]bool{}
	for _, e := range editions {
		for _, id := range e.Posts {
			mailed[id] = true
		}
	}
	return mailed, nil
}
