package markdown

import (
	"strings"
	"testing"
)

// The quotes are those that Zola 0.22 writes with smart_punctuation.
func TestZolaQuotes(t *testing.T) {
	reader := NewConverter()
	for source, want := range map[string]string{
		`see the ["How debuggers"] series`: `see the [“How debuggers”] series`,
		"`x`'i and 'a' b":                  `<code>x</code>’i and ‘a’ b`,
		`"a" 'b' it's '90s`:                `“a” ‘b’ it’s ’90s`,
		`say "a 'b' c" d`:                  `say “a ‘b’ c” d`,
		`**"a"** *'b'*`:                    `<strong>“a”</strong> <em>‘b’</em>`,
		`x' y "z`:                          `x’ y “z`,
		`a"b"c`:                            `a“b“c`,
		`rock 'n' roll`:                    `rock ‘n’ roll`,
		`"Hello World!"، نحتاج`:            `“Hello World!”، نحتاج`,
		`a\"b\" "c"`:                       `a&quot;b&quot; “c”`,
	} {
		got, err := reader.HTML(source, Options{Typographer: true, NoLinkify: true, NoMath: true, Markup: Markup{PulldownQuotes: true}})
		if err != nil || strings.TrimSpace(got) != "<p>"+want+"</p>" {
			t.Errorf("%s: %s, want %s (%v)", source, got, want, err)
		}
	}
}
