package content

import (
	"cmp"
	"net/url"
	"path"
	"path/filepath"
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

func readHugoLanguages(s *site, own *ownConfig) hugoLanguages {
	l := hugoLanguages{tables: map[string]map[string]any{}, roots: map[string]string{}, disabled: map[string]bool{},
		first: strings.ToLower(own.scalar("defaultcontentlanguage")), inSubdir: own.scalar("defaultcontentlanguageinsubdir") == "true"}
	if l.first == "" {
		l.first = "en"
	}
	for _, tag := range listOf(own.setting("disablelanguages"), bySpace) {
		l.disabled[strings.ToLower(tag)] = true
	}
	for _, m := range own.contentMounts() {
		if source := filepath.Join(own.root, filepath.FromSlash(m.source)); m.lang != "" && (s.dir == source || strings.HasPrefix(s.dir, source+string(filepath.Separator))) {
			l.only = strings.ToLower(m.lang)
			break
		}
	}
	languages, _ := own.setting("languages").(map[string]any)
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
		if own.root != "" && filepath.Join(own.root, filepath.FromSlash(dir)) == s.dir && dir != contentFolderOf(own) {
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
func (l *hugoLanguages) addMounted(s *site, own *ownConfig) {
	if l.only != "" || len(l.tables) < 2 {
		return
	}
	for _, m := range own.contentMounts() {
		lang := strings.ToLower(cmp.Or(m.lang, l.first))
		if _, taken := l.roots[lang]; m.below == "" && !taken {
			l.roots[lang] = rootOf(s, own, m.source)
		}
	}
}

// rootOf is a language's content folder as posts' paths have it: from the content
// root, or from content.dir where that is above it.
func rootOf(s *site, own *ownConfig, dir string) string {
	if dir == contentFolderOf(own) {
		return ""
	}
	if below, ok := strings.CutPrefix(dir, contentFolderOf(own)+"/"); ok {
		return below
	}
	rel, err := filepath.Rel(s.dir, filepath.Join(own.root, filepath.FromSlash(dir)))
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

func contentFolderOf(own *ownConfig) string {
	if own == nil {
		return "content"
	}
	return path.Clean(own.contentDir)
}

// ofLanguage is a setting that a language has of its own; nil for none.
func (h *hugo) ofLanguage(lang, key string) any { return h.languages.tables[lang][key] }

// findLanguage tells the language by the file's name, else by its folder.
func (h *hugo) findLanguage(a *article) {
	if len(h.languages.tables) == 0 && h.languages.only == "" {
		a.name.lang = ""
	}
	full := path.Join(h.below, a.name.dir)
	for tag, root := range h.languages.roots {
		if root != "" && len(root) > len(a.name.root) && (full == root || strings.HasPrefix(full, root+"/")) {
			a.name.root = root
			if !a.name.inLang {
				a.name.lang = tag
			}
		}
	}
	if a.name.lang == "" {
		a.name.lang = h.languages.only
	}
	if a.name.lang == "" && len(h.languages.tables) > 0 {
		a.name.lang = h.languages.first
	}
	if tag := h.locale(a.name.lang); tag != "" {
		a.inherit(map[string]any{"lang": tag})
	}
}

// languageOf is the default one where the settings name none.
func (h *hugo) languageOf(a *article) string {
	if a.name.lang == "" {
		return h.languages.first
	}
	return a.name.lang
}

func (h *hugo) firstLanguage() string { return h.languages.first }

// locale is the language's tag where the settings give one beside its key.
func (h *hugo) locale(lang string) string {
	for _, key := range []string{"locale", "languagecode"} {
		if tag, _ := h.ofLanguage(lang, key).(string); tag != "" {
			return tag
		}
		if tag := h.own.scalar(key); tag != "" && lang == h.languages.first {
			return tag
		}
	}
	return ""
}

// inLanguage puts the language's folder before an address, or its host.
func (h *hugo) inLanguage(a *article, where string) string {
	lang := a.name.lang
	switch {
	case lang == "" || lang == h.languages.first && (!h.languages.inSubdir || h.languages.hosts):
		return where
	case h.languages.hosts:
		base, _ := h.ofLanguage(lang, "baseurl").(string)
		if u, err := url.Parse(strings.TrimRight(base, "/")); err == nil && u.Host != "" {
			return (&site{url: u}).absolute(where)
		}
	}
	return "/" + lang + "/" + strings.TrimPrefix(where, "/")
}
