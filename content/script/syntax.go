package script

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/js"
)

// stringLiteral returns the value of a string literal, or of a template without parts.
func stringLiteral(e js.IExpr) (string, bool) {
	switch l := e.(type) {
	case *js.LiteralExpr:
		if l.TokenType == js.StringToken {
			return stringValue(l.Data), true
		}
	case *js.TemplateExpr:
		if l.Tag == nil && len(l.List) == 0 {
			return unquote(l.Tail), true
		}
	}
	return "", false
}

// stringValue returns the value of a literal in quotes.
func stringValue(data []byte) string {
	s := string(data)
	if len(s) < 2 {
		return ""
	}
	return unescape(s[1 : len(s)-1])
}

var escapes = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", `\b`, "\b", `\f`, "\f", `\v`, "\v", `\0`, "\x00", `\\`, `\`, "\\\n", "")

var unicodeEscape = regexp.MustCompile(`\\u\{([0-9a-fA-F]{1,6})\}|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})`)

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if s[0] != '\\' {
			at := strings.IndexByte(s, '\\')
			if at < 0 {
				at = len(s)
			}
			b.WriteString(s[:at])
			s = s[at:]
			continue
		}
		if m := unicodeEscape.FindStringSubmatch(s); m != nil && strings.HasPrefix(s, m[0]) {
			n, _ := strconv.ParseUint(m[1]+m[2]+m[3], 16, 32)
			b.WriteRune(rune(n))
			s = s[len(m[0]):]
			continue
		}
		if len(s) < 2 {
			break
		}
		if plain := escapes.Replace(s[:2]); plain != s[:2] {
			b.WriteString(plain)
		} else {
			b.WriteString(s[1:2])
		}
		s = s[2:]
	}
	return b.String()
}

func declaredNames(d *js.VarDecl) []string {
	var out []string
	for _, e := range d.List {
		out = append(out, boundNames(e.Binding)...)
	}
	return out
}

// boundNames returns the names in a pattern.
func boundNames(b js.IBinding) []string {
	var out []string
	switch b := b.(type) {
	case *js.Var:
		if b != nil {
			out = append(out, string(b.Data))
		}
	case *js.BindingArray:
		for _, e := range b.List {
			out = append(out, boundNames(e.Binding)...)
		}
		if b.Rest != nil {
			out = append(out, boundNames(b.Rest)...)
		}
	case *js.BindingObject:
		for _, item := range b.List {
			out = append(out, boundNames(item.Value.Binding)...)
		}
		if b.Rest != nil {
			out = append(out, string(b.Rest.Data))
		}
	}
	return out
}
