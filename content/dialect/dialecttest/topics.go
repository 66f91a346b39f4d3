package dialecttest

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"publisher/content"
	"publisher/content/post"
)

// topic is one thing that an engine decides about a post.
type topic struct {
	name     string
	required bool   // each engine has a case
	none     string // the value where a file is not a post
	value    func(*testing.T, *content.Tree, *post.Post) string
}

const (
	leftOut  = "left-out"
	notAPost = "not a post"
)

var topics = []topic{
	{"titles", true, notAPost, func(_ *testing.T, _ *content.Tree, p *post.Post) string { return p.Title }},
	{"dates", true, notAPost, dates},
	{"addresses", true, notAPost, where},
	{"excerpts", true, notAPost, func(t *testing.T, tree *content.Tree, p *post.Post) string {
		return oneLine(render(t, tree, p).ExcerptText)
	}},
	{"links", true, notAPost, links},
	{"drafts", true, notAPost, func(_ *testing.T, _ *content.Tree, p *post.Post) string { return state(p) }},
	{leftOut, true, "left out", func(_ *testing.T, _ *content.Tree, p *post.Post) string { return state(p) }},
	{"languages", true, notAPost, func(_ *testing.T, _ *content.Tree, p *post.Post) string { return p.Language }},
	{"tags", false, notAPost, func(_ *testing.T, _ *content.Tree, p *post.Post) string { return strings.Join(p.Tags, "; ") }},
	{"bodies", false, notAPost, func(t *testing.T, tree *content.Tree, p *post.Post) string { return oneLine(render(t, tree, p).HTML) }},
}

// where returns the address of a post, without the site, and whether it is a draft.
func where(_ *testing.T, _ *content.Tree, p *post.Post) string {
	s := strings.TrimPrefix(p.URL, site)
	if p.Draft {
		s += " draft"
	}
	return s
}

// dates returns the date of a post, and the others that it has, in UTC.
func dates(_ *testing.T, _ *content.Tree, p *post.Post) string {
	s := p.Date.UTC().Format(time.RFC3339)
	if !p.Updated.IsZero() && !p.Updated.Equal(p.Date) {
		s += ", updated " + p.Updated.UTC().Format(time.RFC3339)
	}
	if !p.Expires.IsZero() {
		s += ", expires " + p.Expires.UTC().Format(time.RFC3339)
	}
	return s
}

// state returns whether readers see a post.
func state(p *post.Post) string {
	switch {
	case p.Draft:
		return "draft"
	case p.Held != nil:
		return "held"
	}
	return "published"
}

var address = regexp.MustCompile(`\b(?:href|src)="([^"]*)"`)

// links returns the addresses that a post leads to, and those of its pictures, in order.
func links(t *testing.T, tree *content.Tree, p *post.Post) string {
	var out []string
	for _, m := range address.FindAllStringSubmatch(render(t, tree, p).HTML, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return strings.Join(out, " ")
}

func render(t *testing.T, tree *content.Tree, p *post.Post) *post.Rendering {
	t.Helper()
	r, _, err := tree.Render(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }
