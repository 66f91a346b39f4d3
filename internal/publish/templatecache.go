package publish

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"publisher/templates"
)

// templateCache parses the templates again only if a file of theirs has changed: a daemon
// asks every minute.
type templateCache struct {
	mu    sync.Mutex
	files string // names, sizes and times of the owner's files
	set   *templates.Set
}

// get returns the templates of a folder, from load if something in it has changed.
func (c *templateCache) get(dir string, load func() (*templates.Set, error)) (*templates.Set, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	files := listing(dir)
	if c.set != nil && c.files == files {
		return c.set, nil
	}
	set, err := load()
	if err == nil {
		c.set, c.files = set, files
	}
	return set, err
}

// listing returns a description of the files in a folder and in its i18n folder.
func listing(dir string) string {
	var text strings.Builder
	for _, pattern := range []string{"*", "i18n/*"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, file := range files {
			if info, err := os.Stat(file); err == nil {
				fmt.Fprintf(&text, "%s %d %d\n", file, info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return text.String()
}
