package hugo

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/glob"
	"publisher/content/post"
)

// rules are the settings that decide which files Hugo makes pages of.
type rules struct {
	ignored []glob.Pattern // ignoreFiles, regular expressions over whole paths
	mounts  []mountFilter
	none    *post.Omission // disableKinds has pages in it
	drafts  bool           // buildDrafts
	formats []string       // outputs of pages; nil for Hugo's own
	doubt   *post.Omission // of a setting that is malformed
}

// mountFilter is which files of a mounted folder Hugo sees.
type mountFilter struct {
	source string // from the folder of Hugo's config
	rules  []mountRule
}

type mountRule struct {
	glob.Pattern
	key     string // the setting that holds it
	exclude bool
	folders []glob.Pattern // that lead to what an inclusion names
}

func newRules(h *Engine) rules {
	var r rules
	if h.settings == nil {
		return r
	}
	doubt := func(why string, keys ...string) {
		r.doubt = dialect.PickOmission(r.doubt, h.HeldBy(h.settings, why, keys...))
	}
	ignored, ok := stringList(h.settings.Value("ignorefiles"))
	if !ok {
		doubt("ignoreFiles is not a list of regular expressions", "ignorefiles")
	}
	for _, text := range ignored {
		re, err := regexp.Compile(text)
		if err != nil {
			doubt(fmt.Sprintf("ignoreFiles: %s is not a regular expression", post.Clip(text)), "ignorefiles")
			continue
		}
		r.ignored = append(r.ignored, glob.Pattern{Text: text, Re: re})
	}
	kinds, ok := stringList(h.settings.Value("disablekinds"))
	if !ok {
		doubt("disableKinds is not a list of kinds", "disablekinds")
	}
	if slices.ContainsFunc(kinds, func(kind string) bool { return strings.EqualFold(kind, "page") }) {
		r.none = h.OmittedBy(h.settings, "disableKinds: page", "disablekinds")
	}
	if h.settings.Value("rendersegments") != nil {
		doubt("renderSegments renders a part of the site", "rendersegments")
	}
	if !isCascade(h.settings.Value("cascade")) {
		doubt("cascade is malformed", "cascade")
	}
	r.drafts = h.settings.Scalar("builddrafts") == "true"
	if outputs := h.settings.Value("outputs"); outputs != nil {
		table, isTable := outputs.(map[string]any)
		if r.formats, ok = stringList(table["page"]); !ok || !isTable {
			doubt("outputs is not a table of lists", "outputs", "page")
		}
	}
	if module := h.settings.Value("module"); module != nil {
		mounts, ok := readMounts(module)
		if r.mounts = mounts; !ok {
			doubt("module.mounts is malformed", "module", "mounts")
		}
	}
	return r
}

// stringList returns a list of texts, or of one; ok is false for anything else.
func stringList(v any) (list []string, ok bool) {
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

// readMounts returns the mounts of content; ok is false if one is malformed.
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
			texts, isList := stringList(mount[key])
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
	pattern := text
	if after, not := strings.CutPrefix(text, "! "); not {
		r.exclude, pattern = true, after
	}
	pattern = "/" + strings.TrimPrefix(strings.ToLower(pattern), "/")
	r.Pattern = glob.Hugo(pattern)
	r.Text = text
	if !r.exclude {
		for dir := path.Dir(pattern); dir != "/"; dir = path.Dir(dir) {
			r.folders = append(r.folders, glob.Hugo(dir))
		}
		r.folders = append(r.folders, glob.Hugo("/"))
	}
	return r
}

// refusedBy returns the setting by which a mount hides a file from Hugo, or "". file counts from
// the mounted folder.
func (m mountFilter) refusedBy(file string) string {
	steps := dialect.PathPrefixes(strings.ToLower(file))
	for i, step := range steps {
		if why := m.decide("/"+step, i < len(steps)-1); why != "" {
			return why
		}
	}
	return ""
}

// decide goes through the rules in order: the first match decides.
func (m mountFilter) decide(name string, isFolder bool) string {
	including := ""
	for _, r := range m.rules {
		switch {
		case r.Re.MatchString(name) && r.exclude:
			return r.key + ": " + r.Text
		case r.exclude:
		case r.Re.MatchString(name):
			return ""
		case isFolder && slices.ContainsFunc(r.folders, func(p glob.Pattern) bool { return p.Re.MatchString(name) }):
			return ""
		default:
			including = r.key + " does not name it"
		}
	}
	return including
}

