package hugo

import (
	"cmp"
	"net/url"
	"path"
	"path/filepath"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"strings"
)

// hugoLanguages are the languages that the settings name, by lower-case tag.
type hugoLanguages struct {
	tables   map[string]map[string]any
	roots    map[string]string // the language's content folder, below the content root
	disabled map[string]bool
	only     string // the language that content.dir is the folder of; "" for none
	first    string // the default one
	inSubdir bool   // it has a folder of its own on the site all the same
	hosts    bool   // each has a base URL of its own
	apart    bool   // each has a content folder of its own
}

func readHugoLanguages(s *dialect.Site, own *dialect.Settings) hugoLanguages {
	l := hugoLanguages{tables: map[string]map[string]any{}, roots: map[string]string{}, disabled: map[string]bool{},
		first: strings.ToLower(own.Scalar("defaultcontentlanguage")), inSubdir: own.Scalar("defaultcontentlanguageinsubdir") == "true"}
	if l.first == "" {
		l.first = "en"
	}
	for _, tag := range frontmatter.Strings(own.Setting("disablelanguages"), frontmatter.SplitSpaces) {
		l.disabled[strings.ToLower(tag)] = true
	}
	for _, m := range own.ContentMounts() {
		if source := filepath.Join(own.Root, filepath.FromSlash(m.Source)); m.Lang != "" && (s.Dir == source || strings.HasPrefix(s.Dir, source+string(filepath.Separator))) {
			l.only = strings.ToLower(m.Lang)
			break
		}
	}
	languages, _ := own.Setting("languages").(map[string]any)
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
		if own.Root != "" && filepath.Join(own.Root, filepath.FromSlash(dir)) == s.Dir && dir != contentFolderOf(own) {
			l.only = tag
		}
		l.roots[tag] = rootOf(s, own, dir)
	}
	l.addMounted(s, own)
	l.apart = len(l.roots) > 0 && len(l.roots) == len(l.tables)
	return l
}

// addMounted takes the folders that are mounted as the content of a language for its
// content folder, where it names none.
func (l *hugoLanguages) addMounted(s *dialect.Site, own *dialect.Settings) {
	if l.only != "" || len(l.tables) < 2 {
		return
	}
	for _, m := range own.ContentMounts() {
		lang := strings.ToLower(cmp.Or(m.Lang, l.first))
		if _, taken := l.roots[lang]; m.Below == "" && !taken {
			l.roots[lang] = rootOf(s, own, m.Source)
		}
	}
}

// rootOf is a language's content folder as posts' paths have it: from the content
// root, or from content.dir where that is above it.
func rootOf(s *dialect.Site, own *dialect.Settings, dir string) string {
	if dir == contentFolderOf(own) {
		return ""
	}
	if below, ok := strings.CutPrefix(dir, contentFolderOf(own)+"/"); ok {
		return below
	}
	rel, err := filepath.Rel(s.Dir, filepath.Join(own.Root, filepath.FromSlash(dir)))
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

func contentFolderOf(own *dialect.Settings) string {
	if own == nil {
		return "content"
	}
	return path.Clean(own.ContentDir)
}

// ofLanguage is a setting that a language has of its own; nil for none.
func (h *Engine) ofLanguage(lang, key string) any { return h.languages.tables[lang][key] }

// findLanguage tells the language by the file's name, else by its folder.
func (h *Engine) findLanguage(a *dialect.Page) {
	if len(h.languages.tables) == 0 && h.languages.only == "" {
		a.Name.Lang = ""
	}
	full := path.Join(h.Below, a.Name.Dir)
	for tag, root := range h.languages.roots {
		if root != "" && len(root) > len(a.Name.Root) && (full == root || strings.HasPrefix(full, root+"/")) {
			a.Name.Root = root
			if !a.Name.InLang {
				a.Name.Lang = tag
			}
		}
	}
	if a.Name.Lang == "" {
		a.Name.Lang = h.languages.only
	}
	if a.Name.Lang == "" && len(h.languages.tables) > 0 {
		a.Name.Lang = h.languages.first
	}
	if tag := h.locale(a.Name.Lang); tag != "" {
		a.Inherit(map[string]any{"lang": tag})
	}
}

// languageOf is the default one where the settings name none.
func (h *Engine) LanguageOf(a *dialect.Page) string {
	if a.Name.Lang == "" {
		return h.languages.first
	}
	return a.Name.Lang
}

func (h *Engine) FirstLanguage() string { return h.languages.first }

// locale is the language's tag where the settings give one beside its key.
func (h *Engine) locale(lang string) string {
	for _, key := range []string{"locale", "languagecode"} {
		if tag, _ := h.ofLanguage(lang, key).(string); tag != "" {
			return tag
		}
		if tag := h.own.Scalar(key); tag != "" && lang == h.languages.first {
			return tag
		}
	}
	return ""
}

// inLanguage puts the language's folder before an address, or its host.
func (h *Engine) InLanguage(a *dialect.Page, where string) string {
	lang := a.Name.Lang
	switch {
	case lang == "" || lang == h.languages.first && (!h.languages.inSubdir || h.languages.hosts):
		return where
	case h.languages.hosts:
		base, _ := h.ofLanguage(lang, "baseurl").(string)
		if u, err := url.Parse(strings.TrimRight(base, "/")); err == nil && u.Host != "" {
			return (&dialect.Site{Url: u}).Absolute(where)
		}
	}
	return "/" + lang + "/" + strings.TrimPrefix(where, "/")
}
