package message

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
	"publisher/mailer/address"
	"publisher/templates"
)

var composed = time.Date(2026, 3, 1, 8, 0, 0, 0, time.FixedZone("", 3600))

func testConfig() *config.Config {
	cfg := config.Default()
	cfg.Site = config.Site{
		Title: "Ten thousand meters", URL: &url.URL{Scheme: "https", Host: "blog.example.com"}, Language: "en", Timezone: time.UTC,
	}
	cfg.Mail.From = &mail.Address{Name: "Ten thousand meters", Address: "news@example.com"}
	cfg.Mail.ReplyTo = &mail.Address{Name: "Ädä", Address: "ada@example.com"}
	cfg.Server.URL = &url.URL{Scheme: "https", Host: "news.example.com"}
	return cfg
}

func testDigest(posts ...templates.Post) *templates.Digest {
	return &templates.Digest{
		Site:   templates.Site{Title: "Ten thousand meters", URL: "https://blog.example.com", Language: "en", Location: time.UTC},
		Number: 7, Cadence: "weekly", Date: composed, Posts: posts, PostalAddress: "1 Example Street",
		MoreURL: "https://blog.example.com/", WebURL: "https://news.example.com/archive/7",
	}
}

func testPost(n int, excerpt string) templates.Post {
	return templates.Post{
		Title: fmt.Sprintf("Post %d – “quoted” & <b>", n), URL: fmt.Sprintf("https://blog.example.com/post-%d/", n),
		Date: composed.AddDate(0, 0, -n), Excerpt: template.HTML(excerpt), Minutes: n,
	}
}

func testPosts(n, paragraphs int) []templates.Post {
	posts := make([]templates.Post, n)
	for i := range posts {
		paragraph := "<p>A sentence of the post with a <a href=\"https://example.com/?a=1&amp;b=2\">link</a>, é and 日本. Another one = two.</p>\n"
		posts[i] = testPost(i+1, strings.Repeat(paragraph, paragraphs))
	}
	return posts
}

