package content

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// hugoRules are the settings that decide which files Hugo makes pages of.
type hugoRules struct {
	ignored []pattern // ignoreFiles, regular expressions over whole paths
	mounts  []mountFilter
	none    *Omission // disableKinds has pages in it
	drafts  bool      // buildDrafts
	formats []string  // outputs of pages; nil for Hugo's own
	doubt   *Omission // of a setting that is malformed
}

// mountFilter says which files of a mounted folder Hugo sees.
type mountFilter struct {
	source string // from the folder of Hugo's config
	rules  []mountRule
}

type mountRule struct {
	pattern
	key     string // the setting that holds it
	exclude bool
	folders []pattern // that lead to what an inclusion names
}

func newHugoRules(h *hugo) hugoRules {
	var r hugoRules
	if h.own == nil {
		return r
	}
	doubt := func(why string, keys ...string) { r.doubt = omitted(r.doubt, h.doubts(h.own, why, keys...)) }
	ignored, ok := textsOf(h.own.setting("ignorefiles"))
	if !ok {
		doubt("ignoreFiles is not a list of regular expressions", "ignorefiles")
	}
	for _, text := range ignored {
		re, err := regexp.Compile(text)
		if err != nil {
			doubt(fmt.Sprintf("ignoreFiles: %s is not a regular expression", clip(text)), "ignorefiles")
			continue
		}
		r.ignored = append(r.ignored, pattern{text: text, re: re})
	}
	kinds, ok := textsOf(h.own.setting("disablekinds"))
	if !ok {
		doubt("disableKinds is not a list of kinds", "disablekinds")
	}
	if slices.ContainsFunc(kinds, func(kind string) bool { return strings.EqualFold(kind, "page") }) {
		r.none = h.leaves(h.own, "disableKinds: page", "disablekinds")
	}
	if h.own.setting("rendersegments") != nil {
		doubt("renderSegments renders a part of the site", "rendersegments")
	}
	if !isCascade(h.own.setting("cascade")) {
		doubt("cascade is malformed", "cascade")
	}
	r.drafts = h.own.scalar("builddrafts") == "true"
	if outputs := h.own.setting("outputs"); outputs != nil {
		table, isTable := outputs.(map[string]any)
		if r.formats, ok = textsOf(table["page"]); !ok || !isTable {
			doubt("outputs is not a table of lists", "outputs", "page")
		}
	}
	if module := h.own.setting("module"); module != nil {
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
	r.pattern = hugoGlob(glob)
	r.text = text
	if !r.exclude {
		for dir := path.Dir(glob); dir != "/"; dir = path.Dir(dir) {
			r.folders = append(r.folders, hugoGlob(dir))
		}
		r.folders = append(r.folders, hugoGlob("/"))
	}
	return r
}

// refuses is the setting by which a mount keeps a file from Hugo; "" where it shows
// it. file counts from the mounted folder.
func (m mountFilter) refuses(file string) string {
	steps := within(strings.ToLower(file))
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
		case r.re.MatchString(name) && r.exclude:
			return r.key + ": " + r.text
		case r.exclude:
		case r.re.MatchString(name):
			return ""
		case isFolder && slices.ContainsFunc(r.folders, func(p pattern) bool { return p.re.MatchString(name) }):
			return ""
		default:
			including = r.key + " does not name it"
		}
	}
	return including
}

// leavesOut passes over what Hugo does: backups, and what the settings ignore or do
// not mount.
func (h *hugo) leavesOut(p string) *Omission {
	if h.rules.none != nil {
		return h.rules.none
	}
	at := h.dir
	for name := range strings.SplitSeq(p, "/") {
		at = filepath.Join(at, name)
		if strings.ContainsRune(".#", rune(name[0])) || strings.HasSuffix(name, "~") {
			return &Omission{Reason: "Hugo passes over names that begin with . or #, or end with ~", Path: p}
		}
		for _, ignored := range h.rules.ignored {
			if ignored.re.MatchString(filepath.ToSlash(at)) {
				return h.leaves(h.own, "ignoreFiles: "+ignored.text, "ignorefiles")
			}
		}
	}
	return omitted(h.unmounted(p), h.rules.doubt)
}

func (h *hugo) unmounted(p string) *Omission {
	if len(h.rules.mounts) == 0 {
		return h.outside(p)
	}
	file, err := filepath.Rel(h.root, filepath.Join(h.dir, filepath.FromSlash(p)))
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
	return h.leaves(h.own, why, keys...)
}

// outside knows the content folders of the languages, where content.dir is above one.
func (h *hugo) outside(p string) *Omission {
	if !h.languages.apart || h.languages.only != "" {
		return nil
	}
	full := path.Join(h.below, p)
	for _, root := range h.languages.roots {
		if root == "" || strings.HasPrefix(full, root+"/") {
			return nil
		}
	}
	return h.leaves(h.own, "contentDir: it is in no language's", "languages", "contentdir")
}

// omits knows what is built without a page of its own, or kept out of lists.
func (h *hugo) omits(a *article) *Omission {
	doubt := a.computed
	headless, set := a.front.truth("headless")
	switch {
	case headless:
		return a.says("headless", "")
	case !set && a.front.values["headless"] != nil:
		doubt = omitted(doubt, a.held("headless", "neither true nor false"))
	}
	if o := h.unseen(a); o != nil {
		return o
	}
	key := "build"
	if a.front.has("_build") {
		key = "_build"
	}
	if a.front.values[key] == nil {
		return doubt
	}
	build, isTable := a.front.values[key].(map[string]any)
	if !isTable {
		return a.held(key, "no table of render and list")
	}
	for _, option := range []string{"render", "list"} {
		value, _ := build[option].(string)
		switch value = strings.ToLower(value); value {
		case "always", "true", "1":
		case "link": // it is in lists all the same
		case "never", "false", "0", "local":
			return a.says(key, option+": "+value)
		default:
			if build[option] != nil {
				doubt = omitted(doubt, a.held(key, option+" is none of always, never, link and local"))
			}
		}
	}
	return doubt
}

// unseen knows pages of which Hugo makes data but no HTML.
func (h *hugo) unseen(a *article) *Omission {
	own, ok := textsOf(a.front.values["outputs"])
	isHTML := func(format string) bool { return strings.EqualFold(format, "html") || strings.EqualFold(format, "amp") }
	switch {
	case !ok:
		return a.held("outputs", "not a list of formats")
	case len(own) > 0 && !slices.ContainsFunc(own, isHTML):
		return a.says("outputs", "without html")
	case len(own) == 0 && len(h.rules.formats) > 0 && !slices.ContainsFunc(h.rules.formats, isHTML):
		return h.leaves(h.own, "outputs.page without html", "outputs", "page")
	}
	return nil
}

// isDraft knows that a draft mark outranks `published`, and buildDrafts both.
func (h *hugo) isDraft(a *article) bool {
	if h.rules.drafts {
		return false
	}
	draft, set := a.front.truth("draft")
	if !set {
		published, said := a.front.truth("published")
		draft = said && !published
	}
	return draft || a.isDraftStatus()
}
