//go:build unix

package content_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"publisher/content"
)

// TestOddConfigs shows that an engine's config is read whole or not at all.
func TestOddConfigs(t *testing.T) {
	for name, test := range map[string]struct {
		file func(t *testing.T, b *blog)
		want string
	}{
		"a pipe": {func(t *testing.T, b *blog) {
			must(t, syscall.Mkfifo(filepath.Join(b.cfg.Dir, "blog", "_config.yml"), 0o600))
		}, "not a regular file"},
		"too large": {func(t *testing.T, b *blog) {
			b.write("_config.yml", "title: A\n"+strings.Repeat("# x\n", 300_000))
		}, "the limit is 1 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, map[string]string{"_posts/2024-01-01-a.md": "---\ntitle: A\n---\n"})
			test.file(t, b)
			if _, err := content.Open(b.cfg); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Open: %v, want %q", err, test.want)
			}
		})
	}
}
