package mailhtml

import (
	"net/url"
	"path"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
)

// describe gives a picture alternative text: empty if it is decoration, the link's target if it
// is the only content of a link, so that the link has a name.
func describe(img *html.Node) {
	alt, ok := htmldom.LookupAttr(img, "alt")
	if !ok {
		htmldom.SetAttr(img, "alt", "")
	}
	link := htmldom.Ancestor(img, atom.A)
	if strings.TrimSpace(alt) != "" || link == nil || words(link) != "" {
		return
	}
	href, _ := htmldom.LookupAttr(link, "href")
	u, err := url.Parse(href)
	if err != nil {
		return
	}
	htmldom.SetAttr(img, "alt", strings.TrimSuffix(u.Host+u.Path, "/"))
}

// adaptPicture replaces SVG, which Gmail and Outlook do not show, by a link. WebP and AVIF are
// unsupported only in Outlook on Windows, which gets the link.
func adaptPicture(img *html.Node) {
	src, _ := htmldom.LookupAttr(img, "src")
	if strings.HasPrefix(src, "data:") {
		// Gmail and Outlook show none, and it would fill the mail.
		alt, _ := htmldom.LookupAttr(img, "alt")
		img.Parent.InsertBefore(htmldom.Text(alt), img)
		img.Parent.RemoveChild(img)
		return
	}
	u, err := url.Parse(src)
	if err != nil {
		return
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".svg":
		img.Parent.InsertBefore(pictureLink(img, u), img)
		img.Parent.RemoveChild(img)
	case ".webp", ".avif":
		var link strings.Builder
		if err := html.Render(&link, pictureLink(img, u)); err != nil {
			return
		}
		raw := func(s string) *html.Node { return &html.Node{Type: html.RawNode, Data: s} }
		img.Parent.InsertBefore(raw("<!--[if mso]>"+link.String()+"<![endif]--><!--[if !mso]><!-->"), img)
		img.Parent.InsertBefore(raw("<!--<![endif]-->"), img.NextSibling)
	}
}

// pictureLink returns a link to a picture, or its description if it is already inside a link.
func pictureLink(img *html.Node, u *url.URL) *html.Node {
	alt, _ := htmldom.LookupAttr(img, "alt")
	if strings.TrimSpace(alt) == "" {
		alt = path.Base(u.Path)
	}
	if htmldom.Ancestor(img, atom.A) != nil {
		return htmldom.Text(alt)
	}
	link := htmldom.Element(atom.A)
	htmldom.SetAttr(link, "href", u.String())
	link.AppendChild(htmldom.Text(alt))
	return link
}