func compose(t testing.TB, cfg *config.Config, d *templates.Digest) *Message {
	t.Helper()
	set, err := templates.Load("", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Compose(cfg, set, d, composed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func recipient(n int) Recipient {
	return Recipient{
		Name: "Jörg <" + strings.Repeat("x", n), Address: fmt.Sprintf("joerg%d@example.com", n),
		MessageID:      fmt.Sprintf("7.%d", n),
		UnsubscribeURL: "https://news.example.com/unsubscribe/" + strings.Repeat("a", n) + "?x=1&y=2",
		PreferencesURL: "https://news.example.com/preferences/" + strings.Repeat("b", 3*n), UnsubscribeMailto: "mailto:bounces+t@example.com?subject=unsubscribe",
	}
}

// parts decodes a message as a mail program does.
func parts(t *testing.T, raw []byte) (header mail.Header, text, html string) {
	t.Helper()
	std, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	entity, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var types, bodies []string
	for r := entity.MultipartReader(); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, part.Header.Get("Content-Type"))
		bodies = append(bodies, strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
	if diff := cmp.Diff([]string{"text/plain; charset=utf-8", "text/html; charset=utf-8"}, types); diff != "" {
		t.Fatalf("parts (-want +got):\n%s", diff)
	}
	return std.Header, bodies[0], bodies[1]
}

// wantStuffed holds a message against what Job.Stuffed promises of it.
func wantStuffed(t *testing.T, message []byte) {
	t.Helper()
	if !bytes.Equal(Stuff(message), message) {
		t.Errorf("it cannot go out as it is:\n%q", message)
	}
}

// Whatever stands in a message, it can go out as it is.
func FuzzAppendIsStuffed(f *testing.F) {
	f.Add(".a", ".b", "<p>.c</p>\n.d", "https://example.com/.\n.e")
	f.Add("\r.a", strings.Repeat("x.", 60), strings.Repeat("<p>"+strings.Repeat("y", 75)+".</p>", 3), "")
	set, err := templates.Load("", "", nil)
	if err != nil {
		f.Fatal(err)
	}
	cfg := testConfig()
	f.Fuzz(func(t *testing.T, name, subject, excerpt, link string) {
		d := testDigest(testPost(1, excerpt))
		d.Subject = subject
		m, err := Compose(cfg, set, d, composed)
		if err != nil {
			t.Fatal(err)
		}
		wantStuffed(t, m.Append(nil, Recipient{Name: name, Address: "ann@example.com", UnsubscribeURL: link, PreferencesURL: link, UnsubscribeMailto: link}))
	})
}

func TestAppendDecodesToWhatWasRendered(t *testing.T) {
	m := compose(t, testConfig(), testDigest(testPosts(5, 3)...))
	var buffer []byte
	for n := range 80 {
		r := recipient(n)
		switch n % 4 {
		case 1:
			r.PreferencesURL = ""
		case 2:
			r.UnsubscribeURL = ""
		case 3:
			r = Recipient{Address: "x@example.com"}
		}
		buffer = m.Append(buffer[:0], r)
		wantStuffed(t, buffer)
		_, text, html := parts(t, buffer)
		if text != m.Text(r) || html != m.HTML(r) {
			t.Fatalf("recipient %d: the parts do not decode to what was rendered", n)
		}
		for _, link := range []string{r.UnsubscribeURL, r.PreferencesURL} {
			if !strings.Contains(text, link) || !strings.Contains(html, template.HTMLEscapeString(link)) {
				t.Errorf("recipient %d lacks %s", n, link)
			}
		}
		if strings.Contains(text+html, ".invalid") {
			t.Errorf("recipient %d got a placeholder", n)
		}
		for line := range strings.SplitSeq(string(buffer), "\r\n") {
			if !address.IsASCII(line) || strings.ContainsAny(line, "\r\n") || line == "." || len(line) > 998 {
				t.Errorf("recipient %d: line %q", n, line)
			}
		}
	}
}

func TestHeader(t *testing.T) {
	raw := compose(t, testConfig(), testDigest(testPost(1, "<p>x</p>"))).Append(nil, recipient(3))
	head, _, _ := strings.Cut(string(raw), "Content-Type: multipart")
	want := strings.ReplaceAll(`From: "Ten thousand meters" <news@example.com>
To: =?utf-8?q?J=C3=B6rg_=3Cxxx?= <joerg3@example.com>
Reply-To: =?utf-8?b?w4Rkw6Q=?= <ada@example.com>
Subject: =?utf-8?q?Post_1_=E2=80=93_=E2=80=9Cquoted=E2=80=9D_=26_=3Cb=3E?=
Date: Sun, 01 Mar 2026 08:00:00 +0100
List-Id: Ten thousand meters <newsletter.blog.example.com>
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Language: en
Message-ID: <7.3@example.com>
List-Unsubscribe: <https://news.example.com/unsubscribe/aaa?x=1&y=2>,
 <mailto:bounces+t@example.com?subject=unsubscribe>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
`, "\n", "\r\n")
	if diff := cmp.Diff(want, head); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnsubscribeHeader(t *testing.T) {
	https, mailto := "https://news.example.com/unsubscribe/t", "mailto:bounces+t@example.com"
	for _, test := range []struct {
		server, url, mailto string
		want, post          string
	}{
		{"https://news.example.com", https, mailto, "<" + https + ">, <" + mailto + ">", "List-Unsubscribe=One-Click"},
		{"https://news.example.com", https, "", "<" + https + ">", "List-Unsubscribe=One-Click"},
		{"http://localhost:8080", "http://localhost:8080/unsubscribe/t", mailto, "<" + mailto + ">", ""},
		{"http://localhost:8080", "http://localhost:8080/unsubscribe/t", "", "", ""},
		{"", "", mailto, "<" + mailto + ">", ""},
		{"https://news.example.com", "https://x/\r\nBcc: y", mailto, "<" + mailto + ">", ""},
	} {
		cfg := testConfig()
		cfg.Server.URL = nil
		if test.server != "" {
			cfg.Server.URL, _ = url.Parse(test.server)
		}
		m := compose(t, cfg, testDigest(testPost(1, "<p>x</p>")))
		header, text, _ := parts(t, m.Append(nil, Recipient{Address: "x@example.com", UnsubscribeURL: test.url, UnsubscribeMailto: test.mailto}))
		if got := header.Get("List-Unsubscribe"); got != test.want {
			t.Errorf("%v: List-Unsubscribe is %q", test, got)
		}
		if got := header.Get("List-Unsubscribe-Post"); got != test.post {
			t.Errorf("%v: List-Unsubscribe-Post is %q", test, got)
		}
		if header.Get("Bcc") != "" {
			t.Errorf("%v: a header was injected", test)
		}
		if test.url == "" && !strings.Contains(text, mailto) {
			t.Errorf("%v: nothing in the body says how to unsubscribe", test)
		}
	}
}

func TestComposeIsDeterministic(t *testing.T) {
	cfg := testConfig()
	a := compose(t, cfg, testDigest(testPosts(4, 4)...)).Append(nil, recipient(5))
	b := compose(t, cfg, testDigest(testPosts(4, 4)...)).Append(nil, recipient(5))
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
}

func TestComposeFits(t *testing.T) {
	for _, test := range []struct {
		name                  string
		posts, paragraphs     int
		maxPosts, maxBytes    int
		full, brief, more     int
		wholeExcerpts, filled bool
	}{
		{"all", 3, 3, 20, 98000, 3, 0, 0, true, false},
		{"too many posts", 25, 1, 20, 98000, 20, 0, 5, true, false},
		{"excerpts shrink", 10, 60, 20, 60000, 10, 0, 0, false, true},
		{"posts become links", 60, 20, 100, 60000, -1, -1, 0, false, true},
		{"and more", 400, 20, 1000, 40000, 0, -1, -1, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := testConfig()
			cfg.Digest.MaxPosts, cfg.Digest.MaxBytes = test.maxPosts, test.maxBytes
			d := testDigest(testPosts(test.posts, test.paragraphs)...)
			m := compose(t, cfg, d)
			t.Logf("%d octets, %d full, %d brief, %d more", m.HTMLSize, m.Full, m.Brief, m.More)
			if m.HTMLSize > test.maxBytes || test.filled && m.HTMLSize < test.maxBytes*9/10 {
				t.Errorf("%d octets of %d", m.HTMLSize, test.maxBytes)
			}
			for _, n := range []struct{ got, want int }{{m.Full, test.full}, {m.Brief, test.brief}, {m.More, test.more}} {
				if n.want >= 0 && n.got != n.want || n.want < 0 && n.got == 0 {
					t.Errorf("%d full, %d brief, %d more; want %d, %d, %d (-1 for some)", m.Full, m.Brief, m.More, test.full, test.brief, test.more)
				}
			}
			if m.Full+m.Brief+m.More != test.posts {
				t.Errorf("%d posts of %d", m.Full+m.Brief+m.More, test.posts)
			}
			html, text := m.HTML(recipient(9)), m.Text(recipient(9))
			if len(html) > test.maxBytes {
				t.Errorf("%d octets for a recipient", len(html))
			}
			for i := range m.Full + m.Brief {
				if link := d.Posts[i].URL; !strings.Contains(html, link) || !strings.Contains(text, link) {
					t.Errorf("no link to post %d", i+1)
				}
			}
			if whole := strings.Count(text, "A sentence of the post") == m.Full*test.paragraphs; whole != test.wholeExcerpts {
				t.Errorf("excerpts whole: %v", whole)
			}
		})
	}
}

func TestComposeWithoutRoom(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "digest.html"), []byte(strings.Repeat("x", 20000)), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := templates.Load(dir, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig()
	cfg.Digest.MaxBytes = 10000
	if _, err := Compose(cfg, set, testDigest(testPosts(2, 2)...), composed); err == nil || !strings.Contains(err.Error(), "digest.max_bytes") {
		t.Errorf("got error %v", err)
	}
}

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		name, source string
		limit        int
		want         string
	}{
		{"fits", "<p>one</p>", 100, "<p>one</p>"},
		{"whole blocks", "<p>one</p>\n<p>two</p>\n<p>three</p>", 25, "<p>one</p>\n<p>two</p>"},
		{"at a sentence", "<p>The first sentence is this one. The second does not fit.</p>", 60, "<p>The first sentence is this one. …</p>"},
		{"between words", "<p>A very long sentence without an end in reach, alas</p>", 40, "<p>A very long sentence without…</p>"},
		{"between characters", "<p>これは長い文章なので途中で切れます</p>", 35, "<p>これは長い文章な…</p>"},
		{"not in a link", "<p>See <a href=\"https://example.com\">this long text of a link</a> now</p>", 50, "<p>See </p>"},
		{"no heading last", "<p>one</p><h2>two</h2><p>three and some more</p>", 30, "<p>one</p>"},
		{"whole items", "<ul><li>one</li><li>two</li><li>three</li></ul>", 40, "<ul><li>one</li><li>two</li></ul>"},
		{"nothing of code", "<pre>a long block\nof code</pre>", 20, ""},
		{"nothing", "<p>one</p>", 0, ""},
		{"unclosed", "<div><p>one<p>two and more words that do not fit here", 30, "<div><p>one</p></div>"},
	} {
		if got := truncate(test.source, test.limit); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func FuzzShorten(f *testing.F) {
	f.Add("<p>one. two</p><ul><li>a<li>b</ul><table><tr><td>c", 20)
	f.Add("<svg><p>x</svg><plaintext>y", 5)
	f.Fuzz(func(t *testing.T, source string, limit int) {
		got := truncate(source, limit)
		if len(got) > max(limit, 0) && got != source {
			t.Errorf("%d octets of at most %d: %q", len(got), limit, got)
		}
	})
}
