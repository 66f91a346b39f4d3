package markdown

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"golang.org/x/text/unicode/norm"

	"publisher/content/slug"
)

// HeadingIDs is how an engine makes the ids of headings.
type HeadingIDs int

// The ways to make ids.
const (
	GitHubIDs HeadingIDs = iota // Hugo and Jekyll
	ASCIIIDs                    // Zola
	PythonIDs                   // Python-Markdown's toc extension
)

// idGenerator makes ids that are unique within one document.
type idGenerator struct {
	style HeadingIDs
	taken map[string]bool
	next  map[string]int // the number to try next after an id
}

func newIDGenerator(style HeadingIDs) *idGenerator {
	return &idGenerator{style: style, taken: map[string]bool{}, next: map[string]int{}}
}

// Generate implements parser.IDs.
func (h *idGenerator) Generate(value []byte, _ ast.NodeKind) []byte {
	text := string(bytes.TrimSpace(value))
	id, separator := "", "-"
	switch h.style {
	case ASCIIIDs:
		id = slug.ASCII(text)
	case PythonIDs:
		id, separator = pythonID(text), "_"
	default:
		id = githubID(text)
	}
	if id == "" {
		id = "heading"
	}
	free := id
	for h.taken[free] {
		h.next[id]++
		free = id + separator + strconv.Itoa(h.next[id])
	}
	h.taken[free] = true
	return []byte(free)
}

// Put implements parser.IDs.
func (h *idGenerator) Put(value []byte) { h.taken[string(value)] = true }

// githubID keeps letters, digits, hyphens and underscores of every script.
func githubID(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '-' || r == '_':
			return r
		case unicode.IsSpace(r):
			return '-'
		}
		return -1
	}, strings.ToLower(s))
}

func pythonID(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-' || unicode.IsSpace(r)) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(s))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '-' || unicode.IsSpace(r) }), "-")
}
