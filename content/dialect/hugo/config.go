package hugo

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/internal/config"
)

// hugoFiles are the names that Hugo's config may have in the blog's folder; those
// from the fifth on may be other programs', too.
var hugoFiles = []string{"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.yaml", "config.yml", "config.json"}

// hugoFolders are those that lie over it, the later ones over the earlier. The
// site that readers see is built for production.
var hugoConfigFolders = []string{"config/_default", "config/production"}

func ReadSettings(dir, ours string) (*dialect.Settings, error) {
	var own *dialect.Settings
	for _, name := range hugoFiles {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err != nil || info.IsDir() || dialect.SameFile(file, ours) {
			continue
		}
		values, text, err := dialect.ReadConfig(file)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(name, "config.") && !IsSettings(values, dir) {
			continue
		}
		own = newHugoConfig(dir, values).Add(file, text)
		break
	}
	if _, err := os.Stat(filepath.Join(dir, "config.toml")); own == nil && err == nil {
		return nil, nil // hugoConfigTOML tells whose it is
	}
	return hugoOver(dir, own)
}

// hugoOver lays the config folders over the settings in the blog's folder, which
// may be none; nil where there are neither.
func hugoOver(dir string, own *dialect.Settings) (*dialect.Settings, error) {
	for _, name := range hugoConfigFolders {
		folder := filepath.Join(dir, filepath.FromSlash(name))
		info, err := os.Stat(folder)
		if err != nil || !info.IsDir() || own == nil && name != hugoConfigFolders[0] {
			continue
		}
		if own == nil {
			own = newHugoConfig(dir, map[string]any{})
		}
		if err := addConfigFolder(own, folder); err != nil {
			return nil, err
		}
	}
	if own != nil {
		own.ContentDir = cmp.Or(own.Scalar("contentdir"), "content")
		own.Mounts = contentMounts(own.Values)
	}
	return own, nil
}

func newHugoConfig(root string, values map[string]any) *dialect.Settings {
	return &dialect.Settings{Dialect: config.Hugo, Root: root, Values: values}
}

// hugoConfigTOML reads config.toml, which sites of Zola have as well, and older ones of
// Hugo.
func ReadConfigTOML(dir, ours string) (*dialect.Settings, error) {
	file := filepath.Join(dir, "config.toml")
	if _, err := os.Stat(file); err != nil || dialect.SameFile(file, ours) {
		return hugoOver(dir, nil)
	}
	values, text, err := dialect.ReadConfig(file)
	if err != nil {
		return nil, err
	}
	if _, zola := values["base_url"]; zola || !IsSettings(values, dir) {
		return hugoOver(dir, nil)
	}
	return hugoOver(dir, newHugoConfig(dir, values).Add(file, text))
}

// contentMounts are the folders that module.mounts puts into the content root.
func contentMounts(values map[string]any) []dialect.Mount {
	list, _ := frontmatter.Lookup(values, "module.mounts")
	items, _ := list.([]any)
	var out []dialect.Mount
	for _, item := range items {
		m, _ := item.(map[string]any)
		source, _ := m["source"].(string)
		target, _ := m["target"].(string)
		lang, _ := m["lang"].(string)
		if languages, ok := frontmatter.Lookup(m, "sites.matrix.languages"); ok && lang == "" {
			if list := frontmatter.Strings(languages, frontmatter.NoSplit); len(list) == 1 {
				lang = list[0]
			}
		}
		target = path.Clean(target)
		source = path.Clean(source)
		if target != "content" && !strings.HasPrefix(target, "content/") || !filepath.IsLocal(filepath.FromSlash(source)) {
			continue
		}
		out = append(out, dialect.Mount{Source: source, Below: strings.TrimPrefix(strings.TrimPrefix(target, "content"), "/"), Lang: lang})
	}
	slices.SortStableFunc(out, func(a, b dialect.Mount) int { return len(b.Source) - len(a.Source) })
	return out
}

// addConfigFolder reads the files of a folder and of those below: hugo.* or config.* is the
// root, another file's name is the key that it fills, wherever it lies.
func addConfigFolder(o *dialect.Settings, dir string) error {
	return filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading the blog's own config: %w", err)
		}
		ext := filepath.Ext(e.Name())
		if e.IsDir() || !slices.Contains([]string{".toml", ".yaml", ".yml", ".json"}, ext) {
			return nil
		}
		values, text, err := dialect.ReadConfig(file)
		if err != nil {
			return err
		}
		o.Add(file, text)
		key := strings.ToLower(strings.TrimSuffix(e.Name(), ext))
		if key == "hugo" || key == "config" {
			o.Values = overlay(o.Values, values)
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
		o.Values = overlay(o.Values, map[string]any{name: under})
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
func IsSettings(values map[string]any, dir string) bool {
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
