package hugo

import (
	"fmt"
	"path"
	"path/filepath"
	"publisher/content/dialect"
	"publisher/content/post"
	"regexp"
	"slices"
	"strings"
)

// hugoRules are the settings that decide which files Hugo makes pages of.
type hugoRules struct {
	ignored []dialect.Glob // ignoreFiles, regular expressions over whole paths
	mounts  []mountFilter
	none    *post.Omission // disableKinds has pages in it
	drafts  bool           // buildDrafts
	formats []string       // outputs of pages; nil for Hugo's own
	doubt   *post.Omission // of a setting that is malformed
}

// mountFilter says which files of a mounted folder Hugo sees.
type mountFilter struct {
	source string // from the folder of Hugo's config
	rules  []mountRule
}

type mountRule struct {
	dialect.Glob
	key     string // the setting that holds it
	exclude bool
	folders []dialect.Glob // that lead to what an inclusion names
}

func newHugoRules(h *Engine) hugoRules {
	var r hugoRules
	if h.own == nil {
		return r
	}
	doubt := func(why string, keys ...string) { r.doubt = dialect.Omitted(r.doubt, h.Doubts(h.own, why, keys...)) }
	ignored, ok := textsOf(h.own.Setting("ignorefiles"))
	if !ok {
		doubt("ignoreFiles is not a list of regular expressions", "ignorefiles")
	}
	for _, text := range ignored {
		re, err := regexp.Compile(text)
		if err != nil {
			doubt(fmt.Sprintf("ignoreFiles: %s is not a regular expression", post.Clip(text)), "ignorefiles")
			continue
		}
		r.ignored = append(r.ignored, dialect.Glob{Text: text, Re: re})
	}
	kinds, ok := textsOf(h.own.Setting("disablekinds"))
	if !ok {
		doubt("disableKinds is not a list of kinds", "disablekinds")
	}
	if slices.ContainsFunc(kinds, func(kind string) bool { return strings.EqualFold(kind, "page") }) {
		r.none = h.Leaves(h.own, "disableKinds: page", "disablekinds")
	}
	if h.own.Setting("rendersegments") != nil {
		doubt("renderSegments renders a part of the site", "rendersegments")
	}
	if !isCascade(h.own.Setting("cascade")) {
		doubt("cascade is malformed", "cascade")
	}
	r.drafts = h.own.Scalar("builddrafts") == "true"
	if outputs := h.own.Setting("outputs"); outputs != nil {
		table, isTable := outputs.(map[string]any)
		if r.formats, ok = textsOf(table["page"]); !ok || !isTable {
			doubt("outputs is not a table of lists", "outputs", "page")
		}
	}
	if module := h.own.Setting("module"); module != nil {
		mounts, ok := readMounts(module)
		if r.mounts = mounts; !ok {
			doubt("module.mounts is malformed", "module", "mounts")
		}
	}
	return r
}

// textsOf is a list of texts, or one; ok is false of anything else.
func textsOf(v any) (list []string, ok bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		return []string{v}, true
	case []any:
		for _, item := range v {
			text, isText := item.(string)
			if !isText {
				return nil, false
			}
			list = append(list, text)
		}
		return list, true
	}
	return nil, false
}

// readMounts takes the mounts that are content; ok is false where one of them does
// not say what it should.
func readMounts(module any) (mounts []mountFilter, ok bool) {
	table, ok := module.(map[string]any)
	if !ok || table["mounts"] == nil {
		return nil, ok
	}
	list, ok := table["mounts"].([]any)
	if !ok {
		return nil, false
	}
	for _, item := range list {
		mount, isTable := item.(map[string]any)
		source, hasSource := mount["source"].(string)
		target, hasTarget := mount["target"].(string)
		if !isTable || !hasSource || !hasTarget {
			return nil, false
		}
		if target = path.Clean(target); target != "content" && !strings.HasPrefix(target, "content/") {
			continue
		}
		m := mountFilter{source: path.Clean(filepath.ToSlash(source))}
		for _, key := range []string{"files", "includefiles", "excludefiles"} {
			texts, isList := textsOf(mount[key])
			if !isList {
				return nil, false
			}
			for _, text := range texts {
				m.rules = append(m.rules, newMountRule(key, text))
			}
		}
		mounts = append(mounts, m)
	}
	return mounts, true
}

func newMountRule(key, text string) mountRule {
	r := mountRule{key: key, exclude: key == "excludefiles"}
	glob := text
	if after, not := strings.CutPrefix(text, "! "); not {
		r.exclude, glob = true, after
	}
	glob = "/" + strings.TrimPrefix(strings.ToLower(glob), "/")
	r.Glob = dialect.HugoGlob(glob)
	r.Text = text
	if !r.exclude {
		for dir := path.Dir(glob); dir != "/"; dir = path.Dir(dir) {
			r.folders = append(r.folders, dialect.HugoGlob(dir))
		}
		r.folders = append(r.folders, dialect.HugoGlob("/"))
	}
	return r
}

// refuses is the setting by which a mount keeps a file from Hugo; "" where it shows
// it. file counts from the mounted folder.
func (m mountFilter) refuses(file string) string {
	steps := dialect.Within(strings.ToLower(file))
	for i, step := range steps {
		if why := m.decide("/"+step, i < len(steps)-1); why != "" {
			return why
		}
	}
	return ""
}

