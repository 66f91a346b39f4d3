package markdown

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"publisher/content/mdsource"
)

// formulas keeps TeX as the author wrote it: $…$ and $$…$$ are text, so that no
// underscore becomes emphasis.
type formulas struct{}

// Extend implements goldmark.Extender.
func (formulas) Extend(m goldmark.Markdown) {
	m.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(formulas{}, 50)))
}

// Trigger implements parser.InlineParser.
func (formulas) Trigger() []byte { return []byte{'$'} }

// maxFormula is longer than any formula; beyond it a dollar sign is text.
const maxFormula = 1000

// Parse implements parser.InlineParser.
func (formulas) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	open, end := formulaMarks(line)
	if open == "" {
		return nil
	}
	found, segment := block.Position()
	var inner bytes.Buffer
	block.Advance(len(open))
	for {
		line, _ := block.PeekLine()
		if line == nil || inner.Len() > maxFormula {
			block.SetPosition(found, segment)
			return nil
		}
		if at := bytes.Index(line, []byte(end)); at >= 0 {
			inner.Write(line[:at])
			if !isFormula(open, inner.String(), line[at+len(end):]) {
				block.SetPosition(found, segment)
				return nil
			}
			block.Advance(at + len(end))
			formula := ast.NewString([]byte(open + inner.String() + end))
			formula.SetRaw(true) // a backslash in TeX escapes nothing
			return formula
		}
		inner.Write(line)
		block.AdvanceLine()
	}
}

func formulaMarks(line []byte) (open, end string) {
	if bytes.HasPrefix(line, []byte("$$")) {
		return "$$", "$$"
	}
	if bytes.HasPrefix(line, []byte("$")) {
		return "$", "$"
	}
	return "", ""
}

// isFormula reports whether inner is a formula, rather than prices or escaped brackets.
func isFormula(open, inner string, after []byte) bool {
	if strings.TrimSpace(inner) == "" || strings.Contains(inner, "\n\n") {
		return false
	}
	if open == "$$" {
		return true
	}
	if notTeX.MatchString(inner) {
		return false
	}
	if open == "$" {
		spaced := strings.TrimSpace(inner) != inner
		return !spaced && (len(after) == 0 || after[0] < '0' || after[0] > '9') && strings.ContainsAny(inner, `\_^{}=+*<>`)
	}
	return surelyTeX.MatchString(inner)
}

var (
	// notTeX matches what prose contains and a formula does not: code, a link, an address, the
	// rest of a sentence.
	notTeX = regexp.MustCompile("^[,.;:!?)]|`|\\]\\(|://")

	// surelyTeX matches a formula, but not brackets that a converter of HTML has escaped, in
	// which punctuation may be escaped too and words emphasized: a command, a brace, an exponent,
	// an index.
	surelyTeX = regexp.MustCompile(`\\[A-Za-z{},;:!|%&]|\^|[A-Za-z0-9)}]_(?:[A-Za-z0-9](?:[^A-Za-z0-9_]|$)|[{\\])|[=<>+]`)
)

// escapeFormulas escapes \(…\) and \[…\] so that Markdown, which reads these as
// escaped brackets, shows them as they are.
func escapeFormulas(source string) string {
	if !strings.Contains(source, `\)`) && !strings.Contains(source, `\]`) {
		return source
	}
	return mdsource.OutsideCode(source, func(prose string) string {
		var out strings.Builder
		for {
			at := strings.IndexByte(prose, '\\')
			if at < 0 || at+1 == len(prose) {
				break
			}
			size := bracketFormula(prose[at:])
			if size > 0 {
				out.WriteString(prose[:at] + asciiPunctuation.ReplaceAllString(prose[at:at+size], `\$0`))
			} else {
				size = 2 // an escape and what it escapes
				out.WriteString(prose[:at+size])
			}
			prose = prose[at+size:]
		}
		return out.String() + prose
	})
}

// bracketFormula returns the length of the formula that s begins with, 0 for none.
func bracketFormula(s string) int {
	end := map[byte]string{'(': `\)`, '[': `\]`}[s[1]]
	if end == "" {
		return 0
	}
	n := strings.Index(s[2:min(len(s), maxFormula)], end)
	if n < 0 || !isFormula(s[:2], s[2:2+n], nil) {
		return 0
	}
	return 2 + n + 2
}

var asciiPunctuation = regexp.MustCompile("[!-/:-@\\[-`{-~]")
