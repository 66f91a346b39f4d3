package pelican

import (
	"errors"
	"path"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"publisher/internal/htmldom"
	"publisher/internal/xmltext"
)

// split reads a file as Pelican does. The Key: value lines between --- need not be YAML, and HTML has its
// metadata in its head.
func split(name, text string) (fm frontmatter.Block, body string, bodyLine int, err error) {
	if !mdsource.IsMarkdownName(name) {
		return splitHTML(text)
	}
	fm, body, bodyLine, err = frontmatter.Split(text)
	var fault *frontmatter.SyntaxError
	if fm.Form == frontmatter.YAML && fm.Text != "" && errors.As(err, &fault) {
		if loose, rest, _ := frontmatter.SplitMetadata(fm.Text, fm.Line); loose.Form == frontmatter.Metadata && strings.TrimSpace(rest) == "" {
			return loose, body, bodyLine, nil
		}
	}
	return fm, body, bodyLine, err
}

// splitHTML takes the metadata from <title> and <meta>, and the body from <body>.
func splitHTML(text string) (fm frontmatter.Block, body string, bodyLine int, err error) {
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return frontmatter.Block{Line: 1}, text, 1, nil
	}
	values := map[string][]string{}
	for n := range doc.Descendants() {
		switch n.DataAtom {
		case atom.Title:
			values["title"] = []string{xmltext.Line(htmldom.FoldedText(n))}
		case atom.Meta:
			if name := strings.ToLower(htmldom.Attr(n, "name")); name != "" {
				values[strings.Replace(name, "keywords", "tags", 1)] = []string{htmldom.Attr(n, "content") + htmldom.Attr(n, "contents")}
			}
		case atom.Body:
			body = htmldom.InnerHTML(n)
		}
	}
	if values["title"] == nil || values["date"] == nil {
		return frontmatter.Block{Line: 1}, text, 1, nil
	}
	return frontmatter.Block{Form: frontmatter.Metadata, Values: frontmatter.MetadataValues(values), Line: 1}, body, 1, nil
}

// IsReStructuredText reports by its name whether a file is in Pelican's other markup.
func IsReStructuredText(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".rst" || ext == ".rest"
}

// Claims reports whether a file begins with Pelican's metadata, in a tree without any engine's
// config.
func Claims(_ dialect.Engine, src *dialect.Source) bool {
	return src.Front.Form == frontmatter.Metadata
}
