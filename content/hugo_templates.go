package content

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// hugoTemplate is a shortcode's, in the language of html/template.
type hugoTemplate struct {
	text string
	html bool
}

// readHugoShortcodes reads the templates of the blog's own shortcodes, and of its
// themes', which the blog's stand before.
func (s *hugoFolders) readHugoShortcodes(own *ownConfig) {
	if own == nil {
		return
	}
	s.global = map[string]any{}
	layouts := []string{localFolder(own.scalar("layoutdir"), "layouts")}
	for _, theme := range listOf(own.setting("theme"), whole) {
		if filepath.IsLocal(theme) {
			layouts = append(layouts, path.Join(localFolder(own.scalar("themesdir"), "themes"), theme, "layouts"))
		}
	}
	for _, folder := range layouts {
		s.readHugoFolder(own.root, path.Join(folder, "_shortcodes"))
		s.readHugoFolder(own.root, path.Join(folder, "shortcodes"))
		s.readHugoHooks(own.root, folder)
	}
	s.readHugoHelpers(own.root, layouts)
}

// hasThemes reports that all of the blog's templates are here: those of each theme, and
// none that Hugo would fetch.
func (o *ownConfig) hasThemes() bool {
	if imports, _ := dig(o.values, "module.imports"); imports != nil {
		return false
	}
	for _, theme := range listOf(o.setting("theme"), whole) {
		dir := filepath.Join(o.root, localFolder(o.scalar("themesdir"), "themes"), filepath.FromSlash(theme), "layouts")
		if _, err := os.Stat(dir); err != nil || !filepath.IsLocal(theme) {
			return false
		}
	}
	return true
}

// localFolder is a folder below the blog's that a setting names.
func localFolder(setting, otherwise string) string {
	if setting == "" || !filepath.IsLocal(setting) {
		return otherwise
	}
	return path.Clean(setting)
}

// readHugoFolder reads name.html, else name.md, in a folder and those below. Other
// endings are for other formats than pages.
func (s *hugoFolders) readHugoFolder(root, folder string) {
	dir := s.site.folder(filepath.Join(root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	_ = filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || len(s.global) >= maxTemplates {
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
		if _, taken := s.global[name]; taken { // by one before, or by the .html of a .md
			return nil
		}
		if text, err := s.site.readOwn(file); err == nil && len(text) <= maxLiquidText {
			s.global[name] = hugoTemplate{string(text), ext == ".html"}
			s.remember(path.Join(folder, rel), text)
		}
		return nil
	})
}

// own evaluates the shortcode's own template; ok is false where it has none, or
// one that asks for what is not here.
func (x *shortcodeExpander) own(s shortcode, inner string) (out string, ok bool) {
	t, ok := x.article.global[s.name].(hugoTemplate)
	if !ok {
		return "", false
	}
	if x.templates == nil {
		x.templates = newHugoTemplates(x.macros)
	}
	marked := x.text[s.from+2] == '%' // what it makes is Markdown
	if x.templates.charge(len(inner)) != nil {
		return "", false
	}
	call := x.templates.call(s, x.around)
	call.inner = x.set.restore(inner)
	if x.templates.charge(len(call.inner)) != nil {
		return "", false
	}
	if marked && len(x.around) > 0 {
		call.inner = x.templates.render(call.inner)
	}
	if out, ok = x.templates.run(t, s.name, call); !ok {
		return "", false
	}
	if strings.Contains(out, "<script") {
		if link, known := x.platform(s); known {
			return link, true // which says more than what a script would have made
		}
	}
	switch out = strings.Trim(withoutTokens(out), "\n"); {
	case marked:
		return x.beside(s, out), true
	case !strings.ContainsAny(out, "<\n") && inDestination(x.text, s.from):
		return out, true
	}
	out = x.set.aside(out)
	if strings.TrimSpace(lineBefore(x.text, s.from)) == "" && strings.TrimSpace(lineAfter(x.text, s.to)) == "" {
		out += "\n"
	}
	return out, true
}

// beside keeps all lines of what a shortcode makes where its mark stands.
func (x *shortcodeExpander) beside(s shortcode, out string) string {
	if line := lineBefore(x.text, s.from); line != "" && strings.TrimSpace(line) == "" {
		return strings.ReplaceAll(out, "\n", "\n"+line)
	}
	return out
}

// inDestination reports that a place is where a link leads to: what stands there is
// read before it is shown.
func inDestination(text string, at int) bool {
	line := lineBefore(text, at)
	if open := strings.LastIndex(line, "]("); open >= 0 && !strings.ContainsAny(line[open+2:], ") ") {
		return true
	}
	return isLinkDefinition(line+"x") && !strings.Contains(strings.TrimSpace(line[strings.Index(line, "]:")+2:]), " ")
}
