package web

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// forBrowsers removes from the HTML of a mail what only mail programs need and browsers or
// people with screen readers stumble over: the preheader, what is for Outlook, and the
// attributes of layout tables that CSS replaces.
func forBrowsers(page []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(page))
	z := html.NewTokenizer(bytes.NewReader(page))
	hidden := 0 // how many elements div are open, of which the first is the preheader
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return out.Bytes()
		}
		raw := z.Raw()
		if name, attributes := tagOf(kind, raw); hidden > 0 || attributes {
			raw = slices.Clone(raw) // Token changes it
			token := z.Token()
			switch {
			case hidden > 0 || name == "div" && kind == html.StartTagToken && isPreheader(token.Attr):
				if token.Data == "div" && kind == html.StartTagToken {
					hidden++
				} else if token.Data == "div" && kind == html.EndTagToken {
					hidden--
				}
				continue
			case adaptTag(&token):
				out.WriteString(token.String())
				continue
			}
		}
		if kind == html.CommentToken && bytes.HasPrefix(raw, []byte("<!--[if mso")) {
			continue
		}
		out.Write(raw)
	}
}

// tagOf returns the name of a start tag or end tag, and whether it is a start tag that may have
// something to remove.
func tagOf(kind html.TokenType, raw []byte) (name string, attributes bool) {
	if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
		return "", false
	}
	end := bytes.IndexAny(raw, " \t\n\r\f/>")
	if end < 1 {
		return "", false
	}
	name = strings.ToLower(string(raw[1:end]))
	return name, bytes.Contains(raw, []byte("mso-")) || name == "table" || name == "td"
}

// isPreheader reports whether an element is the line that only lists of mails show.
func isPreheader(attributes []html.Attribute) bool {
	return slices.ContainsFunc(attributes, func(a html.Attribute) bool {
		return a.Key == "style" && strings.Contains(a.Val, "mso-hide:all")
	})
}

// adaptTag reports whether it has changed the attributes of a tag.
func adaptTag(tag *html.Token) bool {
	layout := tag.Data == "table" && slices.Contains(tag.Attr, html.Attribute{Key: "role", Val: "presentation"})
	var kept []html.Attribute
	style, changed := "", layout
	for _, a := range tag.Attr {
		switch {
		case layout && a.Key == "width" && a.Val == "100%":
			style += "width:100%;"
		case layout && (a.Key == "border" || a.Key == "cellpadding" || a.Key == "cellspacing" || a.Key == "align"):
		case tag.Data == "td" && a.Key == "align" && a.Val == "center":
			changed = true
		case a.Key == "style":
			own := withoutOutlook(a.Val)
			changed = changed || own != a.Val
			style += own
		default:
			kept = append(kept, a)
		}
	}
	if layout {
		style = "border-spacing:0;" + style
	}
	if style = strings.TrimSuffix(style, ";"); style != "" {
		kept = append(kept, html.Attribute{Key: "style", Val: style})
	}
	tag.Attr = kept
	return changed
}

// withoutOutlook removes the declarations that only Outlook knows.
func withoutOutlook(style string) string {
	if !strings.Contains(style, "mso-") {
		return style
	}
	declarations := slices.DeleteFunc(strings.Split(style, ";"), func(d string) bool {
		return strings.HasPrefix(strings.TrimSpace(d), "mso-")
	})
	return strings.Join(declarations, ";")
}
