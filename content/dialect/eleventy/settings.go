package eleventy

import (
	"bytes"
	"cmp"
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

// configNames are the config files that Eleventy looks for, in its order.
var configNames = []string{".eleventy.js", "eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs", "eleventy.config.ts"}

// ReadSettings reads the config that package.json's scripts name, else one of the usual names. A
// project that only depends on Eleventy has settings without a config; for others it returns nil.
func ReadSettings(dir, _ string) (*dialect.Settings, error) {
	command, manifest := commandOptions(dir)
	settings := &dialect.Settings{Dialect: config.Eleventy, Root: dir, Values: map[string]any{}}
	if command["input"] != "" {
		settings.Values["input"] = path.Clean(command["input"])
	}
	if command["formats"] != "" {
		settings.Values["formats"] = command["formats"]
	}
	names := configNames
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
			addScripts(settings, dir, file, text)
			settings.Text = append(settings.Text, manifest...) // it also decides
			settings.ContentDir = InputFolder(settings)
			return settings, nil
		}
	}
	if command == nil {
		return nil, nil
	}
	settings.AddFile(filepath.Join(dir, "package.json"), manifest)
	settings.ContentDir = InputFolder(settings)
	return settings, nil
}

var (
	commandCall   = regexp.MustCompile(`(?:^|[\s/&;|"'(])(?:eleventy|@11ty/eleventy)(?:[\s&;|]|$)`)
	commandOption = regexp.MustCompile(`(?:^|\s)--(config|input|formats)[= ]["']?([^\s"';&|]+)`)
)

// commandOptions returns the options with which package.json's scripts call Eleventy, those of the
// build script first. It returns nil where package.json does not mention Eleventy.
func commandOptions(dir string) (options map[string]string, manifest []byte) {
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
		if !commandCall.MatchString(script) {
			continue
		}
		options = map[string]string{}
		for _, m := range commandOption.FindAllStringSubmatch(script, -1) {
			if options[m[1]] == "" {
				options[m[1]] = m[2]
			}
		}
		break
	}
	return options, manifest
}

// scriptOrder returns the names of scripts, those that build the site first.
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
	dirSetters  = regexp.MustCompile(`\.set(Input|Data|Layouts|Includes)Directory\(\s*["'\x60]([^"'\x60]+)["'\x60]`)
	inputByName = regexp.MustCompile(`\binput\s*:\s*([A-Za-z_$][\w$]*)\s*[,}\n]|\.setInputDirectory\(\s*([A-Za-z_$][\w$]*)\s*\)|\{[^{}]*\b(input)\b\s*[,}]`)
)

// configDir returns the folder that the config names under dir, or with a setter such as
// setInputDirectory; key is input, data, layouts or includes. It returns "" where the config names none.
func configDir(s *dialect.Settings, key string) string {
	v, _ := frontmatter.Lookup(literal.JSSettings(string(s.Text)), "dir."+key)
	if folder, _ := v.(string); folder != "" {
		return folder
	}
	for _, m := range dirSetters.FindAllSubmatch(s.Text, -1) {
		if strings.EqualFold(string(m[1]), key) {
			return string(m[2])
		}
	}
	return ""
}

// InputFolder returns the folder that Eleventy reads, slash-separated, from the config's folder; "."
// for that folder itself.
func InputFolder(s *dialect.Settings) string {
	input := cmp.Or(s.Scalar("input"), configDir(s, "input"))
	if m := inputByName.FindSubmatch(s.Text); m != nil && input == "" { // named by a constant
		p := script.Load(scriptFiles(s))
		for _, f := range s.Files {
			if text, ok := p.EvalString(filepath.ToSlash(f.Name), string(m[1])+string(m[2])+string(m[3])); ok {
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

// folderLanguage returns the language that Eleventy's I18n plugin takes from a path: the first folder
// that is named like one; "" for none.
func (e *Engine) folderLanguage(p *dialect.Page) string {
	if e.settings == nil || !bytes.Contains(e.settings.Text, []byte("I18nPlugin")) {
		return ""
	}
	for folder := range strings.SplitSeq(p.Name.Dir, "/") {
		if tag, ok := config.LanguageTag(folder); ok && (len(folder) == 2 || len(folder) > 3 && folder[2] == '-') {
			return tag
		}
	}
	return ""
}

// ConfigFile returns the config file's path, slash-separated, from the blog's folder; "" for none.
func ConfigFile(s *dialect.Settings, root string) string {
	if len(s.Files) == 0 {
		return ""
	}
	rel, err := filepath.Rel(root, s.Files[0].Name)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}
