package publish_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
	"publisher/internal/publish"
)

const previewConfig = `
site: {url: https://blog.example.com, title: Notes, author: {name: Ada}}
content: {dir: posts, permalink: "/posts/:slug/"}
digest: {default: immediate, settle: 0s, start: 2026-01-01}
mail: {from: "Notes <news@example.com>", postal_address: 1 Street}
subscribers: {file: list.csv}
`

// A preview shows what is mailed, except for the recipient's own links.
func TestPreviewIsWhatIsMailed(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.yaml"), previewConfig)
	write(t, filepath.Join(dir, "list.csv"), "email\nada@example.com\n")
	write(t, filepath.Join(dir, "posts", "one.md"), "---\ntitle: Grüße & \"more\"\ndate: 2026-05-01\nauthors: [Ada, Ben]\n---\n"+longPost(1))
	write(t, filepath.Join(dir, "posts", "two.md"), "---\ntitle: 二つ目\ndate: 2026-05-02\nlang: ja\n---\n短い。\n")
	p := open(t, dir)
	preview, _, err := p.Preview(t.Context(), "immediate", "", "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Run(t.Context(), "run"); err != nil {
		t.Fatal(err)
	}
	text, html := mailed(t, dir)
	if diff := cmp.Diff(anonymous(text), anonymous(preview.Text)); diff != "" {
		t.Errorf("the text part (-mailed +preview):\n%s", diff)
	}
	if diff := cmp.Diff(anonymous(html), anonymous(preview.HTML)); diff != "" {
		t.Errorf("the HTML part (-mailed +preview):\n%s", diff)
	}
	text, html = parts(t, bytes.NewReader(preview.EML))
	if text != preview.Text || html != preview.HTML {
		t.Error("the whole message has other parts than the preview")
	}
}

// Twenty long posts fit, and each of them is linked.
func TestLongPostsFit(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.yaml"), strings.Replace(previewConfig, "{dir: posts,", "{dir: posts, excerpt_words: 2000,", 1))
	write(t, filepath.Join(dir, "list.csv"), "email\nada@example.com\n")
	for i := range 20 {
		name := string(rune('a'+i)) + ".md"
		write(t, filepath.Join(dir, "posts", name), "---\ntitle: Long "+name+"\ndate: 2026-05-01\n---\n"+longPost(i))
	}
	preview, _, err := open(t, dir).Preview(t.Context(), "immediate", "", "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if preview.Posts != 20 || len(preview.HTML) > 98000 || len(preview.HTML) < 60000 {
		t.Errorf("%d posts in %d bytes of HTML, want 20 in nearly, but at most, 98000", preview.Posts, len(preview.HTML))
	}
	for i := range 20 {
		for part, content := range map[string]string{"HTML": preview.HTML, "text": preview.Text} {
			if address := "https://blog.example.com/posts/" + string(rune('a'+i)) + "/"; !strings.Contains(content, address) {
				t.Errorf("%s is not linked in the %s", address, part)
			}
		}
	}
}

func longPost(seed int) string {
	var b strings.Builder
	for i := range 40 {
		b.WriteString("## Part " + string(rune('A'+(seed+i)%26)) + "\n\n")
		b.WriteString(strings.Repeat("A sentence of *several* words & `code` with a [link](https://example.com/a?b=c&d=e). ", 8) + "\n\n")
		b.WriteString("| Key | Value |\n|---|--:|\n| one | 1 |\n| two | 2 |\n\n")
		b.WriteString("```go\nfunc main() {\n\tfmt.Println(\"<hello>\", 1 < 2)\n}\n```\n\n")
		b.WriteString("- first\n- second\n\n> quoted\n\n")
	}
	return b.String()
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string) *publish.Publisher {
	t.Helper()
	cfg, err := config.Load(filepath.Join(dir, "config.yaml"), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	return publish.New(cfg, publish.Options{Now: func() time.Time { return now }})
}

// mailed returns the decoded parts of the only message in the outbox.
func mailed(t *testing.T, dir string) (text, html string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "outbox", "*.eml"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the outbox has %q, %v", files, err)
	}
	f, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return parts(t, f)
}

// parts returns the decoded parts of a message.
func parts(t *testing.T, message io.Reader) (text, html string) {
	t.Helper()
	m, err := mail.ReadMessage(message)
	if err != nil {
		t.Fatal(err)
	}
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	reader := multipart.NewReader(m.Body, parameters["boundary"])
	var decoded []string
	for range 2 {
		part, err := reader.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		decoded = append(decoded, strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
	return decoded[0], decoded[1]
}

var ownLink = regexp.MustCompile(`/(unsubscribe|preferences)/[a-z2-7]+`)

func anonymous(part string) string { return ownLink.ReplaceAllString(part, "/$1/") }
