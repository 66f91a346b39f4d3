package jekyll

import (
	"path"
	"slices"
	"strings"
	"sync"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
)

// languages are those of the plugin jekyll-multiple-languages-plugin: posts are in _i18n/LANGUAGE/_posts,
// and all languages but the first have a folder on the site.
type languages struct {
	all       []string // nil if the blog does not use the plugin
	subfolder bool     // the first language has a folder too
	main      string
	pages     bool // _posts is not translated: posts are where they are without the plugin
	texts     sync.Map
}

const (
	languagesFolder = "_i18n"
	languagesPlugin = "jekyll-multiple-languages-plugin"
)

func (e *Engine) readLanguages() {
	plugins := append(frontmatter.Strings(e.own.Value("plugins"), frontmatter.NoSplit), frontmatter.Strings(e.own.Value("gems"), frontmatter.NoSplit)...)
	all := frontmatter.Strings(e.own.Value("languages"), frontmatter.NoSplit)
	if !slices.Contains(plugins, languagesPlugin) || len(all) == 0 {
		return
	}
	l := &e.languages
	l.all, l.main = all, all[0]
	l.subfolder, _ = frontmatter.Bool(e.own.Value("default_locale_in_subfolder"))
	l.pages = slices.Contains(frontmatter.Strings(e.own.Value("exclude_from_localizations"), frontmatter.NoSplit), "_posts")
}

// languageOf returns the language in whose folder a file of the source is, and the file's path in that
// folder.
func (e *Engine) languageOf(file string) (lang, rest string) {
	within, ok := strings.CutPrefix(file, languagesFolder+"/")
	lang, rest, found := strings.Cut(within, "/")
	if ok && found && !e.languages.pages && slices.Contains(e.languages.all, lang) {
		return lang, rest
	}
	return "", file
}

// isUntranslated reports whether a file is in the _posts of the source, which the plugin does not read.
func (e *Engine) isUntranslated(file string) bool {
	return len(e.languages.all) > 0 && !e.languages.pages && strings.HasPrefix(file, "_posts/")
}

// language returns the language of a page, "" for none.
func (e *Engine) language(page *dialect.Page) string {
	lang, _ := e.languageOf(strings.TrimPrefix(path.Join(e.Subdir, page.Path), e.outside))
	return lang
}

// languageRoot returns a language's folder on the site.
func (e *Engine) languageRoot(lang string) string {
	if lang == "" || lang == e.languages.main && !e.languages.subfolder {
		return ""
	}
	return "/" + lang
}

// translated returns the text under a dotted key in a language's file, or else in that of the main language.
func (e *Engine) translated(lang, key string) string {
	for _, l := range []string{lang, e.languages.main} {
		var v any = e.languageTexts(l)
		for part := range strings.SplitSeq(key, ".") {
			v, _ = liquid.Member(v, part)
		}
		if text := liquid.Text(v); text != "" {
			return text
		}
	}
	return ""
}

func (e *Engine) languageTexts(lang string) any {
	if v, ok := e.languages.texts.Load(lang); ok {
		return v
	}
	r := dataReader{site: e.Site, root: e.source(), data: languagesFolder, nodes: maxDataNodes}
	v, _ := r.file(languagesFolder + "/" + lang + ".yml")
	e.languages.texts.Store(lang, v)
	return v
}

// translate evaluates {% t key %}, whose key may be a variable.
func (h host) translate(l *liquid.Evaluator, tag liquid.Tag) (string, bool) {
	e := h.engine
	if len(e.languages.all) == 0 {
		return "", false
	}
	key := l.FirstArgument(tag)
	if v, known := l.Variable(strings.TrimSpace(tag.Arguments)); known && liquid.Text(v) != "" {
		key = liquid.Text(v)
	}
	lang := e.language(h.Page)
	if lang == "" {
		lang = e.languages.main
	}
	if tag.Name == "tf" || tag.Name == "translate_file" {
		for _, folder := range []string{lang, e.languages.main} {
			if text, ok := e.languageFile(h.Page.Site, folder, key); ok {
				return l.Insert(tag, text), true
			}
		}
		return "", false
	}
	return e.translated(lang, key), true
}

func (e *Engine) languageFile(s *dialect.Site, lang, name string) (string, bool) {
	if strings.Contains(name, "..") {
		return "", false
	}
	return s.ReadInclude(e.source(), languagesFolder, lang+"/"+name)
}
