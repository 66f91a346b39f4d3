package jekyll

import (
	"path"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"slices"
	"strings"
	"sync"
)

// jekyllLanguages are the languages of the plug-in jekyll-multiple-languages-plugin: posts stand in
// _i18n/LANGUAGE/_posts, and all but the first language in a folder of its own on the site.
type jekyllLanguages struct {
	all       []string // nil where the plug-in is not there
	subfolder bool     // the first language has a folder too
	main      string
	pages     bool // _posts is not translated: it stands where it does without the plug-in
	texts     sync.Map
}

const (
	languagesFolder = "_i18n"
	languagesPlugin = "jekyll-multiple-languages-plugin"
)

func (j *Engine) readLanguages() {
	plugins := append(frontmatter.Strings(j.own.Setting("plugins"), frontmatter.NoSplit), frontmatter.Strings(j.own.Setting("gems"), frontmatter.NoSplit)...)
	all := frontmatter.Strings(j.own.Setting("languages"), frontmatter.NoSplit)
	if !slices.Contains(plugins, languagesPlugin) || len(all) == 0 {
		return
	}
	l := &j.languages
	l.all, l.main = all, all[0]
	l.subfolder, _ = frontmatter.Bool(j.own.Setting("default_locale_in_subfolder"))
	l.pages = slices.Contains(frontmatter.Strings(j.own.Setting("exclude_from_localizations"), frontmatter.NoSplit), "_posts")
}

// languageOf is the language in whose folder a file stands, from the source, and the file's path from there.
func (j *Engine) languageOf(file string) (lang, rest string) {
	within, ok := strings.CutPrefix(file, languagesFolder+"/")
	lang, rest, found := strings.Cut(within, "/")
	if ok && found && !j.languages.pages && slices.Contains(j.languages.all, lang) {
		return lang, rest
	}
	return "", file
}

// isUntranslated reports that a file stands in the _posts of the source, which the plug-in does not read.
func (j *Engine) isUntranslated(file string) bool {
	return len(j.languages.all) > 0 && !j.languages.pages && strings.HasPrefix(file, "_posts/")
}

// language is an article's, "" for none.
func (j *Engine) language(a *dialect.Page) string {
	lang, _ := j.languageOf(strings.TrimPrefix(path.Join(j.Below, a.Path), j.outside))
	return lang
}

// languageRoot is the folder on the site that a language has.
func (j *Engine) languageRoot(lang string) string {
	if lang == "" || lang == j.languages.main && !j.languages.subfolder {
		return ""
	}
	return "/" + lang
}

// translated is the text of a key with dots in a language's file, or in that of the main language.
func (j *Engine) translated(lang, key string) string {
	for _, l := range []string{lang, j.languages.main} {
		var v any = j.languageTexts(l)
		for part := range strings.SplitSeq(key, ".") {
			v, _ = liquid.Member(v, part)
		}
		if text := liquid.Text(v); text != "" {
			return text
		}
	}
	return ""
}

func (j *Engine) languageTexts(lang string) any {
	if v, ok := j.languages.texts.Load(lang); ok {
		return v
	}
	r := dataReader{site: j.Site, root: j.source(), data: languagesFolder, nodes: maxDataNodes}
	v, _ := r.file(languagesFolder + "/" + lang + ".yml")
	j.languages.texts.Store(lang, v)
	return v
}

// translate is {% t key %}, where the key may be a variable.
func (h jekyllHost) translate(l *liquid.Evaluator, tag liquid.Mark) (string, bool) {
	j := h.engine
	if len(j.languages.all) == 0 {
		return "", false
	}
	key := l.NameIn(tag)
	if v, known := l.Variable(strings.TrimSpace(tag.Arguments)); known && liquid.Text(v) != "" {
		key = liquid.Text(v)
	}
	lang := j.language(h.Article)
	if lang == "" {
		lang = j.languages.main
	}
	if tag.Name == "tf" || tag.Name == "translate_file" {
		for _, folder := range []string{lang, j.languages.main} {
			if text, ok := j.languageFile(h.Article.Site, folder, key); ok {
				return l.Insert(tag, text), true
			}
		}
		return "", false
	}
	return j.translated(lang, key), true
}

func (j *Engine) languageFile(s *dialect.Site, lang, name string) (string, bool) {
	if strings.Contains(name, "..") {
		return "", false
	}
	return s.ReadInclude(j.source(), languagesFolder, lang+"/"+name)
}
