package message

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// linkSize is what one of the recipient's own links is reckoned at before it is
// known, in octets. The publisher's own come to about a hundred.
const linkSize = 128

// splicedText is a text with gaps for the recipient's own links, as it reads and as it
// is encoded: segments[0] gap[0] segments[1] gap[1] … segments[n].
type splicedText struct {
	segments []string
	encoded  [][]byte
	gaps     []int // which of a recipient's values goes there
}

// placeholders are what templates are given in place of a recipient's links: web
// addresses, so that html/template and any helper leave them as they are, which
// nobody who writes a post can know.
func placeholders() [2]string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails, says its documentation
	token := hex.EncodeToString(random[:])
	return [2]string{"https://u" + token + ".invalid/", "https://p" + token + ".invalid/"}
}

// split makes the gaps where the placeholders stand.
func split(text string, marks [2]string) splicedText {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	if !strings.HasSuffix(text, "\n") {
		text += "\n" // so that the last segment never ends in a soft line break
	}
	var g splicedText
	for {
		at, which := -1, 0
		for i, mark := range marks {
			if p := strings.Index(text, mark); p >= 0 && (at < 0 || p < at) {
				at, which = p, i
			}
		}
		if at < 0 {
			break
		}
		g.segments = append(g.segments, text[:at])
		g.gaps = append(g.gaps, which)
		text = text[at+len(marks[which]):]
	}
	g.segments = append(g.segments, text)
	return g
}

// encode makes the quoted-printable form of each segment.
func (g *splicedText) encode() {
	g.encoded = make([][]byte, len(g.segments))
	for i, segment := range g.segments {
		g.encoded[i] = appendQP(nil, segment)
	}
}

// size is in octets, each gap reckoned at linkSize.
func (g *splicedText) size() int {
	n := linkSize * len(g.gaps)
	for _, segment := range g.segments {
		n += len(segment)
	}
	return n
}

func (g *splicedText) fill(values [2]string) string {
	var b strings.Builder
	for i, segment := range g.segments {
		b.WriteString(segment)
		if i < len(g.gaps) {
			b.WriteString(values[g.gaps[i]])
		}
	}
	return b.String()
}

// append appends the encoded text with values in the gaps.
func (g *splicedText) append(dst []byte, values [2]string) []byte {
	for i, encoded := range g.encoded {
		dst = append(dst, encoded...)
		if i < len(g.gaps) {
			dst = appendQP(dst, values[g.gaps[i]])
		}
	}
	return dst
}
