// Package pymarkdown converts the Markdown of Python-Markdown, which Pelican uses, to HTML.
//
// It follows https://python-markdown.github.io/reference/ and, where that is ambiguous, Python-Markdown 3.4:
// fenced code and blocks of HTML are stashed first, the rest is divided at blank lines, and the inline rules
// are applied to the text of each block, one after the other. Any input gives output: text that would take
// more than linear time is kept as it is.
package pymarkdown

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"publisher/content/limits"
)

// Options are the settings of Python-Markdown and its extensions that change the output.
type Options struct {
	Extra        bool // abbr, attr_list, def_list, fenced_code, footnotes, md_in_html, tables
	Tables       bool
	FencedCode   bool
	Footnotes    bool
	DefLists     bool
	MDInHTML     bool
	AttrLists    bool
	Abbr         bool
	Admonitions  bool
	HardWrap     bool // nl2br
	SaneLists    bool // items of the other kind neither begin nor continue a list
	Smarty       bool // smarty
	LongDashes   bool // two hyphens are an em dash, as in typogrify
	TOC          bool // [TOC] is a table of contents
	TOCTitle     string
	TOCDepth     [2]int // the range of heading levels; {0, 0} for all
	Math         bool   // a plugin reads TeX
	MathBrackets bool   // the plugin also reads \( and \[
	CodeHeaders  bool   // codehilite: the first line of code may name its language
	// Code renders a code block. Without it, code is escaped.
	Code func(code, language string) string
	// HeadingID returns the ID of a heading; nil for none.
	HeadingID func(text string) string
	// Budget bounds what the conversion may cost; nil for no limits.
	Budget *limits.Budget
}

// No author gets near these limits.
const (
	maxDepth   = 60
	workBase   = 1 << 20 // bytes that may be read for blocks, besides workFactor times the text
	workFactor = 8
	maxRetries = 1 << 19 // bytes that may be read again after a mark that turned out to open nothing
)

// element is a block. Its text is Markdown for the inline rules, unless it is raw.
type element struct {
	tag      string
	attr     string
	text     string
	raw      string // verbatim HTML
	code     bool
	language string
	children []*element
}

func (e *element) add(child *element) *element {
	e.children = append(e.children, child)
	return child
}

func (e *element) last() *element {
	if len(e.children) == 0 {
		return nil
	}
	return e.children[len(e.children)-1]
}

type document struct {
	Options
	stash     []stashed
	stashSize int // bytes of HTML in stash
	links     map[string]reference
	notes     map[string]*element
	order     []string       // of footnotes
	numbers   map[string]int // of the footnotes
	abbr      map[string]string
	retries   int
	work      int // bytes that may still be read for blocks
	depth     int
	rules     []rule
	toc       []headline
}

// stashed is a part of the document that is replaced by a mark until the end.
type stashed struct {
	html    string // final
	text    string // what it is in an address or a title
	block   bool
	inline  bool     // an element that may be followed by an attribute list
	element *element // parsed Markdown
}

type reference struct{ address, title string }

// HTML converts a document to HTML.
func HTML(source string, o Options) string {
	if o.Extra {
		o.Tables, o.FencedCode, o.Footnotes, o.DefLists, o.MDInHTML, o.AttrLists, o.Abbr = true, true, true, true, true, true, true
	}
	d := &document{Options: o, links: map[string]reference{}, notes: map[string]*element{}, abbr: map[string]string{}, numbers: map[string]int{}, retries: maxRetries}
	source = strings.NewReplacer("\x02", "", "\x03", "", "\r\n", "\n", "\r", "\n").Replace(source)
	source = blankLines(expandTabs(source)) + "\n\n"
	if d.FencedCode {
		source = d.fencedCode(source)
	}
	d.rules, d.work = inlineRules(d), workBase+workFactor*len(source)
	root := &element{}
	d.parse(root, d.extractHTML(endReferences(source)))
	var b strings.Builder
	b.Grow(len(source) + len(source)/4)
	d.render(&b, root, 0)
	d.footnotes(&b)
	if d.TOC {
		return strings.Replace(b.String(), contentsPlace, d.contents(), 1)
	}
	return b.String()
}

// parse reads a text as blocks.
func (d *document) parse(into *element, text string) {
	p := &blockParser{document: d}
	p.blocks(into, strings.Split(text, "\n\n"))
}

