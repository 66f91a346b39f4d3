package templates

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// helpers returns the functions that templates can call, for one site.
func (l *loader) helpers(site Site) map[string]any {
	tr := l.translation(site.Language)
	return map[string]any{
		// t "read_more", t "minutes" "n" 3: a phrase in the site's language
		"t": tr.phrase,
		// cadence "weekly": how often such mail is sent, "" for a cadence that the owner named
		"cadence": func(name string) string {
			said, err := tr.phrase("cadence_" + name)
			if err != nil {
				return ""
			}
			return said
		},
		// date "long" .Date, date "short" .Date, date "Monday, 2 January" .Date
		"date": func(style string, t time.Time) string { return tr.date(style, t) },
		// list .Authors: joined as is usual in the language
		"list": func(items []string) (string, error) {
			separator, err := tr.phrase("list_separator")
			return strings.Join(items, separator), err
		},
		// sentences "One." "Two.": joined, without empty ones
		"sentences": func(items ...string) (string, error) {
			separator, err := tr.phrase("sentence_separator")
			items = slices.DeleteFunc(slices.Clone(items), func(s string) bool { return s == "" })
			return strings.Join(items, separator), err
		},
		// language, direction: those of the site, for words beside a post in another language
		"language":  func() string { return site.Language },
		"direction": func() string { return site.Dir },
		// button .URL "Read more" .Minutes: the data of button.html
		"button": func(url, label string, minutes int) button { return button{url, label, minutes} },
		// absURL "/about": on the site
		"absURL": func(ref string) (string, error) { return absolute(site.URL, ref) },
		// truncate 80 .Title: at most that many characters, cut between words
		"truncate": truncate,
		// plain .Excerpt: HTML as plain text
		"plain": plain,
		// wrap 72 "text": lines of at most that many columns
		"wrap": wrap,
		// hang "* " .Title: a wrapped paragraph with a mark before its first line
		"hang": hang,
		// underline "=" .Title: wrapped, and underlined by a line of the same length
		"underline": underline,
		// outlook "<table>": HTML only for Word's engine
		"outlook": func(s string) template.HTML {
			return template.HTML("<!--[if mso]>" + s + "<![endif]-->")
		},
		// padding: space that keeps the mail's first words from following the preheader
		"padding": func() template.HTML { return template.HTML(strings.Repeat("&#8199;&#847; ", 40)) },
	}
}

// button is the data of the partial button.html. Minutes may be 0.
type button struct {
	URL, Label string
	Minutes    int
}

func absolute(site, ref string) (string, error) {
	base, err := url.Parse(strings.TrimSuffix(site, "/") + "/")
	if err != nil {
		return "", fmt.Errorf("absURL: %w", err)
	}
	// A path is below the site's address, which may itself have a path.
	if strings.HasPrefix(ref, "/") && !strings.HasPrefix(ref, "//") {
		ref = strings.TrimLeft(ref, "/")
	}
	target, err := base.Parse(ref)
	if err != nil {
		return "", fmt.Errorf("absURL: %w", err)
	}
	return target.String(), nil
}

// truncate cuts s to at most n characters, between words if there is a space in the last
// third, and marks the cut with an ellipsis.
func truncate(n int, s string) string {
	s = oneLine(s)
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	if n < 2 {
		return ""
	}
	cut := n - 1
	for i := cut; i > n*2/3; i-- {
		if runes[i] == ' ' {
			cut = i
			break
		}
	}
	return strings.TrimRightFunc(string(runes[:cut]), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsPunct(r)
	}) + "…"
}

// oneLine folds white space and removes control characters, so that the result fits a header.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return breaking(r) || unicode.IsControl(r)
	}), " ")
}

// breaking reports whether r is white space at which a line may break.
func breaking(r rune) bool {
	return unicode.IsSpace(r) && r != '\u00a0' && r != '\u2007' && r != '\u202f'
}

// plain returns the text of HTML in one line, without code blocks, tables and pictures.
func plain(source template.HTML) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(string(source)))
	skipped := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return oneLine(b.String())
		case html.TextToken:
			if skipped == 0 {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			skipped += omitted(name)
			b.WriteString(gap(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			skipped = max(skipped-omitted(name), 0)
			b.WriteString(gap(name))
		case html.SelfClosingTagToken:
			b.WriteString(" ")
		}
	}
}

// omitted returns 1 for elements that are not readable as a line of text.
func omitted(name []byte) int {
	switch atom.Lookup(name) {
	case atom.Pre, atom.Table, atom.Style, atom.Script, atom.Figure, atom.Svg:
		return 1
	}
	return 0
}

// gap returns the space between words at an element's edge.
func gap(name []byte) string {
	switch atom.Lookup(name) {
	case atom.A, atom.B, atom.Code, atom.Em, atom.I, atom.Span, atom.Strong, atom.Sub, atom.Sup, atom.Mark, atom.Abbr, atom.Kbd, atom.Del, atom.S, atom.U, atom.Q, atom.Cite, atom.Small:
		return ""
	}
	return " "
}
