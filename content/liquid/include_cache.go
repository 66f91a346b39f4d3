package liquid

import (
	"strings"
	"sync"
)

// Bounds of an IncludeCache.
const (
	maxCacheSize       = 8 << 20 // bytes
	maxCachedOutput    = 1 << 20
	maxCachedVariables = 50
)

// IncludeCache holds the output of includes that is the same in every post, such as a list of links to all
// topics of a blog.
type IncludeCache struct {
	mu   sync.Mutex
	size int
	by   map[string]cachedInclude // by the include's text
}

// cachedInclude is the output of an include, the steps that it took, and the variables that it set for the
// text after it.
type cachedInclude struct {
	out   string
	steps int
	set   map[string]any
}

func (p *IncludeCache) get(text string) (cachedInclude, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.by[text]
	return known, ok
}

func (p *IncludeCache) put(text string, made cachedInclude) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := len(text) + len(made.out)
	if _, ok := p.by[text]; ok || len(made.out) > maxCachedOutput || p.size+size > maxCacheSize {
		return
	}
	if p.by == nil {
		p.by = map[string]cachedInclude{}
	}
	p.size += size
	p.by[text] = made
}

// uses records what the evaluation of one include depended on. The scopes from inner on are its own.
type uses struct {
	inner   int
	set     map[string]bool // variables that it made itself
	outside bool            // it read or set something of the post or of what includes it, or reported a problem
}

// assign sets a variable for all text that follows.
func (e *Evaluator) assign(name string, v any) {
	e.vars[1][name] = v
	if e.uses == nil {
		return
	}
	if e.uses.set == nil {
		e.uses.set = map[string]bool{}
	}
	e.uses.set[name] = true
}

// storeInclude caches the output of an include if it is the same in other posts.
func (e *Evaluator) storeInclude(text, out string, steps int) {
	if e.uses.outside || e.failed || len(e.uses.set) > maxCachedVariables || e.steps > maxSteps {
		return
	}
	made := cachedInclude{strings.Clone(out), steps, map[string]any{}}
	for name := range e.uses.set {
		made.set[name] = e.vars[1][name]
	}
	e.Cache.put(text, made)
}

// cachedOutput repeats what an include did in another post.
func (e *Evaluator) cachedOutput(text string) (string, bool) {
	made, ok := e.Cache.get(text)
	if !ok || e.steps+made.steps >= maxSteps {
		return "", false
	}
	e.steps += made.steps
	for name, v := range made.set {
		e.assign(name, v)
	}
	return made.out, true
}

// useOutside records that the output of the text depends on where it is.
func (e *Evaluator) useOutside() {
	if e.uses != nil {
		e.uses.outside = true
	}
}

// shadowsSite reports whether the text redefined what useVariable assumes to be the same in all posts.
func (e *Evaluator) shadowsSite() bool {
	for _, scope := range e.vars[1:] {
		_, site := scope["site"]
		if _, engine := scope["jekyll"]; site || engine {
			return true
		}
	}
	return false
}

// useVariable records the use of a variable, by the scope where it was found, -1 for none. The settings of
// the site are the same in all posts.
func (e *Evaluator) useVariable(scope int, name string) {
	if e.uses == nil || scope >= e.uses.inner || scope == 1 && e.uses.set[name] || scope == 0 && (name == "site" || name == "jekyll") {
		return
	}
	e.uses.outside = true
}
