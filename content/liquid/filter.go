package liquid

import (
	"encoding/json"
	"html"
	"net/url"
	"publisher/internal/htmldom"
	"slices"
	"strings"
	"unicode"
)

// filter applies one filter of Liquid, Jekyll, Nunjucks or Eleventy; ok is false
// for one that is not known.
func (l *Evaluator) filter(name string, v any, arguments []any) (any, bool) {
	if out, found, ok := l.host.Filter(l, name, v, arguments); found {
		return out, ok
	}
	if !l.Nunjucks {
		if out, ok := jekyllFilter(name, v, arguments); ok {
			return out, true
		}
	}
	if out, ok := l.addressFilter(name, v); ok {
		return out, true
	}
	if list, ok := v.([]any); ok {
		l.countItems(len(list))
		if len(arguments) == 2 {
			if out, ok := l.expressionFilter(name, list, Text(arguments[0]), Text(arguments[1])); ok {
				return out, true
			}
		}
	}
	if out, ok := listFilter(name, v, arguments); ok {
		return out, true
	}
	if out, ok := l.numberFilter(name, v, arguments); ok {
		return out, true
	}
	if out, ok := l.dateFilter(name, v, arguments); ok {
		return out, true
	}
	s := Text(v)
	l.Budget.Scan(4 * len(s))
	switch name {
	case "markdownify", "markdown":
		return l.markdownified(s)
	case "slugify", "slug":
		return l.host.Slugify(s), true
	case "default", "d":
		if (v == nil || v == false || s == "") && len(arguments) > 0 {
			return arguments[0], true
		}
		return v, true
	}
	if out, found, ok := editFilter(name, s, arguments); found {
		return out, ok
	}
	return textFilter(name, s)
}

// editFilter changes a text by what it is given; found is false for another filter.
func editFilter(name, s string, arguments []any) (out any, found, ok bool) {
	text := func(n int) string {
		if n < len(arguments) {
			return Text(arguments[n])
		}
		return ""
	}
	switch name {
	case "append":
		return s + text(0), true, true
	case "prepend":
		return text(0) + s, true, true
	case "replace":
		out, ok = replaceAll(s, text(0), text(1))
		return out, true, ok
	case "replace_first":
		return strings.Replace(s, text(0), text(1), 1), true, true
	case "remove":
		return strings.ReplaceAll(s, text(0), ""), true, text(0) != ""
	case "remove_first":
		return strings.Replace(s, text(0), "", 1), true, true
	case "remove_last", "replace_last":
		if at := strings.LastIndex(s, text(0)); at >= 0 && text(0) != "" {
			with := ""
			if name == "replace_last" {
				with = text(1)
			}
			return s[:at] + with + s[at+len(text(0)):], true, true
		}
		return s, true, true
	case "truncate", "truncatewords", "slice":
		out, ok = cutFilter(name, s, arguments)
		return out, true, ok
	case "split":
		return splitText(s, text(0)), true, true
	}
	return nil, false, false
}

// replaceAll is ok only where the result is no longer than a value may be.
func replaceAll(s, from, to string) (any, bool) {
	if len(s)+strings.Count(s, from)*(len(to)-len(from)) > MaxText {
		return nil, false
	}
	return strings.ReplaceAll(s, from, to), true
}

// maxMarkdownified is more texts than a template renders in one post.
const maxMarkdownified = 100

func (l *Evaluator) markdownified(s string) (any, bool) {
	l.useOutside()
	if l.rendered++; l.rendered > maxMarkdownified {
		return nil, false
	}
	out, ok := l.host.Markdown(s)
	return strings.TrimSpace(out), ok
}

