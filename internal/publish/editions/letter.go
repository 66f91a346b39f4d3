package editions

import (
	"context"
	"fmt"
	"html"
	"strings"

	"publisher/internal/publish/catalog"
	"publisher/internal/publish/report"
	"publisher/templates"
)

// Letter is what an edition has of a post that is only in mail, besides its excerpt. It can be read
// in the web version of the edition that had it first. If there is none, it is in the mail as a
// whole.
type Letter struct {
	HTML   string
	Anchor string // its id in web versions
	First  int64  // the edition that had it first; 0 for the one that it is in
}

// letter returns what an edition has of a post; nil unless it is only in mail.
func (c *Composer) letter(ctx context.Context, e catalog.Entry) (*Letter, error) {
	if !e.Post.MailOnly {
		return nil, nil
	}
	r, err := c.catalog.Render(ctx, e.Post)
	if err != nil {
		return nil, err
	}
	l := &Letter{HTML: withinPage(r.HTML, e.Post.URL), Anchor: fmt.Sprintf("letter-%d", e.Row.Seq)}
	if e.Row.Key != 0 { // a preview may have posts without numbers
		l.First, err = c.ledger.FirstEdition(ctx, e.Row.ID, e.Row.Seq)
	}
	return l, err
}

// withinPage returns a letter's HTML with links to its own footnotes and headings that lead there,
// instead of to the post's page on the site.
func withinPage(text, address string) string {
	return strings.ReplaceAll(text, `href="`+html.EscapeString(address)+"#", `href="#`)
}

// split returns the posts that a web version shows, and those that it has as links: what is beyond
// the limit and no letter.
func split(posts []templates.Post, limit int) (shown, brief []templates.Post) {
	for i, p := range posts {
		if i < limit || p.Anchor != "" {
			shown = append(shown, p)
		} else {
			brief = append(brief, p)
		}
	}
	return shown, brief
}

// longLetters warns of letters that are in a mail as a whole and exceed digest.max_bytes.
func (c *Composer) longLetters(b *Bundle, number int64) []report.Warning {
	var warnings []report.Warning
	for _, p := range b.Posts {
		if p.Letter != nil && c.cfg.EditionURL(number) == "" && len(p.Letter.HTML) > b.MaxBytes {
			warnings = append(warnings, report.Warning{Path: c.catalog.Path(p.Path), Message: fmt.Sprintf(
				"the letter has %d bytes of HTML, more than digest.max_bytes (%d), and can only be read in the mail, where Gmail shows the beginning; shorten it, or set server.url and server.archive so that it is on the web too",
				len(p.Letter.HTML), b.MaxBytes)})
		}
	}
	return warnings
}
