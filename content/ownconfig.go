package content

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"publisher/config"
)

// ownConfig is the config file of the blog's own engine, read as data.
type ownConfig struct {
	dialect config.Dialect
	root    string         // the folder that it is in
	values  map[string]any // keys lower-case, as in front matter; Pelican's are its Python literals
	text    []byte         // all that was read: it decides whether a snapshot still holds
}

// maxConfig is more than any engine's config needs.
const maxConfig = 1 << 20

// findOwnConfig looks for an engine's config in dir and up to three folders
// above it. ours is config.yaml, which Hugo once used the name of. It returns
// nil where there is none.
func findOwnConfig(dir, ours string, want config.Dialect) (*ownConfig, error) {
	var bare *ownConfig
	for range 4 {
		for _, look := range []func(string, string) (*ownConfig, error){hugoConfig, jekyllConfig, pelicanConfig, tomlConfig, eleventyConfig} {
			own, err := look(dir, ours)
			if err != nil {
				return nil, err
			}
			if own != nil && (want == config.Auto || want == own.dialect) {
				own.root = dir
				return own, nil
			}
		}
		if bare == nil && (want == config.Auto || want == config.Jekyll) {
			bare = bareJekyll(dir)
		}
		parent := filepath.Dir(dir)
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || parent == dir {
			break
		}
		dir = parent
	}
	return bare, nil
}

// bareJekyll is a blog that lives by Jekyll's defaults: it has a folder _posts and
// no config.
func bareJekyll(dir string) *ownConfig {
	info, err := os.Stat(filepath.Join(dir, "_posts"))
	if err != nil || !info.IsDir() {
		return nil
	}
	return &ownConfig{dialect: config.Jekyll, root: dir, values: map[string]any{}}
}

func jekyllConfig(dir, _ string) (*ownConfig, error) {
	for _, name := range []string{"_config.yml", "_config.yaml", "_config.toml"} {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			values, text, err := readConfig(file)
			if err != nil {
				return nil, err
			}
			return &ownConfig{dialect: config.Jekyll, values: values, text: text}, nil
		}
	}
	return nil, nil
}

// pelicanConfig reads pelicanconf.py, and publishconf.py over it, as text.
func pelicanConfig(dir, _ string) (*ownConfig, error) {
	file := filepath.Join(dir, "pelicanconf.py")
	if _, err := os.Stat(file); err != nil {
		return nil, nil
	}
	text, err := readLimited(file)
	if err != nil {
		return nil, err
	}
	return &ownConfig{dialect: config.Pelican, values: pythonSettings(string(text)), text: text}, nil
}

// tomlConfig reads config.toml, which both Zola and older Hugo sites have.
func tomlConfig(dir, ours string) (*ownConfig, error) {
	for _, name := range []string{"zola.toml", "config.toml"} {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err != nil || sameFile(file, ours) {
			continue
		}
		values, text, err := readConfig(file)
		if err != nil {
			return nil, err
		}
		if _, zola := values["base_url"]; zola {
			return &ownConfig{dialect: config.Zola, values: values, text: text}, nil
		}
		if hugoish(values, dir) {
			return hugoOver(dir, &ownConfig{dialect: config.Hugo, values: values, text: text})
		}
	}
	return hugoOver(dir, nil)
}

func eleventyConfig(dir, _ string) (*ownConfig, error) {
	for _, name := range []string{".eleventy.js", "eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs", "eleventy.config.ts"} {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			text, err := readLimited(file)
			if err != nil {
				return nil, err
			}
			return &ownConfig{dialect: config.Eleventy, values: map[string]any{}, text: text}, nil
		}
	}
	return nil, nil
}

// readConfig reads YAML, TOML or JSON by the file's extension.
func readConfig(file string) (map[string]any, []byte, error) {
	text, err := readLimited(file)
	if err != nil {
		return nil, nil, err
	}
	var values map[string]any
	switch filepath.Ext(file) {
	case ".toml":
		if err = toml.Unmarshal(text, &values); err == nil {
			values = foldKeys(values, 0)
		}
	case ".json":
		if err = json.Unmarshal(text, &values); err == nil {
			values = foldKeys(values, 0)
		}
	default:
		values, err = parseYAML(string(text))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s, the blog's own config, does not parse: %w", file, err)
	}
	return values, text, nil
}

// readLimited refuses what would hang on opening or be cut short.
func readLimited(file string) ([]byte, error) {
	switch info, err := os.Stat(file); {
	case err != nil:
		return nil, fmt.Errorf("reading the blog's own config: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s, the blog's own config, is no regular file (a pipe, socket or device)", file)
	case info.Size() > maxConfig:
		return nil, fmt.Errorf("%s, the blog's own config, has %d MB (the limit is %d MB)", file, info.Size()>>20, maxConfig>>20)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the blog's own config: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig))
	if err != nil {
		return nil, fmt.Errorf("reading %s, the blog's own config: %w", file, err)
	}
	return text, nil
}

func sameFile(a, b string) bool {
	if b == "" {
		return false
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// text is a setting that holds one value; "" for none.
func (o *ownConfig) scalar(key string) string {
	if o == nil {
		return ""
	}
	s, _ := o.values[key].(string)
	return s
}

// setting is any value; nil for none.
func (o *ownConfig) setting(key string) any {
	if o == nil {
		return nil
	}
	return o.values[key]
}