// PathOmission knows backups, and what the settings ignore or do not mount.
func (h *Engine) PathOmission(p string) *post.Omission {
	if h.rules.none != nil {
		return h.rules.none
	}
	at := h.Dir
	for name := range strings.SplitSeq(p, "/") {
		at = filepath.Join(at, name)
		if strings.ContainsRune(".#", rune(name[0])) || strings.HasSuffix(name, "~") {
			return &post.Omission{Reason: "Hugo skips names that begin with . or #, or end with ~", Path: p}
		}
		for _, ignored := range h.rules.ignored {
			if ignored.Re.MatchString(filepath.ToSlash(at)) {
				return h.OmittedBy(h.settings, "ignoreFiles: "+ignored.Text, "ignorefiles")
			}
		}
	}
	return dialect.PickOmission(h.unmounted(p), h.rules.doubt)
}

func (h *Engine) unmounted(p string) *post.Omission {
	if len(h.rules.mounts) == 0 {
		return h.outsideLanguages(p)
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
		refused := m.refusedBy(inner)
		if refused == "" {
			return nil
		}
		key, _, _ := strings.Cut(refused, ":")
		key, _, _ = strings.Cut(key, " ")
		why, keys = "module.mounts."+refused, []string{"module", "mounts", key}
	}
	return h.OmittedBy(h.settings, why, keys...)
}

// outsideLanguages omits files outside the content folders of the languages, if content.dir is
// above one.
func (h *Engine) outsideLanguages(p string) *post.Omission {
	if !h.languages.apart || h.languages.only != "" {
		return nil
	}
	full := path.Join(h.Subdir, p)
	for _, root := range h.languages.roots {
		if root == "" || strings.HasPrefix(full, root+"/") {
			return nil
		}
	}
	return h.OmittedBy(h.settings, "contentDir: outside every language's", "languages", "contentdir")
}

// PageOmission knows what is built without a page of its own, or kept out of lists.
func (h *Engine) PageOmission(p *dialect.Page) *post.Omission {
	doubt := p.FolderOmission
	headless, set := p.Front.Bool("headless")
	switch {
	case headless:
		return p.OmittedBy("headless", "")
	case !set && p.Front.Values["headless"] != nil:
		doubt = dialect.PickOmission(doubt, p.HeldBy("headless", "neither true nor false"))
	}
	if o := h.withoutHTML(p); o != nil {
		return o
	}
	key := "build"
	if p.Front.Has("_build") {
		key = "_build"
	}
	if p.Front.Values[key] == nil {
		return doubt
	}
	build, isTable := p.Front.Values[key].(map[string]any)
	if !isTable {
		return p.HeldBy(key, "not a table of render and list")
	}
	for _, option := range []string{"render", "list"} {
		value, _ := build[option].(string)
		switch value = strings.ToLower(value); value {
		case "always", "true", "1":
		case "link": // it is in lists all the same
		case "never", "false", "0", "local":
			return p.OmittedBy(key, option+": "+value)
		default:
			if build[option] != nil {
				doubt = dialect.PickOmission(doubt, p.HeldBy(key, option+" is not one of always, never, link, local"))
			}
		}
	}
	return doubt
}

// withoutHTML omits pages of which Hugo makes data but no HTML.
func (h *Engine) withoutHTML(p *dialect.Page) *post.Omission {
	own, ok := stringList(p.Front.Values["outputs"])
	isHTML := func(format string) bool { return strings.EqualFold(format, "html") || strings.EqualFold(format, "amp") }
	switch {
	case !ok:
		return p.HeldBy("outputs", "not a list of formats")
	case len(own) > 0 && !slices.ContainsFunc(own, isHTML):
		return p.OmittedBy("outputs", "without html")
	case len(own) == 0 && len(h.rules.formats) > 0 && !slices.ContainsFunc(h.rules.formats, isHTML):
		return h.OmittedBy(h.settings, "outputs.page without html", "outputs", "page")
	}
	return nil
}

// isDraft reports whether a post is a draft. A draft mark outranks `published`, and buildDrafts
// both.
func (h *Engine) isDraft(p *dialect.Page) bool {
	if h.rules.drafts {
		return false
	}
	draft, set := p.Front.Bool("draft")
	if !set {
		published, said := p.Front.Bool("published")
		draft = said && !published
	}
	return draft || p.IsDraftStatus()
}
