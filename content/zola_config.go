package content

import (
	"os"
	"path/filepath"

	"publisher/internal/config"
)

// zolaConfig reads zola.toml, or the config.toml that has Zola's base_url.
func zolaConfig(dir, ours string) (*ownConfig, error) {
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
			return (&ownConfig{dialect: config.Zola, root: dir, contentDir: "content", values: values}).add(file, text), nil
		}
	}
	return nil, nil
}

func (z *zola) copies(file string) string { return z.copiedFrom("Zola", file, "static", "content") }
