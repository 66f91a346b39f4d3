package hugo

import (
	"cmp"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
)

// languages are those that the settings name, by lower-case tag.
type languages struct {
	tables   map[string]map[string]any
	roots    map[string]string // the language's content folder, below the content root
	disabled map[string]bool
	only     string // the language that content.dir is the folder of; "" for none
	first    string // the default one
	inSubdir bool   // it has a folder of its own on the site all the same
	hosts    bool   // each has a base URL of its own
	apart    bool   // each has a content folder of its own
}

func readLanguages(s *dialect.Site, settings *dialect.Settings) languages {
	l := languages{tables: map[string]map[string]any{}, roots: map[string]string{}, disabled: map[string]bool{},
		first: strings.ToLower(settings.Scalar("defaultcontentlanguage")), inSubdir: settings.Scalar("defaultcontentlanguageinsubdir") == "true"}
	if l.first == "" {
		l.first = "en"
	}
	for _, tag := range frontmatter.Strings(settings.Value("disablelanguages"), frontmatter.SplitSpaces) {
		l.disabled[strings.ToLower(tag)] = true
	}
	for _, m := range settings.ContentMounts() {
		if source := filepath.Join(settings.Root, filepath.FromSlash(m.Source)); m.Lang != "" && (s.Dir == source || strings.HasPrefix(s.Dir, source+string(filepath.Separator))) {
			l.only = strings.ToLower(m.Lang)
			break
		}
	}
	languages, _ := settings.Value("languages").(map[string]any)
	for tag, v := range languages {
		table, _ := v.(map[string]any)
		l.tables[tag] = table
		if disabled, _ := table["disabled"].(string); disabled == "true" {
			l.disabled[tag] = true
		}
		if base, _ := table["baseurl"].(string); base != "" {
			l.hosts = true
		}
		dir, ok := table["contentdir"].(string)
		if !ok {
			continue
		}
		dir = path.Clean(dir)
		if settings.Root != "" && filepath.Join(settings.Root, filepath.FromSlash(dir)) == s.Dir && dir != contentFolderOf(settings) {
			l.only = tag
		}
		l.roots[tag] = rootOf(s, settings, dir)
	}
	l.addMounted(s, settings)
	l.apart = len(l.roots) > 0 && len(l.roots) == len(l.tables)
	return l
}

// addMounted takes the folder mounted as a language's content for its content folder, if the
// language names none.
func (l *languages) addMounted(s *dialect.Site, settings *dialect.Settings) {
	if l.only != "" || len(l.tables) < 2 {
		return
	}
	for _, m := range settings.ContentMounts() {
		lang := strings.ToLower(cmp.Or(m.Lang, l.first))
		if _, taken := l.roots[lang]; m.Target == "" && !taken {
			l.roots[lang] = rootOf(s, settings, m.Source)
		}
	}
}

// rootOf returns a language's content folder as posts' paths have it: from the content root, or
// from content.dir if that is above it.
func rootOf(s *dialect.Site, settings *dialect.Settings, dir string) string {
	if dir == contentFolderOf(settings) {
		return ""
	}
	if below, ok := strings.CutPrefix(dir, contentFolderOf(settings)+"/"); ok {
		return below
	}
	rel, err := filepath.Rel(s.Dir, filepath.Join(settings.Root, filepath.FromSlash(dir)))
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

func contentFolderOf(settings *dialect.Settings) string {
	if settings == nil {
		return "content"
	}
	return path.Clean(settings.ContentDir)
}

// languageSetting returns a setting of one language, or nil.
func (h *Engine) languageSetting(lang, key string) any { return h.languages.tables[lang][key] }

// findLanguage sets the page's language by the file's name, else by its folder.
func (h *Engine) findLanguage(p *dialect.Page) {
	if len(h.languages.tables) == 0 && h.languages.only == "" {
		p.Name.Lang = ""
	}
	full := path.Join(h.Subdir, p.Name.Dir)
	for tag, root := range h.languages.roots {
		if root != "" && len(root) > len(p.Name.LangFolder) && (full == root || strings.HasPrefix(full, root+"/")) {
			p.Name.LangFolder = root
			if !p.Name.LangInName {
				p.Name.Lang = tag
			}
		}
	}
	if p.Name.Lang == "" {
		p.Name.Lang = h.languages.only
	}
	if p.Name.Lang == "" && len(h.languages.tables) > 0 {
		p.Name.Lang = h.languages.first
	}
	if tag := h.locale(p.Name.Lang); tag != "" {
		p.Inherit(map[string]any{"lang": tag})
	}
}

// LanguageOf implements [shortcode.Host].
func (h *Engine) LanguageOf(p *dialect.Page) string {
	if p.Name.Lang == "" {
		return h.languages.first
	}
	return p.Name.Lang
}

// FirstLanguage implements [shortcode.Host].
func (h *Engine) FirstLanguage() string { return h.languages.first }

// locale returns the tag that the settings give a language beside its key.
func (h *Engine) locale(lang string) string {
	for _, key := range []string{"locale", "languagecode"} {
		if tag, _ := h.languageSetting(lang, key).(string); tag != "" {
			return tag
		}
		if tag := h.settings.Scalar(key); tag != "" && lang == h.languages.first {
			return tag
		}
	}
	return ""
}

// InLanguage implements [shortcode.Host].
func (h *Engine) InLanguage(p *dialect.Page, where string) string {
	lang := p.Name.Lang
	switch {
	case lang == "" || lang == h.languages.first && (!h.languages.inSubdir || h.languages.hosts):
		return where
	case h.languages.hosts:
		base, _ := h.languageSetting(lang, "baseurl").(string)
		if u, err := url.Parse(strings.TrimRight(base, "/")); err == nil && u.Host != "" {
			return (&dialect.Site{URL: u}).Absolute(where)
		}
	}
	return "/" + lang + "/" + strings.TrimPrefix(where, "/")
}
