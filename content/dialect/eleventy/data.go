package eleventy

import (
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
)

// maxGlobal bounds the files of global data that are read.
const maxGlobal = 100

// readGlobal reads the data that all of Eleventy's templates see: the files of
// the data folder, each under its own name. Scripts are read as text; what they
// compute is not there.
func (s *folders) readGlobal() {
	own := s.own
	folder := path.Join(InputFolder(own), dataFolderOf(own))
	if !filepath.IsLocal(filepath.FromSlash(folder)) {
		return
	}
	dir := s.Site.Folder(filepath.Join(own.Root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	s.global = map[string]any{}
	for _, e := range entries[:min(len(entries), maxGlobal)] {
		name, ext := strings.TrimSuffix(e.Name(), path.Ext(e.Name())), path.Ext(e.Name())
		file := filepath.Join(dir, e.Name())
		if !e.Type().IsRegular() || !slices.Contains([]string{".json", ".js", ".mjs", ".cjs", ".yaml", ".yml"}, ext) || !s.Site.MayRead(file) {
			continue
		}
		if name == "eleventyComputed" && isScriptName(file) {
			if text, err := dialect.ReadLimited(file); err == nil {
				data, known := script.DataFile(s.filesAround(file, text), filepath.ToSlash(file))
				s.computed = s.scriptRules(file, string(text), data.AsComputed(), known, true)
				s.Remember(path.Join(folder, e.Name()), text)
			}
			continue
		}
		if slices.Contains(globalKeys, name) {
			s.readPlain(file, name, path.Join(folder, e.Name()))
			continue
		}
		if values, text, err := dialect.ReadSettings(file); err == nil {
			s.global[strings.TrimSuffix(name, ".11tydata")] = values
			s.Remember(path.Join(folder, e.Name()), text)
		}
	}
}

// readPlain reads a file of global data that holds one value which decides about pages:
// permalink.js, say. What a script computes there is a rule.
func (s *folders) readPlain(file, name, fromRoot string) {
	text, err := dialect.ReadLimited(file)
	if err != nil {
		return
	}
	s.Remember(fromRoot, text)
	o := s.at(file, "", 0, path.Base(file))
	o.Line = 1
	if !isScriptName(file) {
		var v any
		if json.Unmarshal(text, &v) == nil {
			if s.plain == nil {
				s.plain = map[string]any{}
			}
			s.plain[name] = spelled(v)
			return
		}
	} else if f, ok := script.Load(s.filesAround(file, text)).Exported(filepath.ToSlash(file)); ok {
		s.computed = append(s.computed, jsRule{key: strings.ToLower(name), function: &f, Omission: o})
		return
	}
	s.computed = append(s.computed, jsRule{key: strings.ToLower(name), literal: script.Unknown{}, Omission: o})
}

// dataFolderOf is the folder of global data, from the input folder.
func dataFolderOf(o *dialect.Settings) string {
	if folder := dirSetting(o, "data"); folder != "" {
		return folder
	}
	if m := setData.FindSubmatch(o.Text); m != nil {
		return string(m[1])
	}
	return "_data"
}

var setData = regexp.MustCompile(`\.setDataDirectory\(\s*["'` + "`" + `]([^"'` + "`" + `]+)["'` + "`" + `]`)

var (
	dataSuffixes = regexp.MustCompile(`\b(?:setDataFileSuffixes\(\s*|dataFileSuffixes["']?\s*:\s*)(\[[^\]]*\])`)
	dataBaseName = regexp.MustCompile(`\b(?:setDataFileBaseName\(\s*|dataFileDirBaseNameOverride["']?\s*:\s*)["'\x60]([^"'\x60\n]+)["'\x60]`)
)

// readDataNames takes over what the config calls data files.
func (e *Engine) readDataNames() {
	e.suffixes = []string{".11tydata", ""}
	if e.own == nil {
		return
	}
	if m := dataSuffixes.FindSubmatch(e.own.Text); m != nil {
		if v, ok := literal.JSValue(string(m[1])); ok {
			e.suffixes = frontmatter.Strings(v, frontmatter.NoSplit)
		}
	}
	if m := dataBaseName.FindSubmatch(e.own.Text); m != nil {
		e.dataBase = string(m[1])
	}
}

// dataFile tells a file that holds the data of its folder, or of one file in it:
// where is that folder, or the file without its ending. Only JSON does without a
// suffix for a folder.
func (e *Engine) dataFile(name string) (where string, ok bool) {
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	ext := path.Ext(base)
	if ext != ".json" && !isScriptName(base) {
		return "", false
	}
	stem := strings.TrimSuffix(base, ext)
	folder := path.Base(filepath.ToSlash(filepath.Join(e.Root, e.input, dir)))
	ofFolder := func(stem string) bool { return stem == e.dataBase || e.dataBase == "" && stem == folder }
	for _, suffix := range e.suffixes {
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

// directoryData reads posts/posts.json, posts/posts.11tydata.json and their like
// for single files.
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

// directoryScript takes from a script, which is not run, what it spells out. What it
// computes is for scriptRules.
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
