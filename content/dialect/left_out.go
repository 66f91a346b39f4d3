package dialect

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"publisher/content/post"
	"publisher/internal/xmltext"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// omission is what the engine says of a file that was read; nil where it shows it.
// A post that is surely left out is not held besides.
func (a *Page) omission() *post.Omission {
	byPath := a.Engine.LeavesOut(a.Path)
	if byPath != nil && !byPath.Held {
		return byPath
	}
	byText := a.Engine.Omits(a)
	if byText != nil && !byText.Held {
		return byText
	}
	return cmp.Or(byPath, byText, a.doubtfulDraft())
}

// doubtfulDraft holds a post whose draft mark nobody can read. `published` may also
// be a date.
func (a *Page) doubtfulDraft() *post.Omission {
	for _, key := range []string{"draft", "published"} {
		if _, set := a.Front.Bool(key); set || a.Front.Values[key] == nil {
			continue
		}
		if _, isDate := a.Engine.ReadDate(&a.Front, key, a.Front.Scalar(key)); key == "draft" || !isDate {
			return a.Held(key, "neither true nor false")
		}
	}
	return nil
}

// says is an omission for which the post's own front matter, or what it inherits,
// is the reason.
func (a *Page) Says(key, why string) *post.Omission {
	return &post.Omission{Reason: whyOf(key, a.Front.Values[key], why), Path: a.Path, Line: a.Front.LineOf(key)}
}

// held is the same where the value leaves it in doubt.
func (a *Page) Held(key, why string) *post.Omission {
	o := a.Says(key, why)
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

// leaves is an omission that a setting of the engine's config says.
func (s *Site) Leaves(own *Settings, reason string, keys ...string) *post.Omission {
	file, line := own.where(keys...)
	o := &post.Omission{Reason: reason, Line: line}
	if rel, err := filepath.Rel(s.Dir, file); err == nil && file != "" {
		o.Path = filepath.ToSlash(rel)
	}
	return o
}

// doubts is an omission of a setting that cannot be known.
func (s *Site) Doubts(own *Settings, reason string, keys ...string) *post.Omission {
	o := s.Leaves(own, reason, keys...)
	o.Held = true
	return o
}

// omitted is the first omission that leaves no doubt, else the first of them.
func Omitted(all ...*post.Omission) *post.Omission {
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

// heldProblems says which settings hold posts: one problem for each setting.
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
			"%s: it is unknown whether the blog's engine shows %s: held back from feeds and mail; write the value out plainly, or name the posts to publish in content.include", g.Reason, which)}
	}
	return out
}

// unknownMarks are keys by which authors mean to keep a post to themselves, and
// which no engine knows.
var unknownMarks = []struct {
	key   string
	value bool
}{{"private", true}, {"unlisted", true}, {"hidden", true}, {"publish", false}, {"listed", false}}

// unknownWords are the same of keys whose value is a word. Pelican has a status.
var unknownWords = map[string][]string{
	"status":     {"private", "pending", "trash", "unlisted"},
	"visibility": {"private", "unlisted", "hidden"},
}

// warnOfUnknownMarks says once of a tree that a mark means nothing.
func (a *Page) warnOfUnknownMarks() {
	warn := func(key, value string) {
		a.Problems = append(a.Problems, post.Problem{Path: a.Path, Line: a.Front.LineOf(key), Shared: true,
			Message: fmt.Sprintf("`%s: %s` means nothing to the blog's engine, so posts with it are published; write draft: true to keep one back", key, value)})
	}
	for _, mark := range unknownMarks {
		if value, set := a.Front.Bool(mark.key); set && value == mark.value {
			warn(mark.key, fmt.Sprint(mark.value))
		}
	}
	for _, key := range []string{"status", "visibility"} {
		if word := strings.ToLower(a.Front.Scalar(key)); slices.Contains(unknownWords[key], word) {
			warn(key, word)
		}
	}
}

// foldShared leaves one problem of those that the files of a tree share.
func FoldShared(problems []post.Problem) []post.Problem {
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

// isIncluded reports that config.yaml's content.include vouches for a post.
func (t *Blog) isIncluded(rel string) bool { return MatchesAny(t.Include, rel) }

// within are the folders of a slash-separated path, the outermost first, and the
// path itself.
func Within(p string) []string {
	var out []string
	for i := range p {
		if p[i] == '/' {
			out = append(out, p[:i])
		}
	}
	return append(out, strings.TrimSuffix(p, "/"))
}

// matchesAny reports that one of the globs takes a path, or the name in it.
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