func textFilter(name, s string) (any, bool) {
	switch name {
	case "safe", "raw", "string", "smartify", "strip_index":
		return s, true
	case "upcase", "upper":
		return strings.ToUpper(s), true
	case "downcase", "lower":
		return strings.ToLower(s), true
	case "capitalize":
		return capitalise(s), true
	case "strip", "trim":
		return strings.TrimSpace(s), true
	case "lstrip":
		return strings.TrimLeftFunc(s, unicode.IsSpace), true
	case "rstrip":
		return strings.TrimRightFunc(s, unicode.IsSpace), true
	case "normalize_whitespace":
		return strings.Join(strings.Fields(s), " "), true
	case "strip_newlines":
		return strings.ReplaceAll(s, "\n", ""), true
	case "newline_to_br":
		return strings.ReplaceAll(s, "\n", "<br />\n"), true
	case "strip_html", "striptags":
		return htmldom.StripTags(s), true
	case "escape", "e", "xml_escape", "escape_once", "forceescape":
		return html.EscapeString(html.UnescapeString(s)), true
	case "url_encode", "cgi_escape", "urlencode":
		return url.QueryEscape(s), true
	case "uri_escape":
		return (&url.URL{Path: s}).EscapedPath(), true
	case "url_decode":
		out, err := url.QueryUnescape(s)
		return out, err == nil
	case "number_of_words":
		return float64(len(strings.Fields(s))), true
	case "jsonify", "json", "dump", "inspect":
		out, err := json.Marshal(s)
		return string(out), err == nil
	}
	return nil, false
}

// addressFilter makes an address of a path on the site, with the host or without.
func (l *Evaluator) addressFilter(name string, v any) (any, bool) {
	relative := name == "relative_url" || name == "url"
	if !relative && name != "absolute_url" && name != "htmlBaseUrl" && name != "absoluteUrl" {
		return nil, false
	}
	s := Text(v)
	if u, err := url.Parse(s); err == nil && (u.IsAbs() || u.Host != "") {
		return s, true
	}
	address := l.host.Absolute(s)
	if relative {
		address = l.host.Relative(address)
	}
	return address, true
}

func listFilter(name string, v any, arguments []any) (any, bool) {
	list, isList := v.([]any)
	if !isList {
		if s, ok := v.(string); ok && (name == "size" || name == "length") {
			return float64(len([]rune(s))), true
		}
		return nil, false
	}
	if out, ok := keyFilter(name, list, arguments); ok {
		return out, true
	}
	switch name {
	case "size", "length":
		return float64(len(list)), true
	case "first":
		return at(list, 0)
	case "last":
		return at(list, len(list)-1)
	case "join":
		between := " "
		if len(arguments) > 0 {
			between = Text(arguments[0])
		}
		var b strings.Builder
		for i, item := range list {
			if i > 0 {
				b.WriteString(between)
			}
			if b.WriteString(Text(item)); b.Len() > MaxText {
				return nil, false
			}
		}
		return b.String(), true
	case "array_to_sentence_string":
		return sentence(list), true
	case "reverse":
		out := slices.Clone(list)
		slices.Reverse(out)
		return out, true
	case "sort", "sort_natural":
		if len(arguments) > 0 {
			return nil, false
		}
		out := slices.Clone(list)
		slices.SortStableFunc(out, func(a, b any) int { return strings.Compare(Text(a), Text(b)) })
		return out, true
	}
	return subsetFilter(name, list)
}

// subsetFilter leaves things of a list out, or adds them up.
func subsetFilter(name string, list []any) (any, bool) {
	switch name {
	case "uniq", "compact":
		var out []any
		seen := map[string]bool{}
		for _, item := range list {
			text := Text(item)
			if item != nil && !(name == "uniq" && seen[text]) {
				out = append(out, item)
			}
			seen[text] = true
		}
		return out, true
	case "pop", "shift":
		if len(list) == 0 {
			return list, true
		}
		if name == "pop" {
			return list[:len(list)-1], true
		}
		return list[1:], true
	case "sum":
		var sum float64
		for _, item := range list {
			n, _ := numberOf(item)
			sum += n
		}
		return sum, true
	}
	return nil, false
}

func sentence(list []any) string {
	var b strings.Builder
	for i, item := range list {
		switch {
		case i == 0:
		case i == len(list)-1 && i == 1:
			b.WriteString(" and ")
		case i == len(list)-1:
			b.WriteString(", and ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(Text(item))
	}
	return b.String()
}

func splitText(s, by string) []any {
	out := []any{}
	for _, part := range strings.SplitN(s, by, 1000) {
		out = append(out, part)
	}
	return out
}

func capitalise(s string) string {
	for i, r := range s {
		return s[:i] + string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}
