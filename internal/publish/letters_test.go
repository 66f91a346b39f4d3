package publish

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/publish/editions"
	"publisher/internal/smtptest"
)

// page returns the web version of an edition.
func (b *blog) page(number int64) (page string) {
	b.t.Helper()
	b.withLedger(func(l *ledger.Ledger) error {
		html, found, err := editions.Archive{Ledger: l}.Edition(b.t.Context(), number)
		if err == nil && !found {
			b.t.Errorf("edition %d has no web version", number)
		}
		page = string(html)
		return err
	})
	return page
}

// texts returns the text parts of what an address received.
func (b *blog) texts(address string) (texts []string) {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "outbox", "*"+address+".eml"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, file := range files {
		_, text := readMail(b.t, file)
		texts = append(texts, text)
	}
	return texts
}

// holds reports whether one of the messages contains a text.
func holds(messages map[string]string, text string) bool {
	for _, m := range messages {
		if strings.Contains(m, text) {
			return true
		}
	}
	return false
}

// A letter can be read where its links lead, even if it was edited since, and in an edition with
// more posts than fit.
func TestLetterIsInTheArchive(t *testing.T) {
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b := newBlog(t, `digest: {default: immediate, settle: 0s, start: 2026-01-01, max_posts: 2, intro: words.md}
subscribers: {file: list.csv}
server: {url: "https://news.example.com/mail"}
`, start)
	b.write("list.csv", "email,cadence\nada@example.com,immediate\n")
	b.write("words.md", "Words of the *owner*.\n")
	b.write("posts/public.md", "---\ntitle: Public\ndate: 2026-05-03\n---\nText.\n")
	b.write("posts/older.md", "---\ntitle: Older\ndate: 2026-04-03\nnewsletter: only\n---\nThe older beginning.\n\n<!--more-->\n\nThe older end.\n")
	b.write("posts/letter.md", "---\ntitle: Letter\ndate: 2026-05-02\nnewsletter: only\n---\nThe beginning.\n\n<!--more-->\n\nThe end[^1].\n\n[^1]: A note.\n")
	if r := b.run(); len(r.Editions) != 1 || !r.Editions[0].Intro || r.Editions[0].Sent != 1 {
		t.Fatalf("%+v", r.Editions)
	}
	page := b.page(1)
	for _, want := range []string{"Words of the <em>owner</em>", "The beginning.", "The end", "A note.", `<a href="#letter-fn:1"`, "The older end.", `<h2 class="title" id="letter-`, "https://blog.example.com/public/"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page:\n%s", want, page)
		}
	}
	text := strings.Join(b.texts("ada@example.com"), "\n")
	_, anchor, found := strings.Cut(text, "https://news.example.com/mail/archive/1#")
	anchor, _, _ = strings.Cut(anchor, "\n")
	if anchor = strings.TrimSpace(anchor); !found || !strings.Contains(page, `id="`+anchor+`"`) {
		t.Errorf("the link to %q leads nowhere: %s", anchor, text)
	}
	if strings.Contains(text, "The end") || !strings.Contains(text, "The beginning.") {
		t.Errorf("the mail does not have the excerpt: %s", text)
	}
	b.now = b.now.Add(time.Hour)
	b.write("posts/letter.md", "---\ntitle: Letter\ndate: 2026-05-02\nnewsletter: only\n---\nOther words, which are longer.\n")
	b.run()
	if after := b.page(1); after != page {
		t.Errorf("the web version has changed:\n%s", after)
	}
}

// A retry has the words that the others had, whatever is in the file by then.
func TestRetryHasTheSameIntro(t *testing.T) {
	var refused bool
	server := smtptest.Start(t, smtptest.Options{Record: true, Script: func(e smtptest.Event) string {
		if e.Verb == "RCPT" && !refused {
			refused = true
			return "451 4.7.1 later"
		}
		return ""
	}})
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b := newBlog(t, `digest: {default: immediate, settle: 0s, start: 2026-01-01, intro: words.md}
subscribers: {file: list.csv}
mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: `+strconv.Itoa(server.Port())+`, tls: none}}
`, start)
	b.write("list.csv", "email,cadence\nada@example.com,immediate\n")
	b.write("words.md", "The first words.\n")
	b.write("posts/public.md", "---\ntitle: Public\ndate: 2026-05-03\n---\nText.\n")
	if r := b.run(); len(r.Editions) != 1 || r.Editions[0].Deferred != 1 {
		t.Fatalf("%+v", r.Editions)
	}
	b.write("words.md", "Other words.\n")
	b.now = b.now.Add(time.Hour)
	if r := b.run(); len(r.Editions) != 1 || r.Editions[0].Sent != 1 || !r.Editions[0].Intro {
		t.Fatalf("%+v", r.Editions)
	}
	if got := server.Messages(); len(got) != 1 || !holds(got, "The first words.") {
		t.Errorf("got %d messages: %s", len(got), got)
	}
	// The other words are for the next edition.
	b.write("posts/more.md", "---\ntitle: More\ndate: 2026-05-04\n---\nText.\n")
	b.now = b.now.Add(time.Hour)
	b.run()
	if got := server.Messages(); len(got) != 1 || !holds(got, "Other words.") {
		t.Errorf("got %d messages: %s", len(got), got)
	}
}

// Each language has its own file if there is one.
func TestIntroByLanguage(t *testing.T) {
	b := newBlog(t, `languages: {es: {title: Notas}}
digest: {default: immediate, settle: 0s, start: 2026-01-01, intro: words.md}
subscribers: {file: list.csv}
`, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	b.write("list.csv", "email,cadence,language\nada@example.com,immediate,en\neva@example.com,immediate,es\n")
	b.write("words.md", "Good morning.\n")
	b.write("words.es.md", "Buenos dias.\n")
	b.write("posts/public.md", "---\ntitle: Public\ndate: 2026-05-03\n---\nText.\n")
	b.write("posts/es.md", "---\ntitle: Hola\ndate: 2026-05-03\nlang: es\n---\nTexto.\n")
	b.run()
	for address, want := range map[string]string{"ada@example.com": "Good morning.", "eva@example.com": "Buenos dias."} {
		if text := strings.Join(b.texts(address), "\n"); !strings.Contains(text, want) {
			t.Errorf("%s did not get %q: %s", address, want, text)
		}
	}
}
