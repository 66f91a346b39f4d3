package hugo

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"publisher/content/dialect"
	"publisher/content/dialect/hugo/shortcode"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"regexp"
	"slices"
	"strings"
)

// templateReader reads the templates that shortcodes and render hooks are evaluated with
// into the global data of all pages.
type templateReader struct {
	*folders
	root string // the blog's folder
}

// readHugoShortcodes reads the templates of the blog's own shortcodes, and of its
// themes', which the blog's stand before.
func readHugoShortcodes(s *folders, own *dialect.Settings) {
	if own == nil {
		return
	}
	s.global = map[string]any{}
	r := templateReader{s, own.Root}
	layouts := []string{dialect.LocalFolder(own.Scalar("layoutdir"), "layouts")}
	for _, theme := range frontmatter.Strings(own.Setting("theme"), frontmatter.NoSplit) {
		if filepath.IsLocal(theme) {
			layouts = append(layouts, path.Join(dialect.LocalFolder(own.Scalar("themesdir"), "themes"), theme, "layouts"))
		}
	}
	for _, folder := range layouts {
		r.readShortcodes(path.Join(folder, "_shortcodes"))
		r.readShortcodes(path.Join(folder, "shortcodes"))
		r.readHooks(folder)
	}
	r.readHelpers(layouts)
}

// hasThemes reports that all of the blog's templates are here: those of each theme, and
// none that Hugo would fetch.
func hasThemes(own *dialect.Settings) bool {
	if imports, _ := frontmatter.Lookup(own.Values, "module.imports"); imports != nil {
		return false
	}
	for _, theme := range frontmatter.Strings(own.Setting("theme"), frontmatter.NoSplit) {
		dir := filepath.Join(own.Root, dialect.LocalFolder(own.Scalar("themesdir"), "themes"), filepath.FromSlash(theme), "layouts")
		if _, err := os.Stat(dir); err != nil || !filepath.IsLocal(theme) {
			return false
		}
	}
	return true
}

// maxShortcodeTemplates is more than a blog and its themes have.
const maxShortcodeTemplates = 200

// readShortcodes reads name.html, else name.md, in a folder and those below. Other
// endings are for other formats than pages.
func (r templateReader) readShortcodes(folder string) {
	dir := r.site.Folder(filepath.Join(r.root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	_ = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || len(r.global) >= maxShortcodeTemplates {
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
		if _, taken := r.global[name]; taken { // by one before, or by the .html of a .md
			return nil
		}
		if text, err := r.site.ReadOwn(file); err == nil && len(text) <= liquid.MaxText {
			r.global[name] = shortcode.Template{Text: string(text), IsHTML: ext == ".html"}
			r.Remember(path.Join(folder, rel), text)
		}
		return nil
	})
}

// readHooks reads layouts/_markup/render-*.html, which say how images, links,
// headings and code become HTML, and those of single sections.
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
	dir := r.site.Folder(filepath.Join(r.root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		m := hookName.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		key := shortcode.HookPrefix + section + m[1]
		if _, taken := r.global[key]; taken {
			continue
		}
		if text, err := r.site.ReadOwn(filepath.Join(dir, e.Name())); err == nil && len(text) <= liquid.MaxText {
			r.global[key] = shortcode.Template{Text: string(text), IsHTML: true}
			r.hooked = true
			r.Remember(path.Join(folder, e.Name()), text)
		}
	}
}

// readHelpers reads what the templates of shortcodes and hooks call: partials and
// the words of translations. Blogs without such templates need neither.
func (r templateReader) readHelpers(layouts []string) {
	if len(r.global) == 0 {
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
			r.readWords(path.Join(path.Dir(folder), "i18n"))
		}
	}
}

// maxPartials is more than a blog and its themes have.
const maxPartials = 2000

func (r templateReader) readPartials(folder string) {
	dir := r.site.Folder(filepath.Join(r.root, filepath.FromSlash(folder)))
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
		name := shortcode.PartialPrefix + strings.TrimSuffix(strings.ToLower(rel), ".html")
		if _, taken := r.global[name]; taken {
			return nil
		}
		if text, err := r.site.ReadOwn(file); err == nil && len(text) <= liquid.MaxText {
			r.global[name] = shortcode.Template{Text: string(text), IsHTML: path.Ext(rel) == ".html"}
			r.Remember(path.Join(folder, rel), text)
			read++
		}
		return nil
	})
}

// readWords reads the files of a folder of translations, each named by its language.
func (r templateReader) readWords(folder string) {
	dir := r.site.Folder(filepath.Join(r.root, filepath.FromSlash(folder)))
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
		values, text, err := dialect.ReadConfig(file)
		if err != nil {
			continue
		}
		r.Remember(path.Join(folder, e.Name()), text)
		lang := strings.ToLower(strings.TrimSuffix(e.Name(), ext))
		r.addWords(shortcode.WordPrefix+lang+"/", values, 0)
	}
}

func (r templateReader) addWords(prefix string, values map[string]any, depth int) {
	for key, v := range values {
		if table, ok := v.(map[string]any); ok {
			if v, ok = table["other"]; !ok {
				if depth < 5 {
					r.addWords(prefix+key+".", table, depth+1)
				}
				continue
			}
		}
		if _, taken := r.global[prefix+key]; !taken {
			if text, ok := v.(string); ok {
				r.global[prefix+key] = text
			}
		}
	}
}
