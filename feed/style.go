package feed

import (
	"bytes"
	_ "embed"
)

// stylesheetFile lies in feeds.dir and makes a feed opened in a browser a page.
const stylesheetFile = "feed.css"

//go:embed feed.css
var stylesheet []byte

// writeStylesheet leaves one alone that the owner wrote: ours says in its first
// line that it is ours.
func (p *press) writeStylesheet() outcome {
	out := outcome{Document: Document{Path: p.stylesheet}}
	first, _, _ := bytes.Cut(stylesheet, []byte("\n"))
	if own, err := p.disk.read(p.stylesheet); err == nil && !bytes.HasPrefix(own, first) {
		return out
	}
	written, err := p.disk.write(p.stylesheet, stylesheet)
	if err != nil {
		out.err = &Error{Feed: p.stylesheet, Err: err}
		return out
	}
	out.written, out.SHA256 = written, digest(stylesheet)
	return out
}
