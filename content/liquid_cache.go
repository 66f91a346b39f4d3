package content

import "strings"

// liquidCache is what one text's expressions were taken apart into.
type liquidCache struct {
	tokens map[string][]string
	paths  map[string][]string // of variables without brackets, which mean the same everywhere
}

// cache is shared with the includes of the text.
func (l *liquid) cache() *liquidCache {
	if l.macros.read == nil {
		l.macros.read = &liquidCache{tokens: map[string][]string{}, paths: map[string][]string{}}
	}
	return l.macros.read
}

// parts are those of a variable's path.
func (l *liquid) parts(path string) ([]string, bool) {
	c := l.cache()
	if parts, ok := c.paths[path]; ok {
		return parts, true
	}
	parts, ok := l.path(path)
	if ok && len(c.paths) < maxMacros && !strings.Contains(path, "[") {
		c.paths[path] = parts
	}
	return parts, ok
}
