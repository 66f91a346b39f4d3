package dialect

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/post"
	"publisher/internal/xmltext"

	"github.com/bmatcuk/doublestar/v4"
)

// omission returns why the engine does not show a file that was read, or nil. A definite omission
// outranks a doubtful one.
func (p *Page) omission() *post.Omission {
	byPath := p.Engine.PathOmission(p.Path)
	if byPath != nil && !byPath.Held {
		return byPath
	}
	byText := p.Engine.PageOmission(p)
	if byText != nil && !byText.Held {
		return byText
	}
	return cmp.Or(byPath, byText, p.doubtfulDraft())
}

// doubtfulDraft holds a post whose draft mark is unreadable. `published` may also be a date.
func (p *Page) doubtfulDraft() *post.Omission {
	for _, key := range []string{"draft", "published"} {
		if _, set := p.Front.Bool(key); set || p.Front.Values[key] == nil {
			continue
		}
		if _, isDate := p.Engine.ParseDate(&p.Front, key, p.Front.Scalar(key)); key == "draft" || !isDate {
			return p.HeldBy(key, "neither true nor false")
		}
	}
	return nil
}

// OmittedBy returns an omission caused by the post's own front matter, or what it inherits.
func (p *Page) OmittedBy(key, why string) *post.Omission {
	return &post.Omission{Reason: whyOf(key, p.Front.Values[key], why), Path: p.Path, Line: p.Front.LineOf(key)}
}

// HeldBy returns the same for a value that leaves it in doubt.
func (p *Page) HeldBy(key, why string) *post.Omission {
	o := p.OmittedBy(key, why)
	o.Held = true
	return o
}

func whyOf(key string, value any, why string) string {
	if text, ok := value.(string); ok {
		key += ": " + xmltext.Line(post.Clip(text))
	}
	if why != "" {
		key += " (" + why + ")"
	}
	return key
}

// OmittedBy returns an omission caused by a setting of the engine's config.
func (s *Site) OmittedBy(settings *Settings, reason string, keys ...string) *post.Omission {
	file, line := settings.locate(keys...)
	o := &post.Omission{Reason: reason, Line: line}
	if rel, err := filepath.Rel(s.Dir, file); err == nil && file != "" {
		o.Path = filepath.ToSlash(rel)
	}
	return o
}

// HeldBy returns the same for a setting that leaves it in doubt.
func (s *Site) HeldBy(settings *Settings, reason string, keys ...string) *post.Omission {
	o := s.OmittedBy(settings, reason, keys...)
	o.Held = true
	return o
}

// PickOmission returns the first definite omission, else the first doubtful one.
func PickOmission(all ...*post.Omission) *post.Omission {
	var first *post.Omission
	for _, o := range all {
		if o != nil && !o.Held {
			return o
		}
		if first == nil {
			first = o
		}
	}
	return first
}

// HeldProblems returns one problem for each setting that holds posts.
func HeldProblems(posts []*post.Post) []post.Problem {
	type group struct {
		post.Omission
		first string
		count int
	}
	var groups []*group
	index := map[post.Omission]*group{}
	for _, p := range posts {
		if p.Held == nil || p.Draft {
			continue
		}
		g := index[*p.Held]
		if g == nil {
			g = &group{Omission: *p.Held, first: p.Path}
			index[*p.Held] = g
			groups = append(groups, g)
		}
		g.count++
	}
	out := make([]post.Problem, len(groups))
	for i, g := range groups {
		which := "this post"
		if g.count > 1 {
			which = fmt.Sprintf("%d posts, the first of which is %s", g.count, g.first)
		} else if g.Path != g.first {
			which = g.first
		}
		out[i] = post.Problem{Path: g.Path, Line: g.Line, Message: fmt.Sprintf(
			"%s: cannot tell whether the blog's engine shows %s; held back from feeds and mail: write the value as a plain literal, or name the posts to publish in content.include", g.Reason, which)}
	}
	return out
}

// unknownMarks are keys by which authors mean to keep a post private, and which no engine knows.
var unknownMarks = []struct {
	key   string
	value bool
}{{"private", true}, {"unlisted", true}, {"hidden", true}, {"publish", false}, {"listed", false}}

// unknownWords are the same for keys whose value is a word. Pelican has a status.
var unknownWords = map[string][]string{
	"status":     {"private", "pending", "trash", "unlisted"},
	"visibility": {"private", "unlisted", "hidden"},
}

// warnOfUnknownMarks warns, once per tree, that such a mark has no effect.
func (p *Page) warnOfUnknownMarks() {
	warn := func(key, value string) {
		p.Problems = append(p.Problems, post.Problem{Path: p.Path, Line: p.Front.LineOf(key), Shared: true,
			Message: fmt.Sprintf("`%s: %s` means nothing to the blog's engine, so such posts are published; write draft: true to keep one back", key, value)})
	}
	for _, mark := range unknownMarks {
		if value, set := p.Front.Bool(mark.key); set && value == mark.value {
			warn(mark.key, fmt.Sprint(mark.value))
		}
	}
	for _, key := range []string{"status", "visibility"} {
		if word := strings.ToLower(p.Front.Scalar(key)); slices.Contains(unknownWords[key], word) {
			warn(key, word)
		}
	}
}

// MergeShared returns the problems with one of each kind that the files of a tree share.
func MergeShared(problems []post.Problem) []post.Problem {
	count := map[string]int{}
	for _, p := range problems {
		if p.Shared {
			count[p.Message]++
		}
	}
	said := map[string]bool{}
	return slices.DeleteFunc(problems, func(p post.Problem) bool {
		if !p.Shared {
			return false
		}
		twice := said[p.Message]
		said[p.Message] = true
		return twice
	})
}

// isIncluded reports whether config.yaml's content.include vouches for a post.
func (b *Blog) isIncluded(rel string) bool { return MatchesAny(b.Include, rel) }

// PathPrefixes returns the folders of a slash-separated path, outermost first, and the path
// itself.
func PathPrefixes(p string) []string {
	var out []string
	for i := range p {
		if p[i] == '/' {
			out = append(out, p[:i])
		}
	}
	return append(out, strings.TrimSuffix(p, "/"))
}

// MatchesAny reports whether one of the globs matches a path, or its last element.
func MatchesAny(patterns []string, rel string) bool {
	for _, pattern := range patterns {
		pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "/"), "/")
		if ok, _ := doublestar.Match(pattern, rel); ok {
			return true
		}
		if !strings.Contains(pattern, "/") {
			if ok, _ := doublestar.Match(pattern, path.Base(rel)); ok {
				return true
			}
		}
	}
	return false
}
