package liquid

import "strings"

// maxCached bounds how many expressions are remembered.
const maxCached = 10_000

// liquidCache is what one text's expressions were taken apart into.
type liquidCache struct {
	tokens map[string][]string
	paths  map[string][]string // of variables without brackets, which mean the same everywhere
}

// cache is shared with the includes of the text.
func (l *Evaluator) cache() *liquidCache {
	if l.read == nil {
		l.read = &liquidCache{tokens: map[string][]string{}, paths: map[string][]string{}}
	}
	return l.read
}

// parts are those of a variable's path.
func (l *Evaluator) parts(path string) ([]string, bool) {
	c := l.cache()
	if parts, ok := c.paths[path]; ok {
		return parts, true
	}
	parts, ok := l.pathParts(path)
	if ok && len(c.paths) < maxCached && !strings.Contains(path, "[") {
		c.paths[path] = parts
	}
	return parts, ok
}
