package mailhtml

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// Stylesheet is the mail's style sheet: rules to be moved into style attributes, because many
// mail programs support nothing else, and those that cannot be.
type Stylesheet struct {
	rules []rule // in the order in which they apply
	// enhanced are the rules of media queries: dark mode and small screens.
	enhanced []mediaRule
	// light and dark are the custom properties of :root.
	light, dark map[string]string
}

type rule struct {
	selector     string
	match        cascadia.Sel
	declarations []declaration
}

type declaration struct{ property, value string }

type mediaRule struct {
	query string
	rule  rule
}

const darkQuery = "(prefers-color-scheme:dark)"

// NewStylesheet returns an empty style sheet.
func NewStylesheet() *Stylesheet {
	return &Stylesheet{light: map[string]string{}, dark: map[string]string{}}
}

// Add adds a CSS file. Later files take precedence, as in a page. A fault is a *CSSError.
func (s *Stylesheet) Add(source []byte) error {
	r := stylesheetReader{sheet: s, source: source}
	p := css.NewParser(parse.NewInputBytes(slices.Clone(source)), false)
	for {
		switch grammar, _, data := p.Next(); grammar {
		case css.ErrorGrammar:
			if errors.Is(p.Err(), io.EOF) {
				s.sort()
				return nil
			}
			return r.fault(p.Offset(), "this is not CSS: "+cssComplaint(p.Err()))
		case css.BeginAtRuleGrammar:
			if string(data) != "@media" || r.query != "" {
				return r.fault(p.Offset(), "only @media may stand here, and not inside another")
			}
			r.query = joinTokens(p.Values())
		case css.AtRuleGrammar:
			return r.fault(p.Offset(), fmt.Sprintf("%s does not work in mail", data))
		case css.EndAtRuleGrammar:
			r.query = ""
		case css.BeginRulesetGrammar:
			r.selectors, r.offset = joinTokens(p.Values()), p.Offset()
		case css.DeclarationGrammar, css.CustomPropertyGrammar:
			value := strings.TrimSpace(strings.TrimSuffix(joinTokens(p.Values()), "!important"))
			r.declarations = append(r.declarations, declaration{string(data), value})
		case css.EndRulesetGrammar:
			if err := r.endRule(); err != nil {
				return err
			}
		}
	}
}

// CSSError is a fault in a style sheet.
type CSSError struct {
	Line    int // counts from 1
	Message string
}

func (e *CSSError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// stylesheetReader is the state of reading a rule.
type stylesheetReader struct {
	sheet        *Stylesheet
	source       []byte
	query        string // of the media query around it; "" for none
	selectors    string
	offset       int // of the selectors' end
	declarations []declaration
}

func (r *stylesheetReader) endRule() error {
	declarations := r.declarations
	r.declarations = nil
	if r.selectors == ":root" {
		r.define(declarations)
		return nil
	}
	group, err := cascadia.ParseGroup(r.selectors)
	if err != nil {
		return r.fault(r.offset, fmt.Sprintf("the selector %q: %v", r.selectors, err))
	}
	for _, match := range group {
		rule := rule{strings.Join(strings.Fields(match.String()), " "), match, declarations}
		if r.query == "" {
			r.sheet.rules = append(r.sheet.rules, rule)
		} else {
			r.sheet.enhanced = append(r.sheet.enhanced, mediaRule{r.query, rule})
		}
	}
	return nil
}

// define records the custom properties of :root.
func (r *stylesheetReader) define(properties []declaration) {
	into := r.sheet.light
	if r.query == darkQuery {
		into = r.sheet.dark
	}
	for _, d := range properties {
		into[d.property] = d.value
	}
}

func (r *stylesheetReader) fault(offset int, message string) error {
	before := string(r.source[:min(offset, len(r.source))])
	return &CSSError{Line: 1 + strings.Count(before, "\n"), Message: message}
}

// cssComplaint returns the parser's message without its excerpt of the line.
func cssComplaint(err error) string {
	if e, ok := errors.AsType[*parse.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

// joinTokens writes values as CSS, quoted with ' for use in an attribute.
func joinTokens(tokens []css.Token) string {
	var b strings.Builder
	for _, t := range tokens {
		if t.TokenType == css.StringToken {
			b.WriteString("'" + strings.Trim(string(t.Data), `"'`) + "'")
			continue
		}
		b.Write(t.Data)
	}
	return strings.TrimSpace(b.String())
}

// sort sorts the rules by specificity.
func (s *Stylesheet) sort() {
	slices.SortStableFunc(s.rules, func(a, b rule) int {
		x, y := a.match.Specificity(), b.match.Specificity()
		return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]), cmp.Compare(x[2], y[2]))
	})
}

