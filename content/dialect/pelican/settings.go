package pelican

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"publisher/content/dialect"
	"publisher/content/literal"
	"publisher/internal/config"
)

// ReadSettings reads pelicanconf.py and, over it, publishconf.py, which is for the published site. Neither
// is run. It returns nil if a folder has no pelicanconf.py.
func ReadSettings(dir, _ string) (*dialect.Settings, error) {
	file := filepath.Join(dir, "pelicanconf.py")
	if _, err := os.Stat(file); err != nil {
		return nil, nil
	}
	own := &dialect.Settings{Dialect: config.Pelican, Root: dir, Values: map[string]any{}, Unknown: map[string]literal.ComputedSetting{}}
	if err := addPython(own, file, 0); err != nil {
		return nil, err
	}
	if over := filepath.Join(dir, "publishconf.py"); dialect.IsRegular(over) {
		if err := addPython(own, over, 0); err != nil {
			return nil, err
		}
	}
	own.ContentDir = own.Scalar("path")
	if info, err := os.Stat(filepath.Join(dir, "content")); own.ContentDir == "" && err == nil && info.IsDir() {
		own.ContentDir = "content" // which a computed PATH nearly always means, and which Pelican's Makefile and tasks.py name
	}
	own.ContentDir = cmp.Or(own.ContentDir, ".")
	return own, nil
}

// maxImports bounds how deep settings files may import each other.
const maxImports = 5

var starImport = regexp.MustCompile(`(?m)^[ \t]*from[ \t]+\.?([A-Za-z_]\w*)[ \t]+import[ \t]+\*`)

// addPython adds what a settings file assigns, after what it imports from files beside it.
func addPython(o *dialect.Settings, file string, depth int) error {
	if slices.ContainsFunc(o.Files, func(f dialect.SettingsFile) bool { return f.Name == file }) {
		return nil
	}
	raw, err := dialect.ReadLimited(file)
	if err != nil {
		return err
	}
	text := string(raw)
	for _, m := range starImport.FindAllStringSubmatch(text, -1) {
		if beside := filepath.Join(filepath.Dir(file), m[1]+".py"); depth < maxImports && dialect.IsRegular(beside) {
			if err := addPython(o, beside, depth+1); err != nil {
				return err
			}
		}
	}
	o.AddFile(file, raw)
	values, unknown := literal.ParsePython(text, o.Values)
	for key, v := range values {
		o.Values[key] = v
		delete(o.Unknown, key)
	}
	for key, u := range unknown {
		u.File = file
		o.Unknown[key] = u
	}
	return nil
}
