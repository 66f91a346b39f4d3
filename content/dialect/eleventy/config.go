package eleventy

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/literal"
	"publisher/content/script"
	"publisher/internal/config"
)

// eleventyNames are those that Eleventy looks for, in its order.
var eleventyNames = []string{".eleventy.js", "eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs", "eleventy.config.ts"}

// eleventyConfig finds the config that package.json's scripts name, else one of the
// usual names. A project that depends on Eleventy may have none.
func ReadSettings(dir, _ string) (*dialect.Settings, error) {
	command, manifest := eleventyCommand(dir)
	own := &dialect.Settings{Dialect: config.Eleventy, Root: dir, Values: map[string]any{}}
	if command["input"] != "" {
		own.Values["input"] = path.Clean(command["input"])
	}
	if command["formats"] != "" {
		own.Values["formats"] = command["formats"]
	}
	names := eleventyNames
	if named := command["config"]; named != "" && filepath.IsLocal(filepath.FromSlash(named)) {
		names = append([]string{named}, names...)
	}
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Stat(file); err == nil {
			text, err := dialect.ReadLimited(file)
			if err != nil {
				return nil, err
			}
			addScripts(own, dir, file, text)
			own.Text = append(own.Text, manifest...) // which decides as well
			own.ContentDir = InputFolder(own)
			return own, nil
		}
	}
	if command == nil {
		return nil, nil
	}
	own.Add(filepath.Join(dir, "package.json"), manifest)
	own.ContentDir = InputFolder(own)
	return own, nil
}

var (
	eleventyCall   = regexp.MustCompile(`(?:^|[\s/&;|"'(])(?:eleventy|@11ty/eleventy)(?:[\s&;|]|$)`)
	eleventyOption = regexp.MustCompile(`(?:^|\s)--(config|input|formats)[= ]["']?([^\s"';&|]+)`)
)

// eleventyCommand are the options by which the scripts of package.json call Eleventy,
// those of the script named build first; nil where nothing there is about Eleventy.
func eleventyCommand(dir string) (options map[string]string, manifest []byte) {
	file := filepath.Join(dir, "package.json")
	if !dialect.IsRegular(file) {
		return nil, nil
	}
	manifest, err := dialect.ReadLimited(file)
	var project struct {
		Scripts, Dependencies, DevDependencies map[string]any
	}
	if err != nil || json.Unmarshal(manifest, &project) != nil {
		return nil, nil
	}
	for _, table := range []map[string]any{project.Dependencies, project.DevDependencies} {
		if _, ok := table["@11ty/eleventy"]; ok {
			options = map[string]string{}
		}
	}
	for _, name := range scriptOrder(project.Scripts) {
		script, _ := project.Scripts[name].(string)
		if !eleventyCall.MatchString(script) {
			continue
		}
		options = map[string]string{}
		for _, m := range eleventyOption.FindAllStringSubmatch(script, -1) {
			if options[m[1]] == "" {
				options[m[1]] = m[2]
			}
		}
		break
	}
	return options, manifest
}

// scriptOrder puts what builds the site before what serves it.
func scriptOrder(scripts map[string]any) []string {
	rank := func(name string) int {
		switch {
		case name == "build":
			return 0
		case strings.Contains(name, "build"):
			return 1
		}
		return 2
	}
	var names []string
	for name := range scripts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if c := rank(a) - rank(b); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return names
}

var (
	setInput   = regexp.MustCompile(`\.setInputDirectory\(\s*["'` + "`" + `]([^"'` + "`" + `]+)["'` + "`" + `]`)
	namedInput = regexp.MustCompile(`\binput\s*:\s*([A-Za-z_$][\w$]*)\s*[,}\n]|\.setInputDirectory\(\s*([A-Za-z_$][\w$]*)\s*\)|\{[^{}]*\b(input)\b\s*[,}]`)
)

// dirSetting returns one of the folders that the config names under dir; "" for none.
func dirSetting(own *dialect.Settings, key string) string {
	v, _ := frontmatter.Lookup(literal.JSSettings(string(own.Text)), "dir."+key)
	folder, _ := v.(string)
	return folder
}

// inputFolder is the folder below the config's that Eleventy reads, "." where
// it is that one; slash-separated.
func InputFolder(o *dialect.Settings) string {
	input := o.Scalar("input")
	if input == "" {
		input = dirSetting(o, "input")
	}
	if m := setInput.FindSubmatch(o.Text); m != nil && input == "" {
		input = string(m[1])
	}
	if m := namedInput.FindSubmatch(o.Text); m != nil && input == "" { // of a constant's name
		p := script.Load(scriptFiles(o))
		for _, f := range o.Files {
			if text, ok := p.Text(filepath.ToSlash(f.Name), string(m[1])+string(m[2])+string(m[3])); ok {
				input = text
				break
			}
		}
	}
	if input = path.Clean(input); !filepath.IsLocal(input) {
		return "."
	}
	return input
}

// folderLanguage is the language that Eleventy's plugin for languages takes from a
// path: the first folder that is called like one.
func (e *Engine) folderLanguage(a *dialect.Page) string {
	if e.own == nil || !bytes.Contains(e.own.Text, []byte("I18nPlugin")) {
		return ""
	}
	for folder := range strings.SplitSeq(a.Name.Dir, "/") {
		if tag, ok := config.LanguageTag(folder); ok && (len(folder) == 2 || len(folder) > 3 && folder[2] == '-') {
			return tag
		}
	}
	return ""
}

// configFileOf is the config's own file, from the blog's folder; "" for none.
func ConfigFileOf(o *dialect.Settings, root string) string {
	if len(o.Files) == 0 {
		return ""
	}
	rel, err := filepath.Rel(root, o.Files[0].Name)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}
