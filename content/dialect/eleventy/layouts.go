package eleventy

import (
	"cmp"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/script"
)

// Bounds of the layouts that are read, and of the layouts that one has around it.
const (
	maxLayouts     = 500
	maxLayoutChain = 10
)

// readLayouts reads the front matter of the blog's layouts: Eleventy's pages take
// over what it says, their permalink too.
func (s *folders) readLayouts() {
	s.layouts = map[string]eleventyLayer{}
	for _, folder := range layoutFolders(s.own) {
		root := s.Site.Folder(filepath.Join(s.own.Root, filepath.FromSlash(folder)))
		if root == "" {
			continue
		}
		_ = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil || len(s.layouts) >= maxLayouts:
				return fs.SkipAll
			case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
				return fs.SkipDir
			case !entry.Type().IsRegular():
				return nil
			}
			rel, err := filepath.Rel(root, file)
			if err == nil {
				s.readLayout(file, filepath.ToSlash(rel), path.Join(folder, filepath.ToSlash(rel)))
			}
			return nil
		})
	}
}

func (s *folders) readLayout(file, name, fromRoot string) {
	if _, taken := s.layouts[name]; taken {
		return
	}
	l := eleventyLayer{values: map[string]any{}}
	text, err := s.Site.ReadOwn(file)
	if err != nil {
		o := s.at(file, "", 0, "the layout "+name+" cannot be read")
		o.Held = true
		l.doubt = &o
		s.layouts[name] = l
		return
	}
	if strings.HasPrefix(strings.TrimSpace(string(text[:min(len(text), 100)])), "---") {
		fm, _, _, err := frontmatter.Split(string(text))
		if err != nil {
			o := s.at(file, "", 0, "the layout "+name+" does not parse")
			o.Held, o.Line = true, 1
			l.doubt = &o
		}
		l.values, l.front = fm.Values, &fm
		if fm.Form == frontmatter.JavaScript {
			l.rules = s.scriptRules(file, fm.Text, script.FrontMatter(fm.Text), true, false)
			for i := range l.rules {
				l.rules[i].Line += fm.Line - 1
			}
		}
		s.Remember(fromRoot, []byte(fm.Text))
	}
	s.layouts[name] = l
}

var (
	setLayouts  = regexp.MustCompile(`\.setLayoutsDirectory\(\s*["'\x60]([^"'\x60]+)["'\x60]`)
	setIncludes = regexp.MustCompile(`\.setIncludesDirectory\(\s*["'\x60]([^"'\x60]+)["'\x60]`)
	layoutAlias = regexp.MustCompile(`\.addLayoutAlias\(\s*["'\x60]([^"'\x60\n]+)["'\x60]\s*,\s*["'\x60]([^"'\x60\n]+)["'\x60]`)
)

// layoutFolders are where layouts are looked for, from the project's folder.
func layoutFolders(o *dialect.Settings) []string {
	folder := func(key string, setter *regexp.Regexp) string {
		if name := dirSetting(o, key); name != "" {
			return name
		}
		if m := setter.FindSubmatch(o.Text); m != nil {
			return string(m[1])
		}
		return ""
	}
	var out []string
	for _, name := range []string{folder("layouts", setLayouts), folder("includes", setIncludes), "_includes"} {
		if full := path.Join(InputFolder(o), name); name != "" && filepath.IsLocal(filepath.FromSlash(full)) {
			out = append(out, full)
			if name != "_includes" && len(out) == 1 && folder("layouts", setLayouts) != "" {
				return out
			}
		}
	}
	return out[:1]
}

// includesFolder is where templates find what they include, from the project's folder.
func includesFolder(o *dialect.Settings) string {
	name := dirSetting(o, "includes")
	if m := setIncludes.FindSubmatch(o.Text); m != nil && name == "" {
		name = string(m[1])
	}
	if full := path.Join(InputFolder(o), cmp.Or(name, "_includes")); filepath.IsLocal(filepath.FromSlash(full)) {
		return full
	}
	return "_includes"
}

// layoutsOf are the layouts around a page, the nearest first.
func (s *folders) layoutsOf(name string) []eleventyLayer {
	var out []eleventyLayer
	for len(out) < maxLayoutChain && name != "" {
		l, ok := s.layoutNamed(name)
		if !ok {
			return out
		}
		out = append(out, l)
		name, _ = l.values["layout"].(string)
	}
	return out
}

func (s *folders) layoutNamed(name string) (eleventyLayer, bool) {
	if s.own != nil {
		for _, m := range layoutAlias.FindAllSubmatch(s.own.Text, 100) {
			if string(m[1]) == name {
				name = string(m[2])
				break
			}
		}
	}
	name = path.Clean(strings.TrimPrefix(name, "/"))
	if l, ok := s.layouts[name]; ok {
		return l, true
	}
	for _, ext := range []string{"njk", "liquid", "html", "md", "webc", "11ty.js", "hbs", "mustache", "ejs", "pug", "vto"} {
		if l, ok := s.layouts[name+"."+ext]; ok {
			return l, true
		}
	}
	return eleventyLayer{}, false
}
