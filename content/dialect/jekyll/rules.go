package jekyll

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/glob"
	"publisher/content/post"
)

// rules are the settings that decide which files Jekyll publishes.
type rules struct {
	exclude, include []glob.Pattern
	limit            int            // limit_posts; 0 for none
	unpublished      bool           // posts with published: false are published
	drafts           bool           // posts in _drafts are published
	doubt            *post.Omission // about a malformed setting
}

// defaultExcludes are what Jekyll also excludes.
var defaultExcludes = []string{".sass-cache", ".jekyll-cache", "gemfiles", "Gemfile", "Gemfile.lock", "node_modules",
	"vendor/bundle/", "vendor/cache/", "vendor/gems/", "vendor/ruby/"}

func newRules(e *Engine) rules {
	var r rules
	doubt := func(key, why string) { r.doubt = dialect.PickOmission(r.doubt, e.HeldBy(e.own, key+" is "+why, key)) }
	paths := func(key string) []string {
		switch v := e.own.Value(key).(type) {
		case nil:
			return nil
		case []any:
			if !slices.ContainsFunc(v, func(item any) bool { _, ok := item.(string); return !ok }) {
				return frontmatter.Strings(v, frontmatter.NoSplit)
			}
		}
		doubt(key, "not a list of paths")
		return nil
	}
	flag := func(key string) bool {
		on, set := frontmatter.Bool(e.own.Value(key))
		if !set && e.own.Value(key) != nil {
			doubt(key, "neither true nor false")
		}
		return on
	}
	include := paths("include")
	for _, text := range append(paths("exclude"), defaultExcludes...) {
		if !slices.Contains(include, text) {
			r.exclude = append(r.exclude, glob.Fnmatch(text))
		}
	}
	for _, text := range include {
		r.include = append(r.include, glob.Fnmatch(text))
	}
	if !areDefaults(e.own.Value("defaults")) && bytes.Contains(e.own.Text, []byte("published")) {
		doubt("defaults", "malformed")
	}
	r.unpublished, r.drafts = flag("unpublished"), flag("show_drafts")
	if v := e.own.Value("limit_posts"); v != nil {
		text, _ := v.(string)
		n, err := strconv.Atoi(text)
		if r.limit = max(n, 0); err != nil || n < 0 {
			doubt("limit_posts", "not a number of posts")
		}
	}
	return r
}

// areDefaults reports whether a setting is a list of scopes with values.
func areDefaults(v any) bool {
	list, ok := v.([]any)
	return v == nil || ok && !slices.ContainsFunc(list, func(item any) bool {
		set, _ := item.(map[string]any)
		_, hasValues := set["values"].(map[string]any)
		_, hasScope := set["scope"].(map[string]any)
		return !hasValues || !hasScope
	})
}

// PathOmission applies Jekyll's filter to a file: first to the path of each folder down to _posts, then to the
// file's path below that.
func (e *Engine) PathOmission(file string) *post.Omission {
	lang, full := e.languageOf(strings.TrimPrefix(path.Join(e.Subdir, file), e.outside))
	if lang != "" && len(e.rules.exclude) > 0 {
		if p := anyGlob(e.rules.exclude, languagesFolder+"/"+lang+"/"+full); p != nil {
			return e.OmittedBy(e.own, "exclude: "+p.Text, "exclude", p.Text)
		}
	}
	folders := strings.Split(full, "/")
	at := slices.IndexFunc(folders, func(f string) bool { return f == "_posts" || f == "_drafts" })
	for i := range max(at, 0) {
		if path.Join(folders[:i+1]...)+"/" == e.collections {
			continue
		}
		if o := e.filtered(strings.Join(folders[:i], "/"), folders[i]); o != nil {
			return o
		}
	}
	base, entry := strings.Join(folders[:at+1], "/"), strings.Join(folders[at+1:], "/")
	if at < 0 { // content.dir is a _posts folder of a blog that has no config
		base, entry = "", file
	}
	return dialect.PickOmission(e.filtered(base, entry), e.rules.doubt)
}

// filtered returns why Jekyll's filter rejects an entry of a folder; nil if it does not.
func (e *Engine) filtered(folder, entry string) *post.Omission {
	included := anyGlob(e.rules.include, entry) != nil || anyGlob(e.rules.include, path.Base(entry)) != nil
	if included {
		return nil
	}
	if p := anyGlob(e.rules.exclude, path.Join(folder, entry)); p != nil {
		return e.OmittedBy(e.own, "exclude: "+p.Text, "exclude", p.Text)
	}
	if strings.ContainsRune("._#~", rune(entry[0])) || strings.ContainsRune("._#~", rune(path.Base(entry)[0])) || strings.HasSuffix(entry, "~") {
		return &post.Omission{Reason: "Jekyll skips names that begin with . _ # or ~", Path: path.Join(".", entry)}
	}
	return nil
}

// anyGlob returns the pattern that a path matches or begins with, both relative to the source as in Jekyll.
func anyGlob(patterns []glob.Pattern, file string) *glob.Pattern {
	for i, p := range patterns {
		if text := strings.TrimPrefix(p.Text, "/"); p.Re.MatchString(file) || strings.HasPrefix(file, text) || text == file+"/" {
			return &patterns[i]
		}
	}
	return nil
}

// PageOmission reports a post whose published has no value, which counts as false in Ruby.
func (e *Engine) PageOmission(page *dialect.Page) *post.Omission {
	if page.Front.Has("published") && page.Front.Values["published"] == nil && !e.rules.unpublished {
		return page.OmittedBy("published", "without a value")
	}
	return nil
}

// isDraft reports whether a post is a draft, with the settings by which Jekyll publishes drafts.
func (e *Engine) isDraft(page *dialect.Page) bool {
	if inDrafts(page) && !e.rules.drafts {
		return true
	}
	draft, _ := page.Front.Bool("draft")
	published, set := page.Front.Bool("published")
	return draft || set && !published && !e.rules.unpublished || page.IsDraftStatus()
}

// LimitPosts omits the posts beyond the newest ones that limit_posts allows.
func (e *Engine) LimitPosts(posts []*post.Post) ([]*post.Post, []post.LeftOut) {
	var shown []*post.Post
	for _, p := range posts {
		if !p.Draft {
			shown = append(shown, p)
		}
	}
	if e.rules.limit == 0 || len(shown) <= e.rules.limit {
		return posts, nil
	}
	slices.SortStableFunc(shown, func(a, b *post.Post) int { return b.Date.Compare(a.Date) })
	o := e.OmittedBy(e.own, fmt.Sprintf("limit_posts: %d", e.rules.limit), "limit_posts")
	old := map[*post.Post]bool{}
	var leftOut []post.LeftOut
	for _, p := range shown[e.rules.limit:] {
		old[p] = true
		leftOut = append(leftOut, post.LeftOut{Path: p.Path, Omission: *o})
	}
	return slices.DeleteFunc(posts, func(p *post.Post) bool { return old[p] }), leftOut
}

// CopyNotice returns how to exclude a file that Jekyll copies into the site, which it does with everything in
// the source folder that passes its filter; "" for other files.
func (e *Engine) CopyNotice(file string) string {
	rel, err := filepath.Rel(e.source(), file)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	folder := ""
	for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		if e.filtered(folder, part) != nil {
			return ""
		}
		folder = path.Join(folder, part)
	}
	return fmt.Sprintf("Jekyll copies it into the site; add %s to exclude in _config.yml", filepath.ToSlash(rel))
}
