package publish

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/editions"
	"publisher/mailer/message"
)

// A process without the content tree and the templates composes the bytes that one with them
// composes when an edition closes, whichever of its posts somebody is due; also after all of them
// were edited.
func TestStoredBundlesComposeTheSameBytes(t *testing.T) {
	b := newBlog(t, `digest: {default: daily, settle: 0s, max_posts: 3, intro: words.md}
subscribers: {file: list.csv}
server: {url: "https://news.example.com/mail"}
mail: {from: "The Blog <blog@example.com>", reply_to: me@example.com, postal_address: "Main Street 1\nTown"}
templates: mine
languages: {de: {title: Das Blog}}
`, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	b.write("list.csv", "email,tags,language\nann@example.net,,\nbea@example.net,go,\nuwe@example.net,,de\n")
	b.write("mine/digest.subject.txt", "{{.Site.Title}} {{.Number}}: {{range .Posts}}{{.Title}} {{end}}")
	b.run()
	b.now = b.now.Add(24 * time.Hour)
	b.write("words.md", "Hello *there*, Jürgen.\n")
	for i, text := range []string{"title: One\ntags: [go]", "title: Grüße\nauthors: [Zoë, Max]", "title: A letter\nnewsletter: only", "title: Four\ntags: [go, mail]", "title: Five"} {
		b.write(fmt.Sprintf("posts/n%d.md", i), fmt.Sprintf("---\n%s\ndate: 2026-06-02T0%d:00:00Z\n---\nText with ![a picture](https://blog.example.com/p%d.png) and [a note](#n).\n\n- one\n- two\n", text, i, i))
	}
	b.write("posts/n5.de.md", "---\ntitle: Sechs\ndate: 2026-06-02\n---\nDeutsch.\n")

	l, err := sqlite.Open(t.Context(), DSN(b.cfg))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := b.publisher().newPass()
	if err != nil {
		t.Fatal(err)
	}
	s.ledger, s.live = l, true
	if err := s.survey(t.Context()); err != nil {
		t.Fatal(err)
	}
	intro, err := editions.ReadIntro(t.Context(), s.catalog, "")
	if err != nil || intro.HTML == "" {
		t.Fatalf("%+v, %v", intro, err)
	}
	if err := errors.Join(s.loadComposer(), s.catalog.Load(t.Context())); err != nil {
		t.Fatal(err)
	}
	closed, _, err := editions.NewCloser(s.composer, true).CloseDue(t.Context(), nil)
	if err != nil || len(closed) != 2 {
		t.Fatalf("%d editions, %v", len(closed), err)
	}
	type composed struct {
		edition *ledger.Edition
		posts   ledger.Numbers
		mail    []byte
	}
	var want []composed
	for i := range closed {
		e := &closed[i]
		bundle := s.composer.NewBundle(e)
		full := s.catalog.WithIDs(e.Posts)
		if err := s.composer.Add(t.Context(), bundle, full, func(catalog.Entry) bool { return true }); err != nil {
			t.Fatal(err)
		}
		bundle.Intro = intro.HTML
		numbers := bundle.Numbers()
		for subset := 1; subset < 1<<len(numbers); subset++ {
			var posts ledger.Numbers
			for at, n := range numbers {
				if subset&(1<<at) != 0 {
					posts = append(posts, n)
				}
			}
			m, err := s.composer.Message(bundle, e, posts)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, composed{e, posts, mailBytes(m)})
		}
	}
	if len(want) < 32 {
		t.Fatalf("%d mails", len(want))
	}

	for _, gone := range []string{"posts", "mine", "words.md"} {
		if err := os.RemoveAll(filepath.Join(b.dir, gone)); err != nil {
			t.Fatal(err)
		}
	}
	stored := editions.NewStored(b.cfg, l) // as a process that has just started
	for _, c := range want {
		bundle, err := stored.Bundle(t.Context(), c.edition)
		if err != nil || bundle == nil {
			t.Fatal(bundle, err)
		}
		m, err := stored.Message(bundle, c.edition, c.posts)
		if err != nil {
			t.Fatal(err)
		}
		if got := mailBytes(m); !bytes.Equal(got, c.mail) {
			t.Fatalf("edition %d with %v:\n%s\nwant\n%s", c.edition.Number, c.posts, got, c.mail)
		}
	}
	if date := []byte("\r\nDate: Tue, 02 Jun 2026 12:00:00 +0000\r\n"); !bytes.Contains(want[0].mail, date) {
		t.Errorf("not the closing time:\n%s", want[0].mail)
	}
}

func mailBytes(m *message.Message) []byte {
	return m.Append(nil, message.Recipient{Name: "Ann", Address: "ann@example.net", MessageID: "1.2@example.com", UnsubscribeURL: "https://news.example.com/u", PreferencesURL: "https://news.example.com/p"})
}
