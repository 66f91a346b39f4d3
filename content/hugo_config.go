package content

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"publisher/internal/config"
)

// hugoFiles are the names that Hugo's config may have in the blog's folder; those
// from the fifth on may be other programs', too.
var hugoFiles = []string{"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.yaml", "config.yml", "config.json"}

// hugoFolders are those that lie over it, the later ones over the earlier. The
// site that readers see is built for production.
var hugoFolders = []string{"config/_default", "config/production"}

func hugoConfig(dir, ours string) (*ownConfig, error) {
	var own *ownConfig
	for _, name := range hugoFiles {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err != nil || info.IsDir() || sameFile(file, ours) {
			continue
		}
		values, text, err := readConfig(file)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(name, "config.") && !hugoish(values, dir) {
			continue
		}
		own = (&ownConfig{dialect: config.Hugo, values: values}).add(file, text)
		break
	}
	if _, err := os.Stat(filepath.Join(dir, "config.toml")); own == nil && err == nil {
		return nil, nil // tomlConfig tells whose it is
	}
	return hugoOver(dir, own)
}

// hugoOver lays the config folders over the settings in the blog's folder, which
// may be none; nil where there are neither.
func hugoOver(dir string, own *ownConfig) (*ownConfig, error) {
	for _, name := range hugoFolders {
		folder := filepath.Join(dir, filepath.FromSlash(name))
		info, err := os.Stat(folder)
		if err != nil || !info.IsDir() || own == nil && name != hugoFolders[0] {
			continue
		}
		if own == nil {
			own = &ownConfig{dialect: config.Hugo, values: map[string]any{}}
		}
		if err := addConfigFolder(own, folder); err != nil {
			return nil, err
		}
	}
	return own, nil
}

// addConfigFolder reads the files of a folder and of those below: hugo.* or config.* is the
// root, another file's name is the key that it fills, wherever it lies.
func addConfigFolder(o *ownConfig, dir string) error {
	return filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading the blog's own config: %w", err)
		}
		ext := filepath.Ext(e.Name())
		if e.IsDir() || !slices.Contains([]string{".toml", ".yaml", ".yml", ".json"}, ext) {
			return nil
		}
		values, text, err := readConfig(file)
		if err != nil {
			return err
		}
		o.add(file, text)
		key := strings.ToLower(strings.TrimSuffix(e.Name(), ext))
		if key == "hugo" || key == "config" {
			o.values = overlay(o.values, values)
			return nil
		}
		var under any = values
		name, lang, ofLanguage := strings.Cut(key, ".")
		switch {
		case ofLanguage && (name == "params" || name == "menus" || name == "menu"):
			name, under = "languages", map[string]any{lang: map[string]any{name: values}}
		case ofLanguage: // languages.de, or permalinks.de, of which the name says nothing more
			name, under = "languages", map[string]any{lang: values}
		}
		o.values = overlay(o.values, map[string]any{name: under})
		return nil
	})
}

// overlay puts the tables of one config over those of another, key by key.
func overlay(below, above map[string]any) map[string]any {
	out := make(map[string]any, len(below)+len(above))
	for key, v := range below {
		out[key] = v
	}
	for key, v := range above {
		over, isTable := v.(map[string]any)
		under, wasTable := out[key].(map[string]any)
		if isTable && wasTable {
			v = overlay(under, over)
		}
		out[key] = v
	}
	return out
}

// hugoish tells Hugo's config from another program's of the same name.
func hugoish(values map[string]any, dir string) bool {
	for _, key := range []string{"baseurl", "languagecode", "defaultcontentlanguage", "disablekinds", "enablerobotstxt", "mainsections"} {
		if _, ok := values[key]; ok {
			return true
		}
	}
	for _, key := range []string{"theme", "params", "taxonomies", "markup", "permalinks"} {
		if _, ok := values[key]; !ok {
			continue
		}
		for _, folder := range []string{"content", "archetypes", "themes", "layouts"} {
			if _, err := os.Stat(filepath.Join(dir, folder)); err == nil {
				return true
			}
		}
	}
	return false
}
