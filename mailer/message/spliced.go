package message

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// linkSize is the assumed length in octets of a recipient's link that is not yet known. Those of
// this program have about a hundred.
const linkSize = 128

// splicedText is a text with gaps for the recipient's links, plain and encoded: segments[0] gap[0] segments[1] gap[1] … segments[n].
type splicedText struct {
	segments []string
	encoded  [][]byte
	gaps     []int // which of a recipient's values goes there
}

// placeholders stand for a recipient's links in templates: web addresses, so that html/template
// and all helpers leave them unchanged, which authors of posts cannot guess.
func placeholders() [2]string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails, says its documentation
	token := hex.EncodeToString(random[:])
	return [2]string{"https://u" + token + ".invalid/", "https://p" + token + ".invalid/"}
}

// split makes gaps at the placeholders.
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

// encode encodes each segment as quoted-printable.
func (g *splicedText) encode() {
	g.encoded = make([][]byte, len(g.segments))
	for i, segment := range g.segments {
		g.encoded[i] = appendQP(nil, segment)
	}
}

// size returns the length in octets, with linkSize for each gap.
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
