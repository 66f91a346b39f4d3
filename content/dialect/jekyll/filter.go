package jekyll

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/post"
	"slices"
	"strconv"
	"strings"
)

// jekyllRules are the settings that decide which files Jekyll shows.
type jekyllRules struct {
	exclude, include []dialect.Glob
	limit            int            // limit_posts; 0 for none
	unpublished      bool           // posts with published: false are shown
	drafts           bool           // _drafts are
	doubt            *post.Omission // of a setting that is malformed
}

// jekyllExcludes are what Jekyll leaves out besides.
var jekyllExcludes = []string{".sass-cache", ".jekyll-cache", "gemfiles", "Gemfile", "Gemfile.lock", "node_modules",
	"vendor/bundle/", "vendor/cache/", "vendor/gems/", "vendor/ruby/"}

func newJekyllRules(j *Engine) jekyllRules {
	var r jekyllRules
	doubt := func(key, why string) { r.doubt = dialect.Omitted(r.doubt, j.Doubts(j.own, key+" is "+why, key)) }
	paths := func(key string) []string {
		switch v := j.own.Setting(key).(type) {
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
		on, set := frontmatter.Bool(j.own.Setting(key))
		if !set && j.own.Setting(key) != nil {
			doubt(key, "neither true nor false")
		}
		return on
	}
	include := paths("include")
	for _, text := range append(paths("exclude"), jekyllExcludes...) {
		if !slices.Contains(include, text) {
			r.exclude = append(r.exclude, dialect.Fnmatch(text))
		}
	}
	for _, text := range include {
		r.include = append(r.include, dialect.Fnmatch(text))
	}
	if !areDefaults(j.own.Setting("defaults")) && bytes.Contains(j.own.Text, []byte("published")) {
		doubt("defaults", "malformed")
	}
	r.unpublished, r.drafts = flag("unpublished"), flag("show_drafts")
	if v := j.own.Setting("limit_posts"); v != nil {
		text, _ := v.(string)
		n, err := strconv.Atoi(text)
		if r.limit = max(n, 0); err != nil || n < 0 {
			doubt("limit_posts", "not a number of posts")
		}
	}
	return r
}

// areDefaults reports that defaults are a list of scopes with values.
func areDefaults(v any) bool {
	list, ok := v.([]any)
	return v == nil || ok && !slices.ContainsFunc(list, func(item any) bool {
		set, _ := item.(map[string]any)
		_, hasValues := set["values"].(map[string]any)
		_, hasScope := set["scope"].(map[string]any)
		return !hasValues || !hasScope
	})
}

// leavesOut passes a file through Jekyll's filter: each folder down to _posts by its
// path, then the file by its path below that.
func (j *Engine) LeavesOut(file string) *post.Omission {
	lang, full := j.languageOf(strings.TrimPrefix(path.Join(j.Below, file), j.outside))
	if lang != "" && len(j.rules.exclude) > 0 {
		if p := anyGlob(j.rules.exclude, languagesFolder+"/"+lang+"/"+full); p != nil {
			return j.Leaves(j.own, "exclude: "+p.Text, "exclude", p.Text)
		}
	}
	folders := strings.Split(full, "/")
	at := slices.IndexFunc(folders, func(f string) bool { return f == "_posts" || f == "_drafts" })
	for i := range max(at, 0) {
		if path.Join(folders[:i+1]...)+"/" == j.collections {
			continue
		}
		if o := j.filtered(strings.Join(folders[:i], "/"), folders[i]); o != nil {
			return o
		}
	}
	base, entry := strings.Join(folders[:at+1], "/"), strings.Join(folders[at+1:], "/")
	if at < 0 { // content.dir is a _posts folder of a blog that has no config
		base, entry = "", file
	}
	return dialect.Omitted(j.filtered(base, entry), j.rules.doubt)
}

// filtered says why Jekyll's filter rejects an entry of a folder; nil where it does not.
func (j *Engine) filtered(folder, entry string) *post.Omission {
	included := anyGlob(j.rules.include, entry) != nil || anyGlob(j.rules.include, path.Base(entry)) != nil
	if included {
		return nil
	}
	if p := anyGlob(j.rules.exclude, path.Join(folder, entry)); p != nil {
		return j.Leaves(j.own, "exclude: "+p.Text, "exclude", p.Text)
	}
	if strings.ContainsRune("._#~", rune(entry[0])) || strings.ContainsRune("._#~", rune(path.Base(entry)[0])) || strings.HasSuffix(entry, "~") {
		return &post.Omission{Reason: "Jekyll passes over names that begin with . _ # or ~", Path: path.Join(".", entry)}
	}
	return nil
}

// anyGlob is the pattern that a path matches, or begins with, as Jekyll compares
// them: both from the source.
func anyGlob(patterns []dialect.Glob, file string) *dialect.Glob {
	for i, p := range patterns {
		if text := strings.TrimPrefix(p.Text, "/"); p.Re.MatchString(file) || strings.HasPrefix(file, text) || text == file+"/" {
			return &patterns[i]
		}
	}
	return nil
}

// omits knows that a key without a value counts as false in Ruby.
func (j *Engine) Omits(a *dialect.Page) *post.Omission {
	if a.Front.Has("published") && a.Front.Values["published"] == nil && !j.rules.unpublished {
		return a.Says("published", "without a value")
	}
	return nil
}

// isDraft knows the settings by which Jekyll publishes what others would not.
func (j *Engine) isDraft(a *dialect.Page) bool {
	if slices.Contains(strings.Split(a.Name.Dir, "/"), "_drafts") && !j.rules.drafts {
		return true
	}
	draft, _ := a.Front.Bool("draft")
	published, set := a.Front.Bool("published")
	return draft || set && !published && !j.rules.unpublished || a.IsDraftStatus()
}

// limit leaves out what is older than the posts that limit_posts lets through.
func (j *Engine) Limit(posts []*post.Post) ([]*post.Post, []post.LeftOut) {
	var shown []*post.Post
	for _, p := range posts {
		if !p.Draft {
			shown = append(shown, p)
		}
	}
	if j.rules.limit == 0 || len(shown) <= j.rules.limit {
		return posts, nil
	}
	slices.SortStableFunc(shown, func(a, b *post.Post) int { return b.Date.Compare(a.Date) })
	o := j.Leaves(j.own, fmt.Sprintf("limit_posts: %d", j.rules.limit), "limit_posts")
	old := map[*post.Post]bool{}
	var leftOut []post.LeftOut
	for _, p := range shown[j.rules.limit:] {
		old[p] = true
		leftOut = append(leftOut, post.LeftOut{Path: p.Path, Omission: *o})
	}
	return slices.DeleteFunc(posts, func(p *post.Post) bool { return old[p] }), leftOut
}

// copies is about the source folder, of which Jekyll copies all that its filter lets
// through.
func (j *Engine) Copies(file string) string {
	rel, err := filepath.Rel(j.source(), file)
	if err != nil || !filepath.IsLocal(rel) || rel == "." {
		return ""
	}
	folder := ""
	for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		if j.filtered(folder, part) != nil {
			return ""
		}
		folder = path.Join(folder, part)
	}
	return fmt.Sprintf("Jekyll copies it into the site; add %s to exclude in _config.yml", filepath.ToSlash(rel))
}
