package liquid

import "strings"

// maxParsed bounds how many expressions are cached.
const maxParsed = 10_000

// parseCache holds the tokens and paths of one text's expressions.
type parseCache struct {
	tokens map[string][]string
	paths  map[string][]string // of variables without brackets, which do not depend on values
}

// cache returns the cache, which a text shares with its includes.
func (e *Evaluator) cache() *parseCache {
	if e.read == nil {
		e.read = &parseCache{tokens: map[string][]string{}, paths: map[string][]string{}}
	}
	return e.read
}

// parts returns the parts of a variable's path.
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
