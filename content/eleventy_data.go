package content

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// maxGlobal bounds the files of global data that are read.
const maxGlobal = 100

// readGlobal reads the data that all of Eleventy's templates see: the files of
// the data folder, each under its own name. Scripts are read as text; what they
// compute is not there.
func (s *sections) readGlobal(own *ownConfig) {
	if own == nil {
		return
	}
	folder := path.Join(own.eleventyInput(), own.eleventyData())
	if !filepath.IsLocal(filepath.FromSlash(folder)) {
		return
	}
	dir := filepath.Join(own.root, filepath.FromSlash(folder))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	s.global = map[string]any{}
	for _, e := range entries[:min(len(entries), maxGlobal)] {
		name, ext := strings.TrimSuffix(e.Name(), path.Ext(e.Name())), path.Ext(e.Name())
		file := filepath.Join(dir, e.Name())
		if !e.Type().IsRegular() || !slices.Contains([]string{".json", ".js", ".mjs", ".cjs", ".yaml", ".yml"}, ext) {
			continue
		}
		if values, text, err := readSettings(file); err == nil {
			s.global[strings.TrimSuffix(name, ".11tydata")] = values
			s.remember(path.Join(folder, e.Name()), text)
		}
	}
}

// eleventyData is the folder of global data, from the input folder.
func (o *ownConfig) eleventyData() string {
	script := layer{values: scriptSettings(string(o.text))}
	if folder, _ := script.value("dir.data").(string); folder != "" {
		return folder
	}
	if m := setData.FindSubmatch(o.text); m != nil {
		return string(m[1])
	}
	return "_data"
}

var setData = regexp.MustCompile(`\.setDataDirectory\(\s*["'` + "`" + `]([^"'` + "`" + `]+)["'` + "`" + `]`)

// directoryData reads posts/posts.json, posts/posts.11tydata.json and their like
// for single files.
func directoryData(name string, text []byte) (where string, values map[string]any, ok bool) {
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	stem, kind, _ := strings.Cut(base, ".")
	where = path.Join(dir, stem)
	if stem == path.Base(dir) || dir == "" && stem == "content" {
		where = dir
	}
	if strings.HasSuffix(kind, "json") {
		if json.Unmarshal(text, &values) != nil {
			return "", nil, false
		}
		return where, foldKeys(values, 0), true
	}
	values = directoryScript(base, string(text))
	return where, values, len(values) > 0
}

var (
	scriptTags      = regexp.MustCompile(`(?m)^\s*["']?tags["']?\s*:\s*`)
	scriptLink      = regexp.MustCompile(`(?m)^\s*["']?permalink["']?\s*(?::|\()`)
	scriptFunction  = regexp.MustCompile(`^\s*(?:async\s*)?(?:function\s*)?(?:\([^()]*\)|\w+)\s*=>\s*`)
	scriptVariable  = regexp.MustCompile(`\$\{([^{}]*)\}`)
	scriptSlugified = regexp.MustCompile(`^(?:this\.)?slugify\(([\w.]+)\)$`)
)

// directoryScript takes from a script, which is not run, what it spells out.
func directoryScript(name, text string) map[string]any {
	values := map[string]any{}
	settings := scriptSettings(text)
	for _, key := range []string{"layout", "lang", "author", "image", "type"} {
		if s, ok := settings[key].(string); ok {
			values[key] = s
		}
	}
	if at := scriptTags.FindStringIndex(text); at != nil {
		r := &pythonReader{text: text, at: at[1]}
		if v, ok := r.value(0); ok {
			values["tags"] = v
		}
	}
	if at := scriptLink.FindStringIndex(text); at != nil {
		if link, ok := permalinkOf(name, text[at[1]:]); ok {
			values["permalink"] = link
		}
	}
	return values
}

// permalinkOf is the permalink that begins a text of JavaScript: a literal, or a
// function of which nothing but a template literal is given back, as Nunjucks
// would write it. What is computed otherwise is a template that fails, since a
// wrong address is worse than none; one that falls back on the page's own
// permalink is left to it.
func permalinkOf(script, text string) (any, bool) {
	line, _, _ := strings.Cut(text, "\n")
	if strings.Contains(line, "data.permalink") {
		return nil, false
	}
	expression := strings.TrimLeft(text, " \t\n")
	if m := scriptFunction.FindString(expression); m != "" {
		expression = expression[len(m):]
	}
	switch {
	case strings.HasPrefix(expression, "false"):
		return "false", true
	case strings.HasPrefix(expression, "`"):
		if literal, _, ok := strings.Cut(expression[1:], "`"); ok {
			return scriptVariable.ReplaceAllStringFunc(literal, nunjucksVariable), true
		}
	case expression != "" && strings.ContainsAny(expression[:1], `"'`):
		r := &pythonReader{text: expression}
		if s, ok := r.str(); ok {
			return s, true
		}
	}
	return "{{ the function in " + script + " }}", true
}

func nunjucksVariable(part string) string {
	inner := strings.TrimSpace(scriptVariable.FindStringSubmatch(part)[1])
	filter := ""
	if m := scriptSlugified.FindStringSubmatch(inner); m != nil {
		inner, filter = m[1], " | slugify"
	}
	return "{{ " + strings.TrimPrefix(inner, "data.") + filter + " }}"
}
