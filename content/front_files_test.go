package content_test

import (
	"fmt"
	"strings"
	"testing"

	"publisher/internal/config"
)

// TestFrontFiles checks what the front matter may name as picture and enclosure.
func TestFrontFiles(t *testing.T) {
	tests := []struct{ front, image, enclosure, warning string }{
		{"image: false", "", "", ""}, {"image: no", "", "", ""}, {"image: \"\"", "", "", ""}, {"image: null", "", "", ""},
		{"image: 12\ncover: 1.5", "", "", ""}, {"image: \"<img src=/a.png>\"", "", "", "is HTML"},
		{"image: True", "", "", ""}, {"cover: none", "", "", ""}, {"image: 0", "", "", ""}, {"image: \"#\"", "", "", ""},
		{"header: {image: false}", "", "", ""}, {"featured_image: {hidden: true}", "", "", ""},
		{"image: no\ncover: /c.png", "https://example.com/c.png", "", ""},
		{"image: [\"\", /a.png]", "", "", ""},
		{"image: {path: /a.png}", "https://example.com/a.png", "", ""},
		{"image: \" /a.png\\n\"", "https://example.com/a.png", "", ""},
		{"image: https://img.example/photo (large).jpg", "https://img.example/photo%20(large).jpg", "", ""},
		{"image: /files/a[1].png", "https://example.com/files/a%5B1%5D.png", "", ""},
		{"image: https://bücher.example/a|b^{c}.png", "https://xn--bcher-kva.example/a%7Cb%5E%7Bc%7D.png", "", ""},
		{"image: \"[[cat.png]]\"", "", "", "a.md:4: image: \"[[cat.png]]\" is a wiki link"},
		{"image: [[cat.png]]", "", "", "a.md:4: image: \"[[cat.png]]\" is a wiki link"},
		{"image: \"![[cat.png]]\"", "", "", "a.md:4: image: \"![[cat.png]]\" is a wiki link"},
		{"image: \"![x](/a.png)\"", "", "", "is Markdown"},
		{"image: \"{{ site.url }}/a.png\"", "", "", "cannot be evaluated"},
		{"audio: /ep[1].mp3", "", "https://example.com/ep%5B1%5D.mp3 audio/mpeg 0", ""},
		{"audio: [/a.mp3, /b.mp3]", "", "https://example.com/a.mp3 audio/mpeg 0", ""},
		{"audio: false\nvideo: /v.mp4", "", "https://example.com/v.mp4 video/mp4 0", ""},
		{"enclosure: https://cdn.example/ep 1234 audio/mpeg", "", "https://cdn.example/ep audio/mpeg 1234", ""},
		{"enclosure: \"[[ep.mp3]]\"", "", "", "is a wiki link"},
		{"source: false", "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.front, func(t *testing.T) {
			_, scan := newBlog(t, map[string]string{"a.md": "---\ntitle: A\ndate: 2024-01-01\n" + test.front + "\n---\nText.\n"}).scan()
			p := scan.Posts[0]
			enclosure := ""
			if e := p.Enclosure; e != nil {
				enclosure = fmt.Sprint(e.URL, " ", e.Type, " ", e.Length)
			}
			if p.Image != test.image || enclosure != test.enclosure || p.Source != "" {
				t.Errorf("picture %q, enclosure %q, source %q; want %q, %q, none", p.Image, enclosure, p.Source, test.image, test.enclosure)
			}
			var warnings []string
			for _, w := range scan.Problems {
				warnings = append(warnings, fmt.Sprintf("%s:%d: %s", w.Path, w.Line, w.Message))
			}
			if got := strings.Join(warnings, "; "); (got == "") != (test.warning == "") || !strings.Contains(got, test.warning) {
				t.Errorf("warnings %q, want %q", got, test.warning)
			}
		})
	}
}

// A file's name may be decomposed where a link to it is composed, as file systems
// of macOS have it.
func TestDecomposedNames(t *testing.T) {
	const decomposed = "cafe\u0301"
	tree, scan := newBlog(t, map[string]string{
		decomposed + ".md": "---\ntitle: B\ndate: 2024-01-02\nurl: /there/\n---\nText.\n",
		"z.md":             head + "[b](caf\u00e9.md)",
	}).scan()
	got := render(t, tree, scan.Posts[1]).HTML
	if want := `<p><a href="https://example.com/there/">b</a></p>`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A Hugo site of one language may have that language's name in those of its files;
// with another it is part of the name (as Hugo 0.15x builds them).
func TestHugoLanguageInNamesOfOneLanguage(t *testing.T) {
	b := newBlog(t, map[string]string{
		"hugo.toml":                     "baseURL = 'https://example.com/'\n",
		"content/posts/one.en.md":       head2("One"),
		"content/posts/two/index.en.md": head2("Two"),
		"content/posts/three.EN.md":     head2("Three"),
		"content/posts/four.de.md":      head2("Four"),
	})
	b.cfg.Content.Dir, b.cfg.Content.Dialect = "blog/content/posts", config.Hugo
	_, scan := b.scan()
	var got []string
	for _, p := range scan.Posts {
		got = append(got, p.Title+" "+strings.TrimPrefix(p.URL, "https://example.com")+" "+p.Language)
	}
	want := "Four /posts/four.de/ en, One /posts/one/ en, Three /posts/three/ en, Two /posts/two/ en"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func head2(title string) string { return "---\ntitle: " + title + "\ndate: 2024-01-01\n---\nText.\n" }
