package eleventy

import (
	"encoding/json"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"publisher/content/frontmatter"
	"publisher/content/literal"
)

var (
	suffixesSetter = regexp.MustCompile(`\b(?:setDataFileSuffixes\(\s*|dataFileSuffixes["']?\s*:\s*)(\[[^\]]*\])`)
	baseNameSetter = regexp.MustCompile(`\b(?:setDataFileBaseName\(\s*|dataFileDirBaseNameOverride["']?\s*:\s*)["'\x60]([^"'\x60\n]+)["'\x60]`)
)

// readDataNames reads from the config how data files are named.
func (e *Engine) readDataNames() {
	e.dataSuffixes = []string{".11tydata", ""}
	if e.settings == nil {
		return
	}
	if m := suffixesSetter.FindSubmatch(e.settings.Text); m != nil {
		if v, ok := literal.JSValue(string(m[1])); ok {
			e.dataSuffixes = frontmatter.Strings(v, frontmatter.NoSplit)
		}
	}
	if m := baseNameSetter.FindSubmatch(e.settings.Text); m != nil {
		e.dataBaseName = string(m[1])
	}
}

// dataFile returns what a data file applies to: a directory, or a template without its extension. ok
// is false for other files. Only JSON files may do without a suffix, and only for directories.
func (e *Engine) dataFile(name string) (where string, ok bool) {
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	ext := path.Ext(base)
	if ext != ".json" && !isScriptName(base) {
		return "", false
	}
	stem := strings.TrimSuffix(base, ext)
	folder := path.Base(filepath.ToSlash(filepath.Join(e.Root, e.input, dir)))
	ofFolder := func(stem string) bool { return stem == e.dataBaseName || e.dataBaseName == "" && stem == folder }
	for _, suffix := range e.dataSuffixes {
		own, has := strings.CutSuffix(stem, suffix)
		switch {
		case !has || own == "" || suffix == "" && (ext != ".json" || !ofFolder(own)):
		case ofFolder(own):
			return dir, true
		default:
			return path.Join(dir, own), true
		}
	}
	return "", false
}

// directoryData returns what a data file such as posts/posts.json or posts/post.11tydata.json spells
// out, and what it applies to; values is nil where JSON does not parse.
func (e *Engine) directoryData(name string, text []byte) (where string, values map[string]any, ok bool) {
	if where, ok = e.dataFile(name); !ok {
		return "", nil, false
	}
	if strings.HasSuffix(name, ".json") {
		if json.Unmarshal(text, &values) != nil {
			return where, nil, true
		}
		return where, literal.FoldKeys(values), true
	}
	return where, directoryScript(string(text)), true
}

var (
	scriptTags = regexp.MustCompile(`(?m)^\s*["']?tags["']?\s*:\s*`)
	scriptFlag = regexp.MustCompile(`(?m)(?:^|[{,])\s*["']?draft["']?\s*:\s*(true|false)\b`)
)

// directoryScript returns the literal values of a data file in JavaScript, which is not run.
// scriptSettings has those that it computes.
func directoryScript(text string) map[string]any {
	values := map[string]any{}
	settings := literal.JSSettings(text)
	for _, key := range []string{"layout", "lang", "author", "image", "type"} {
		if s, ok := settings[key].(string); ok {
			values[key] = s
		}
	}
	if at := scriptTags.FindStringIndex(text); at != nil {
		if v, ok := literal.PythonValue(text[at[1]:]); ok {
			values["tags"] = v
		}
	}
	if m := scriptFlag.FindStringSubmatch(text); m != nil {
		values["draft"] = m[1]
	}
	return values
}
