package feed

import (
	"bytes"
	_ "embed"
)

// stylesheetFile is in feeds.dir; with it, browsers show a feed as a page.
const stylesheetFile = "feed.css"

//go:embed feed.css
var stylesheet []byte

// writeStylesheet writes the style sheet unless the owner has one: ours has a mark in its
// first line.
func (b *builder) writeStylesheet() built {
	out := built{Document: Document{Path: b.stylesheet}}
	first, _, _ := bytes.Cut(stylesheet, []byte("\n"))
	if own, err := b.disk.read(b.stylesheet); err == nil && !bytes.HasPrefix(own, first) {
		return out
	}
	written, err := b.disk.write(b.stylesheet, stylesheet)
	if err != nil {
		out.err = &Error{Feed: b.stylesheet, Err: err}
		return out
	}
	out.written, out.SHA256 = written, digest(stylesheet)
	return out
}
