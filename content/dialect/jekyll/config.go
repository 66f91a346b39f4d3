package jekyll

import (
	"os"
	"path"
	"path/filepath"

	"publisher/content/dialect"
	"publisher/internal/config"
)

// bareJekyll is a blog that lives by Jekyll's defaults: it has a folder _posts and
// no config.
func BareSettings(dir string) *dialect.Settings {
	info, err := os.Stat(filepath.Join(dir, "_posts"))
	if err != nil || !info.IsDir() {
		return nil
	}
	return &dialect.Settings{Dialect: config.Jekyll, Root: dir, ContentDir: ".", Values: map[string]any{}}
}

// jekyllConfig reads _config.yml.
func ReadSettings(dir, _ string) (*dialect.Settings, error) {
	for _, name := range []string{"_config.yml", "_config.yaml", "_config.toml"} {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			values, text, err := dialect.ReadConfigFile(file)
			if err != nil {
				return nil, err
			}
			own := &dialect.Settings{Dialect: config.Jekyll, Root: dir, ContentDir: ".", Values: values}
			if source := path.Clean(own.Scalar("source")); filepath.IsLocal(source) {
				own.ContentDir = source
			}
			return own.AddFile(file, text), nil
		}
	}
	return nil, nil
}
