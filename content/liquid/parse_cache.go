package liquid

import "strings"

// maxParsed bounds how many expressions are remembered.
const maxParsed = 10_000

// parseCache is what one text's expressions were taken apart into.
type parseCache struct {
	tokens map[string][]string
	paths  map[string][]string // of variables without brackets, which mean the same everywhere
}

// cache is shared with the includes of the text.
func (e *Evaluator) cache() *parseCache {
	if e.read == nil {
		e.read = &parseCache{tokens: map[string][]string{}, paths: map[string][]string{}}
	}
	return e.read
}

// parts are those of a variable's path.
func (e *Evaluator) parts(path string) ([]string, bool) {
	c := e.cache()
	if parts, ok := c.paths[path]; ok {
		return parts, true
	}
	parts, ok := e.pathParts(path)
	if ok && len(c.paths) < maxParsed && !strings.Contains(path, "[") {
		c.paths[path] = parts
	}
	return parts, ok
}
