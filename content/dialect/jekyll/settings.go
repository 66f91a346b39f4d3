package jekyll

import (
	"os"
	"path"
	"path/filepath"

	"publisher/content/dialect"
	"publisher/internal/config"
)

// BareSettings returns the settings of a blog that uses Jekyll's defaults: it has a folder _posts and no
// config. It returns nil for other folders.
func BareSettings(dir string) *dialect.Settings {
	info, err := os.Stat(filepath.Join(dir, "_posts"))
	if err != nil || !info.IsDir() {
		return nil
	}
	return &dialect.Settings{Dialect: config.Jekyll, Root: dir, ContentDir: ".", Values: map[string]any{}}
}

// ReadSettings reads _config.yml. It returns nil if a folder has none.
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
