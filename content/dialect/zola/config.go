package zola

import (
	"os"
	"path/filepath"

	"publisher/content/dialect"
	"publisher/internal/config"
)

// ReadSettings reads zola.toml, or a config.toml that has Zola's base_url.
func ReadSettings(dir, ours string) (*dialect.Settings, error) {
	for _, name := range []string{"zola.toml", "config.toml"} {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err != nil || dialect.SameFile(file, ours) {
			continue
		}
		values, text, err := dialect.ReadConfigFile(file)
		if err != nil {
			return nil, err
		}
		if _, zola := values["base_url"]; zola {
			return (&dialect.Settings{Dialect: config.Zola, Root: dir, ContentDir: "content", Values: values}).AddFile(file, text), nil
		}
	}
	return nil, nil
}

// CopyNotice implements [dialect.Engine].
func (z *Engine) CopyNotice(file string) string {
	return z.CopiedFrom("Zola", file, "static", "content")
}