// endReferences adds missing semicolons to numeric character references.
func endReferences(s string) string {
	if !strings.Contains(s, "&#") {
		return s
	}
	return openReference.ReplaceAllStringFunc(s, func(m string) string { // the last letter is the one after it
		if strings.HasSuffix(m, ";") {
			return m
		}
		_, size := utf8.DecodeLastRuneInString(m)
		return m[:len(m)-size] + ";" + m[len(m)-size:]
	})
}

var openReference = regexp.MustCompile(`&#(?:[0-9]+|[xX][0-9a-fA-F]+)[^0-9a-fA-F]`)

const tabLength = 4

func expandTabs(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	column := 0
	for _, r := range s {
		switch r {
		case '\t':
			n := tabLength - column%tabLength
			b.WriteString("    "[:n])
			column += n
			continue
		case '\n':
			column = -1
		}
		column++
		b.WriteRune(r)
	}
	return b.String()
}

// blankLines empties the lines of spaces.
func blankLines(s string) string {
	if !strings.Contains(s, " \n") {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.Trim(line, " ") == "" && i > 0 {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

const markStart, markEnd = '\x02', '\x03'

func (d *document) store(s stashed) string {
	d.Budget.Nodes(1)
	d.stashSize += len(s.html)
	d.Budget.CheckHTML(d.stashSize)
	d.Budget.Scan(len(s.html))
	d.stash = append(d.stash, s)
	return string(markStart) + strconv.Itoa(len(d.stash)-1) + string(markEnd)
}

// marked returns what the mark at the beginning of s stands for, and the size of the mark.
func (d *document) marked(s string) (*stashed, int) {
	if s == "" || s[0] != markStart {
		return nil, 0
	}
	n := 0
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == markEnd && i > 1 && n < len(d.stash):
			return &d.stash[n], i + 1
		case s[i] < '0' || s[i] > '9' || i > 9:
			return nil, 0
		}
		n = n*10 + int(s[i]-'0')
	}
	return nil, 0
}

// fencedCode stashes code between fences. A fence is at the beginning of a line, and is closed by the same
// fence.
func (d *document) fencedCode(source string) string {
	if !strings.Contains(source, "```") && !strings.Contains(source, "~~~") {
		return source
	}
	lines := strings.SplitAfter(source, "\n")
	closes := map[string][]int{} // fence → lines
	for i, line := range lines {
		if f := strings.TrimRight(line, " \n"); isFence(f) {
			closes[f] = append(closes[f], i)
		}
	}
	var b strings.Builder
	for i := 0; i < len(lines); i++ {
		fence, language, ok := openFence(lines[i])
		end := -1
		if ok {
			list := closes[fence]
			for len(list) > 0 && list[0] <= i {
				list = list[1:]
			}
			closes[fence] = list
			if len(list) > 0 {
				end = list[0]
			}
		}
		if end < 0 {
			b.WriteString(lines[i])
			continue
		}
		code := strings.Join(lines[i+1:end], "")
		b.WriteString("\n" + d.store(stashed{block: true, element: &element{code: true, text: code, language: language}}) + "\n\n")
		i = end
	}
	return b.String()
}

func isFence(s string) bool {
	return len(s) >= 3 && (strings.Trim(s, "`") == "" || strings.Trim(s, "~") == "")
}

func openFence(line string) (fence, language string, ok bool) {
	if line == "" || line[0] != '`' && line[0] != '~' {
		return "", "", false
	}
	rest := strings.TrimLeft(line, line[:1])
	fence = line[:len(line)-len(rest)]
	info := strings.TrimSpace(rest)
	if len(fence) < 3 {
		return "", "", false
	}
	if inner, found := strings.CutPrefix(info, "{"); found && strings.HasSuffix(inner, "}") {
		for word := range strings.FieldsSeq(strings.TrimSuffix(inner, "}")) {
			if name, isClass := strings.CutPrefix(word, "."); isClass && language == "" {
				language = name
			}
		}
		return fence, language, true
	}
	word, more, _ := strings.Cut(info, " ")
	more = strings.TrimSpace(more)
	if more != "" && !strings.HasPrefix(more, "hl_lines=") && !strings.HasPrefix(more, "{") {
		return "", "", false
	}
	if strings.HasPrefix(word, "hl_lines=") {
		return fence, "", true
	}
	word = strings.TrimPrefix(word, ".")
	for _, c := range word {
		if !isWord(c) && !strings.ContainsRune("#.+-", c) {
			return "", "", false
		}
	}
	return fence, word, true
}
