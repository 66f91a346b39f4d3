package content

import (
	"os"
	"path"
	"path/filepath"

	"publisher/internal/config"
)

// bareJekyll is a blog that lives by Jekyll's defaults: it has a folder _posts and
// no config.
func bareJekyll(dir string) *ownConfig {
	info, err := os.Stat(filepath.Join(dir, "_posts"))
	if err != nil || !info.IsDir() {
		return nil
	}
	return &ownConfig{dialect: config.Jekyll, root: dir, contentDir: ".", values: map[string]any{}}
}

// jekyllConfig reads _config.yml.
func jekyllConfig(dir, _ string) (*ownConfig, error) {
	for _, name := range []string{"_config.yml", "_config.yaml", "_config.toml"} {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			values, text, err := readConfig(file)
			if err != nil {
				return nil, err
			}
			own := &ownConfig{dialect: config.Jekyll, root: dir, contentDir: ".", values: values}
			if source := path.Clean(own.scalar("source")); filepath.IsLocal(source) {
				own.contentDir = source
			}
			return own.add(file, text), nil
		}
	}
	return nil, nil
}
