package eleventy

import (
	"cmp"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/script"
)

// maxGlobal limits how many files of global data are read.
const maxGlobal = 100

// readGlobalData reads the files of the data folder, each under its own name. Scripts are read as
// text: computed values are missing.
func (c *dataCascade) readGlobalData() {
	settings := c.settings
	folder := path.Join(InputFolder(settings), dataFolder(settings))
	if !filepath.IsLocal(filepath.FromSlash(folder)) {
		return
	}
	dir := c.Site.ResolveFolder(filepath.Join(settings.Root, filepath.FromSlash(folder)))
	if dir == "" {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	c.global = map[string]any{}
	for _, e := range entries[:min(len(entries), maxGlobal)] {
		name, ext := strings.TrimSuffix(e.Name(), path.Ext(e.Name())), path.Ext(e.Name())
		file := filepath.Join(dir, e.Name())
		if !e.Type().IsRegular() || !slices.Contains([]string{".json", ".js", ".mjs", ".cjs", ".yaml", ".yml"}, ext) || !c.Site.MayRead(file) {
			continue
		}
		if name == "eleventyComputed" && isScriptName(file) {
			if text, err := dialect.ReadLimited(file); err == nil {
				data, known := script.ReadData(c.filesAround(file, text), filepath.ToSlash(file))
				c.computed = c.scriptSettings(file, string(text), data.AsComputed(), known, true)
				c.AddSource(path.Join(folder, e.Name()), text)
			}
			continue
		}
		if slices.Contains(globalKeys, name) {
			c.readSingleValue(file, name, path.Join(folder, e.Name()))
			continue
		}
		if values, text, err := dialect.ReadAnyConfig(file); err == nil {
			c.global[strings.TrimSuffix(name, ".11tydata")] = values
			c.AddSource(path.Join(folder, e.Name()), text)
		}
	}
}

// readSingleValue reads a file of global data that sets one of globalKeys, such as permalink.js. What
// a script computes there is a scriptSetting.
func (c *dataCascade) readSingleValue(file, name, fromRoot string) {
	text, err := dialect.ReadLimited(file)
	if err != nil {
		return
	}
	c.AddSource(fromRoot, text)
	o := c.at(file, "", 0, path.Base(file))
	o.Line = 1
	if !isScriptName(file) {
		var v any
		if json.Unmarshal(text, &v) == nil {
			if c.singleValues == nil {
				c.singleValues = map[string]any{}
			}
			c.singleValues[name] = asFrontMatter(v)
			return
		}
	} else if f, ok := script.Load(c.filesAround(file, text)).DefaultExport(filepath.ToSlash(file)); ok {
		c.computed = append(c.computed, scriptSetting{key: strings.ToLower(name), function: &f, Omission: o})
		return
	}
	c.computed = append(c.computed, scriptSetting{key: strings.ToLower(name), value: script.Unknown{}, Omission: o})
}

// dataFolder returns the folder of global data, from the input folder.
func dataFolder(s *dialect.Settings) string { return cmp.Or(configDir(s, "data"), "_data") }

// globalKeys are the global data that decide whether and where a page is published.
var globalKeys = []string{"layout", "permalink", "eleventyExcludeFromCollections", "draft", "tags"}

// globalValues returns the literal values of globalKeys.
func (e *Engine) globalValues(c *dataCascade) map[string]any {
	out := map[string]any{}
	for _, key := range globalKeys {
		if f, ok := e.functions.globalData[key]; ok {
			if v, err := f.Value(script.Host{}); err == nil {
				switch v := v.(type) {
				case string, bool, *script.Array:
					out[strings.ToLower(key)] = asFrontMatter(fromScript(v))
				}
			}
		}
		if c == nil {
			continue
		}
		if v, ok := c.singleValues[key]; ok {
			out[strings.ToLower(key)] = v
		}
	}
	return out
}
