package eleventy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"publisher/content/dialect"
	"publisher/content/script"
)

// filesAround returns a script and what it imports from the project's own files, and remembers the
// imported files' texts, on which the result depends.
func (c *dataCascade) filesAround(file string, text []byte) []script.File {
	if c.settings == nil {
		return nil
	}
	all := &dialect.Settings{}
	addScripts(all, c.settings.Root, file, text)
	var out []script.File
	for i, f := range all.Files {
		if i > 0 && !c.Site.MayRead(f.Name) {
			continue
		}
		out = append(out, script.File{Path: filepath.ToSlash(f.Name), Text: f.Text})
		if i > 0 {
			c.AddSource(f.Name, []byte(f.Text))
		}
	}
	return out
}

var localImport = regexp.MustCompile(`(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*["'\x60](\.{1,2}/[^"'\x60\n]+)["'\x60]`)

// maxScripts limits how many files a config may import.
const maxScripts = 150

// addScripts adds a script, and what it imports from the project's own files, to the settings' files.
func addScripts(s *dialect.Settings, root, file string, text []byte) {
	s.AddFile(file, text)
	for _, m := range localImport.FindAllSubmatch(text, -1) {
		name := filepath.Join(filepath.Dir(file), filepath.FromSlash(string(m[1])))
		for _, ext := range []string{"", ".js", ".mjs", ".cjs", ".ts", "/index.js"} {
			full := name + filepath.FromSlash(ext)
			info, err := os.Stat(full)
			if err != nil || !info.Mode().IsRegular() || !isScriptName(full) || len(s.Files) >= maxScripts {
				continue
			}
			rel, err := filepath.Rel(root, full)
			if err != nil || !filepath.IsLocal(rel) || slices.ContainsFunc(s.Files, func(f dialect.SettingsFile) bool { return f.Name == full }) {
				break
			}
			if inner, err := dialect.ReadLimited(full); err == nil {
				addScripts(s, root, full, inner)
			}
			break
		}
	}
}

func isScriptName(name string) bool {
	return slices.Contains([]string{".js", ".mjs", ".cjs", ".ts"}, filepath.Ext(name))
}

// scriptFiles returns the config and what it imports.
func scriptFiles(s *dialect.Settings) []script.File {
	var files []script.File
	for _, f := range s.Files {
		files = append(files, script.File{Path: filepath.ToSlash(f.Name), Text: f.Text})
	}
	return files
}
