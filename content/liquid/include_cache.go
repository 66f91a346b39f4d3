package liquid

import (
	"strings"
	"sync"
)

// Bounds of what is remembered of a tree's includes.
const (
	maxCacheSize       = 8 << 20 // bytes
	maxCachedOutput    = 1 << 20
	maxCachedVariables = 50 // variables
)

// pureIncludes remembers what includes come to that say the same in every post, such
// as a list of links to all topics of a blog: nothing in them is the post's.
type IncludeCache struct {
	mu   sync.Mutex
	size int
	by   map[string]cachedInclude // by the include's text
}

// cachedInclude is the text that an include comes to, the steps that this took, and the
// variables that it sets for the text after it.
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

// uses is what the evaluation of one include asked for. Its own are the scopes from
// inner on.
type uses struct {
	inner   int
	set     map[string]bool // variables of its own making
	outside bool            // it read or set something of the post or of what includes it, or had something to report
}

// assign sets a variable for all that follows.
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

// storeInclude keeps what an include came to for other posts, if it says the same there.
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

// cachedOutput does what an include did in another post.
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

// useOutside notes that the text that is being evaluated is not the same everywhere.
func (e *Evaluator) useOutside() {
	if e.uses != nil {
		e.uses.outside = true
	}
}

// shadowsSite reports that the text gave another meaning to what useVariable takes to
// be the same for all posts.
func (e *Evaluator) shadowsSite() bool {
	for _, scope := range e.vars[1:] {
		_, site := scope["site"]
		if _, engine := scope["jekyll"]; site || engine {
			return true
		}
	}
	return false
}

// useVariable notes a variable by the scope where it was found, -1 for none. The
// settings of the site are the same for all posts.
func (e *Evaluator) useVariable(scope int, name string) {
	if e.uses == nil || scope >= e.uses.inner || scope == 1 && e.uses.set[name] || scope == 0 && (name == "site" || name == "jekyll") {
		return
	}
	e.uses.outside = true
}