// enhancements returns the contents of the style element: the media queries, and the dark colors
// of every rule that uses a color with a dark variant. Everything is !important, to override
// style attributes.
func (s *Stylesheet) enhancements() string {
	var dark []mediaRule
	for _, r := range s.rules {
		r.declarations = s.darkened(r.declarations)
		dark = append(dark, mediaRule{darkQuery, r})
	}
	var b strings.Builder
	open, last := "", ""
	for _, m := range append(dark, s.enhanced...) {
		body := s.important(m)
		if body == "" {
			continue
		}
		if m.query != open {
			b.WriteString(last + strings.Repeat("}\n", min(len(open), 1)) + "@media " + m.query + "{\n")
			open, last = m.query, ""
		}
		if rest, same := strings.CutSuffix(last, body); same {
			last = strings.TrimSuffix(rest, "\n") + "," + m.rule.selector + body
			continue
		}
		b.WriteString(last)
		last = m.rule.selector + body
	}
	if open == "" {
		return ""
	}
	return b.String() + last + "}\n"
}

// important returns the declarations of a media rule in braces.
func (s *Stylesheet) important(m mediaRule) string {
	values := s.light
	if m.query == darkQuery {
		values = s.dark
	}
	var out []string
	for _, d := range m.rule.declarations {
		out = append(out, d.property+":"+substitute(d.value, values, s.light)+"!important")
	}
	if len(out) == 0 {
		return ""
	}
	return "{" + strings.Join(out, ";") + "}\n"
}

// darkened returns the declarations that differ in dark mode. Of a border only the color does.
func (s *Stylesheet) darkened(declarations []declaration) []declaration {
	var out []declaration
	for _, d := range declarations {
		if substitute(d.value, s.dark, s.light) == substitute(d.value, s.light, nil) {
			continue
		}
		if strings.HasPrefix(d.property, "border") {
			d = declaration{"border-color", d.value[strings.Index(d.value, "var("):]}
		}
		out = append(out, d)
	}
	return out
}

// substitute replaces var(--name) by its value, from fallback if values has none. Values cannot
// use other values, so they cannot be circular.
func substitute(value string, values, fallback map[string]string) string {
	for {
		before, rest, found := strings.Cut(value, "var(")
		name, after, closed := strings.Cut(rest, ")")
		if !found || !closed {
			return value
		}
		v, ok := values[name]
		if !ok {
			v = fallback[name]
		}
		value = before + strings.ReplaceAll(v, "var(", "") + after
	}
}

// Variables returns the colors of the style sheet as CSS, including dark ones.
func (s *Stylesheet) Variables() string {
	var b strings.Builder
	write := func(values map[string]string) {
		b.WriteString(":root {")
		for _, name := range slices.Sorted(maps.Keys(values)) {
			fmt.Fprintf(&b, " %s: %s;", name, values[name])
		}
		b.WriteString(" }")
	}
	write(s.light)
	b.WriteString("\n@media (prefers-color-scheme: dark) { ")
	write(s.dark)
	b.WriteString(" }")
	return b.String()
}
