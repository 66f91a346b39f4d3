package hugo

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/dialect/hugo/shortcode"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
)

// templateReader reads the blog's templates into its library.
type templateReader struct {
	*folders
	root string // the blog's folder
}

// readTemplates reads the templates of the blog, then those of its themes.
func readTemplates(s *folders, settings *dialect.Settings) {
	if settings == nil {
		return
	}
	s.library = shortcode.NewLibrary()
	r := templateReader{s, settings.Root}
	layouts := []string{dialect.LocalFolder(settings.Scalar("layoutdir"), "layouts")}
	for _, theme := range frontmatter.Strings(settings.Value("theme"), frontmatter.NoSplit) {
		if filepath.IsLocal(theme) {
			layouts = append(layouts, path.Join(dialect.LocalFolder(settings.Scalar("themesdir"), "themes"), theme, "layouts"))
		}
	}
	for _, folder := range layouts {
		r.readShortcodes(path.Join(folder, "_shortcodes"))
		r.readShortcodes(path.Join(folder, "shortcodes"))
		r.readHooks(folder)
	}
	r.readHelpers(layouts)
}

// hasThemes reports whether all of the blog's templates are here: those of each theme, and none
// that Hugo would fetch.
func hasThemes(settings *dialect.Settings) bool {
	if imports, _ := frontmatter.Lookup(settings.Values, "module.imports"); imports != nil {
		return false
	}
	for _, theme := range frontmatter.Strings(settings.Value("theme"), frontmatter.NoSplit) {
		dir := filepath.Join(settings.Root, dialect.LocalFolder(settings.Scalar("themesdir"), "themes"), filepath.FromSlash(theme), "layouts")
		if _, err := os.Stat(dir); err != nil || !filepath.IsLocal(theme) {
			return false
		}
	}
	return true
}

// maxShortcodeTemplates bounds the templates of shortcodes and hooks.
const maxShortcodeTemplates = 200

// add reads a template unless one of that name was found before, in a folder with precedence. It
// reports whether it did. source is the file's path from the blog's folder.
func (r templateReader) add(to map[string]*shortcode.Template, name, file, source string) bool {
	if to[name] != nil {
		return false
	}
	text, err := r.site.ReadFile(file)
	if err != nil || len(text) > liquid.MaxValueSize {
		return false
	}
	to[name] = &shortcode.Template{Name: name, Text: string(text), IsHTML: path.Ext(file) == ".html"}
	r.AddSource(source, text)
	return true
}

// readShortcodes reads name.html, else name.md, in a folder and those below. Other extensions are
// for other output formats.
func (r templateReader) readShortcodes(folder string) {
	dir := r.site.ResolveFolder(filepath.Join(r.root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	_ = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || len(r.library.Shortcodes)+len(r.library.Hooks) >= maxShortcodeTemplates {
			return fs.SkipAll
		}
		rel, _ := filepath.Rel(dir, file)
		rel = filepath.ToSlash(rel)
		if e.IsDir() && strings.Count(rel, "/") > 3 {
			return fs.SkipDir
		}
		name, ext := strings.TrimSuffix(rel, path.Ext(rel)), path.Ext(rel)
		if !e.Type().IsRegular() || ext != ".html" && ext != ".md" {
			return nil
		}
		r.add(r.library.Shortcodes, name, file, path.Join(folder, rel)) // the .html of a name comes before the .md
		return nil
	})
}

// readHooks reads layouts/_markup/render-*.html, which say how images, links, headings and code
// become HTML, and those of single sections.
func (r templateReader) readHooks(layouts string) {
	dir := filepath.Join(r.root, filepath.FromSlash(layouts))
	r.readHookFolder(path.Join(layouts, "_markup"), "")
	r.readHookFolder(path.Join(layouts, "_default", "_markup"), "")
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if name := e.Name(); e.IsDir() && name[0] != '_' && name[0] != '.' {
			r.readHookFolder(path.Join(layouts, name, "_markup"), name+"/")
		}
	}
}

var hookName = regexp.MustCompile(`^render-(image|link|heading|blockquote(?:-alert|-regular)?|codeblock(?:-[\w+#-]+)?)\.html$`)

func (r templateReader) readHookFolder(folder, section string) {
	dir := r.site.ResolveFolder(filepath.Join(r.root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		m := hookName.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		r.add(r.library.Hooks, section+m[1], filepath.Join(dir, e.Name()), path.Join(folder, e.Name()))
	}
}

// readHelpers reads partials and translations, but only if templates of shortcodes or hooks use
// them.
func (r templateReader) readHelpers(layouts []string) {
	if len(r.library.Shortcodes)+len(r.library.Hooks) == 0 {
		return
	}
	if bytes.Contains(r.Text, []byte("partial")) {
		for _, folder := range layouts {
			r.readPartials(path.Join(folder, "_partials"))
			r.readPartials(path.Join(folder, "partials"))
		}
	}
	if bytes.Contains(r.Text, []byte("i18n")) || bytes.Contains(r.Text, []byte("T \"")) || bytes.Contains(r.Text, []byte("lang.Translate")) {
		for _, folder := range layouts {
			r.readTranslations(path.Join(path.Dir(folder), "i18n"))
		}
	}
}

// maxPartials bounds the partials of a folder.
const maxPartials = 2000

func (r templateReader) readPartials(folder string) {
	dir := r.site.ResolveFolder(filepath.Join(r.root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	read := 0
	_ = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || read >= maxPartials {
			return fs.SkipAll
		}
		rel, _ := filepath.Rel(dir, file)
		rel = filepath.ToSlash(rel)
		if e.IsDir() && strings.Count(rel, "/") > 5 {
			return fs.SkipDir
		}
		if !e.Type().IsRegular() || path.Ext(rel) != ".html" && path.Ext(rel) != ".md" {
			return nil
		}
		if r.add(r.library.Partials, strings.TrimSuffix(strings.ToLower(rel), ".html"), file, path.Join(folder, rel)) {
			read++
		}
		return nil
	})
}

// readTranslations reads a folder of translations, each file named by its language.
func (r templateReader) readTranslations(folder string) {
	dir := r.site.ResolveFolder(filepath.Join(r.root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		ext := path.Ext(e.Name())
		file := filepath.Join(dir, e.Name())
		if !e.Type().IsRegular() || !slices.Contains([]string{".toml", ".yaml", ".yml", ".json"}, ext) || !r.site.MayRead(file) {
			continue
		}
		values, text, err := dialect.ReadConfigFile(file)
		if err != nil {
			continue
		}
		r.AddSource(path.Join(folder, e.Name()), text)
		lang := strings.ToLower(strings.TrimSuffix(e.Name(), ext))
		if r.library.Translations[lang] == nil {
			r.library.Translations[lang] = map[string]string{}
		}
		addTranslations(r.library.Translations[lang], "", values, 0)
	}
}

// addTranslations adds the texts of a table whose keys are not taken; those of nested tables
// have their keys joined by dots.
func addTranslations(to map[string]string, prefix string, values map[string]any, depth int) {
	for key, v := range values {
		if table, ok := v.(map[string]any); ok {
			if v, ok = table["other"]; !ok {
				if depth < 5 {
					addTranslations(to, prefix+key+".", table, depth+1)
				}
				continue
			}
		}
		if text, ok := v.(string); ok {
			if _, taken := to[prefix+key]; !taken {
				to[prefix+key] = text
			}
		}
	}
}
