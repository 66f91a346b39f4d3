package liquid

import (
	"strings"
	"sync"
)

// Bounds of what is remembered of a tree's includes.
const (
	maxPureIncludes = 8 << 20 // bytes
	maxPureText     = 1 << 20
	maxPureSet      = 50 // variables
)

// pureIncludes remembers what includes come to that say the same in every post, such
// as a list of links to all topics of a blog: nothing in them is the post's.
type PureIncludes struct {
	mu   sync.Mutex
	size int
	by   map[string]pureInclude // by the include's text
}

// pureInclude is the text that an include comes to, the steps that this took, and the
// variables that it sets for the text after it.
type pureInclude struct {
	out   string
	steps int
	set   map[string]any
}

func (p *PureIncludes) get(text string) (pureInclude, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.by[text]
	return known, ok
}

func (p *PureIncludes) put(text string, made pureInclude) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := len(text) + len(made.out)
	if _, ok := p.by[text]; ok || len(made.out) > maxPureText || p.size+size > maxPureIncludes {
		return
	}
	if p.by == nil {
		p.by = map[string]pureInclude{}
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
func (l *Evaluator) assign(name string, v any) {
	l.vars[1][name] = v
	if l.uses == nil {
		return
	}
	if l.uses.set == nil {
		l.uses.set = map[string]bool{}
	}
	l.uses.set[name] = true
}

// rememberInclude keeps what an include came to for other posts, if it says the same there.
func (l *Evaluator) rememberInclude(text, out string, steps int) {
	if l.uses.outside || l.failed || len(l.uses.set) > maxPureSet || l.steps > maxLiquidSteps {
		return
	}
	made := pureInclude{strings.Clone(out), steps, map[string]any{}}
	for name := range l.uses.set {
		made.set[name] = l.vars[1][name]
	}
	l.Memory.put(text, made)
}

// recallInclude does what an include did in another post.
func (l *Evaluator) recallInclude(text string) (string, bool) {
	made, ok := l.Memory.get(text)
	if !ok || l.steps+made.steps >= maxLiquidSteps {
		return "", false
	}
	l.steps += made.steps
	for name, v := range made.set {
		l.assign(name, v)
	}
	return made.out, true
}

// useOutside notes that the text that is being evaluated is not the same everywhere.
func (l *Evaluator) useOutside() {
	if l.uses != nil {
		l.uses.outside = true
	}
}

// shadowsSite reports that the text gave another meaning to what useVariable takes to
// be the same for all posts.
func (l *Evaluator) shadowsSite() bool {
	for _, scope := range l.vars[1:] {
		_, site := scope["site"]
		if _, engine := scope["jekyll"]; site || engine {
			return true
		}
	}
	return false
}

// useVariable notes a variable by the scope where it was found, -1 for none. The
// settings of the site are the same for all posts.
func (l *Evaluator) useVariable(scope int, name string) {
	if l.uses == nil || scope >= l.uses.inner || scope == 1 && l.uses.set[name] || scope == 0 && (name == "site" || name == "jekyll") {
		return
	}
	l.uses.outside = true
}
