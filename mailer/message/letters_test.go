package message

import (
	"html/template"
	"strings"
	"testing"
)

// What can be read nowhere else is not cut, and neither is it dropped for being old.
func TestLettersStayWhole(t *testing.T) {
	cfg := testConfig()
	cfg.Digest.MaxPosts, cfg.Digest.MaxBytes = 3, 30000
	posts := testPosts(6, 60)
	letter := &posts[4]
	letter.URL, letter.Whole = "", true
	letter.Excerpt = template.HTML("<p>Beginning.</p>" + strings.Repeat("<p>Words and words.</p>", 100) + "<p>End of the letter.</p>")
	whole := func(m *Message) bool {
		_, text, html := parts(t, m.Append(nil, recipient(1)))
		return strings.Contains(html, "End of the letter.") && strings.Contains(text, "End of the letter.")
	}
	m := compose(t, cfg, testDigest(posts...))
	if !whole(m) || m.Full != 4 || m.More != 2 || m.HTMLSize > cfg.Digest.MaxBytes {
		t.Errorf("whole %t, full %d, more %d, %d bytes", whole(m), m.Full, m.More, m.HTMLSize)
	}
	letter.Excerpt += template.HTML(strings.Repeat("<p>Words and words.</p>", 2000))
	m = compose(t, cfg, testDigest(posts...))
	if !whole(m) || m.Full != 1 || m.Brief != 3 {
		t.Errorf("whole %t, full %d, brief %d", whole(m), m.Full, m.Brief)
	}
}

// The owner's words take at most half of the room.
func TestIntroIsBounded(t *testing.T) {
	cfg := testConfig()
	cfg.Digest.MaxBytes = 30000
	d := testDigest(testPosts(3, 60)...)
	d.Intro = template.HTML("<p>Hello, readers.</p>" + strings.Repeat("<p>Words and words.</p>", 5000))
	m := compose(t, cfg, d)
	_, text, html := parts(t, m.Append(nil, recipient(1)))
	if m.HTMLSize > cfg.Digest.MaxBytes || m.Full != 3 {
		t.Errorf("%d bytes, full %d, brief %d", m.HTMLSize, m.Full, m.Brief)
	}
	for _, part := range []string{text, html} {
		if !strings.Contains(part, "Hello, readers.") {
			t.Errorf("its beginning is not in it: %.300s", part)
		}
	}
}