// decide goes through the rules in their order: the first that holds decides.
func (m mountFilter) decide(name string, isFolder bool) string {
	including := ""
	for _, r := range m.rules {
		switch {
		case r.Re.MatchString(name) && r.exclude:
			return r.key + ": " + r.Text
		case r.exclude:
		case r.Re.MatchString(name):
			return ""
		case isFolder && slices.ContainsFunc(r.folders, func(p dialect.Glob) bool { return p.Re.MatchString(name) }):
			return ""
		default:
			including = r.key + " does not name it"
		}
	}
	return including
}

// leavesOut passes over what Hugo does: backups, and what the settings ignore or do
// not mount.
func (h *Engine) LeavesOut(p string) *post.Omission {
	if h.rules.none != nil {
		return h.rules.none
	}
	at := h.Dir
	for name := range strings.SplitSeq(p, "/") {
		at = filepath.Join(at, name)
		if strings.ContainsRune(".#", rune(name[0])) || strings.HasSuffix(name, "~") {
			return &post.Omission{Reason: "Hugo passes over names that begin with . or #, or end with ~", Path: p}
		}
		for _, ignored := range h.rules.ignored {
			if ignored.Re.MatchString(filepath.ToSlash(at)) {
				return h.Leaves(h.own, "ignoreFiles: "+ignored.Text, "ignorefiles")
			}
		}
	}
	return dialect.Omitted(h.unmounted(p), h.rules.doubt)
}

func (h *Engine) unmounted(p string) *post.Omission {
	if len(h.rules.mounts) == 0 {
		return h.outside(p)
	}
	file, err := filepath.Rel(h.Root, filepath.Join(h.Dir, filepath.FromSlash(p)))
	if err != nil {
		return nil
	}
	why := "module.mounts: no content is mounted from there"
	keys := []string{"module", "mounts"}
	for _, m := range h.rules.mounts {
		inner, ok := strings.CutPrefix(filepath.ToSlash(file), m.source+"/")
		if m.source == "." {
			inner, ok = filepath.ToSlash(file), true
		}
		if !ok {
			continue
		}
		refused := m.refuses(inner)
		if refused == "" {
			return nil
		}
		key, _, _ := strings.Cut(refused, ":")
		key, _, _ = strings.Cut(key, " ")
		why, keys = "module.mounts."+refused, []string{"module", "mounts", key}
	}
	return h.Leaves(h.own, why, keys...)
}

// outside knows the content folders of the languages, where content.dir is above one.
func (h *Engine) outside(p string) *post.Omission {
	if !h.languages.apart || h.languages.only != "" {
		return nil
	}
	full := path.Join(h.Below, p)
	for _, root := range h.languages.roots {
		if root == "" || strings.HasPrefix(full, root+"/") {
			return nil
		}
	}
	return h.Leaves(h.own, "contentDir: it is in no language's", "languages", "contentdir")
}

// omits knows what is built without a page of its own, or kept out of lists.
func (h *Engine) Omits(a *dialect.Page) *post.Omission {
	doubt := a.Computed
	headless, set := a.Front.Bool("headless")
	switch {
	case headless:
		return a.Says("headless", "")
	case !set && a.Front.Values["headless"] != nil:
		doubt = dialect.Omitted(doubt, a.Held("headless", "neither true nor false"))
	}
	if o := h.unseen(a); o != nil {
		return o
	}
	key := "build"
	if a.Front.Has("_build") {
		key = "_build"
	}
	if a.Front.Values[key] == nil {
		return doubt
	}
	build, isTable := a.Front.Values[key].(map[string]any)
	if !isTable {
		return a.Held(key, "no table of render and list")
	}
	for _, option := range []string{"render", "list"} {
		value, _ := build[option].(string)
		switch value = strings.ToLower(value); value {
		case "always", "true", "1":
		case "link": // it is in lists all the same
		case "never", "false", "0", "local":
			return a.Says(key, option+": "+value)
		default:
			if build[option] != nil {
				doubt = dialect.Omitted(doubt, a.Held(key, option+" is none of always, never, link and local"))
			}
		}
	}
	return doubt
}

// unseen knows pages of which Hugo makes data but no HTML.
func (h *Engine) unseen(a *dialect.Page) *post.Omission {
	own, ok := textsOf(a.Front.Values["outputs"])
	isHTML := func(format string) bool { return strings.EqualFold(format, "html") || strings.EqualFold(format, "amp") }
	switch {
	case !ok:
		return a.Held("outputs", "not a list of formats")
	case len(own) > 0 && !slices.ContainsFunc(own, isHTML):
		return a.Says("outputs", "without html")
	case len(own) == 0 && len(h.rules.formats) > 0 && !slices.ContainsFunc(h.rules.formats, isHTML):
		return h.Leaves(h.own, "outputs.page without html", "outputs", "page")
	}
	return nil
}

// isDraft knows that a draft mark outranks `published`, and buildDrafts both.
func (h *Engine) isDraft(a *dialect.Page) bool {
	if h.rules.drafts {
		return false
	}
	draft, set := a.Front.Bool("draft")
	if !set {
		published, said := a.Front.Bool("published")
		draft = said && !published
	}
	return draft || a.IsDraftStatus()
}
