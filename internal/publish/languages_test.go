package publish

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/publish/delivery"
)

// polyglot is a blog whose languages are added and removed, and what it has mailed to whom.
type polyglot struct {
	*blog
	random    *rand.Rand
	languages []string          // by the config
	readers   map[string]string // address to language
	posts     map[string]string // those that have not reached everybody, title to language
	others    map[string]bool   // address and title: by the languages of some pass it was not theirs
	n         int
}

const polyglotSettings = "digest: {default: immediate, settle: 0s}\nmail: {smtp: {connections: 1}}\nfeeds: {tags: false, archive: false, rss: \"\", json: \"\"}\n"

func newPolyglot(t *testing.T, seed uint64) *polyglot {
	p := &polyglot{blog: newBlog(t, polyglotSettings, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)),
		random: rand.New(rand.NewPCG(seed, 1)), posts: map[string]string{}, others: map[string]bool{},
		readers: map[string]string{"none@example.com": "", "en@example.com": "en", "de@example.com": "de", "at@example.com": "de-AT", "fr@example.com": "fr"}}
	for email, language := range p.readers {
		p.subscribe(email, language)
	}
	p.pass(0)
	return p
}

func (p *polyglot) open() *ledger.Ledger {
	p.t.Helper()
	l, err := sqlite.Open(p.t.Context(), DSN(p.cfg))
	if err != nil {
		p.t.Fatal(err)
	}
	return l
}

func (p *polyglot) subscribe(email, language string) {
	p.t.Helper()
	l := p.open()
	defer l.Close()
	rows := func(yield func(imports.Row, error) bool) { yield(imports.Row{Email: email, Language: language}, nil) }
	if _, err := imports.Run(p.t.Context(), l, rows, imports.Options{DefaultCadence: "immediate", Now: p.now}); err != nil {
		p.t.Fatal(err)
	}
}

// configure sets other languages.
func (p *polyglot) configure(languages ...string) {
	p.languages = languages
	settings := "site: {url: https://blog.example.com}\ncontent: {dir: posts}\n" + polyglotSettings + "languages:\n"
	for _, tag := range languages {
		settings += "  " + tag + ":\n"
	}
	p.write("config.yaml", settings)
	p.load()
}

func (p *polyglot) add(language string) {
	p.n++
	title := fmt.Sprintf("P%03d", p.n)
	p.posts[title] = language
	p.write(fmt.Sprintf("posts/%d.md", p.n), fmt.Sprintf("---\ntitle: %s\ndate: 2026-05-01\nlang: %s\n---\nText.\n", title, language))
}

// pass does a pass that ends after this many deliveries; 0 for all. It reports whether the pass
// was completed.
func (p *polyglot) pass(most int) bool {
	p.t.Helper()
	ctx, stop := context.WithCancel(p.t.Context())
	defer stop()
	p.now = p.now.Add(time.Hour)
	for title, language := range p.posts {
		for email, reads := range p.readers {
			if p.cfg.LanguageOf(reads) != p.cfg.LanguageOf(language) {
				p.others[email+" "+title] = true
			}
		}
	}
	tried := 0
	publisher := New(p.cfg, Options{Now: func() time.Time { return p.now }, Build: "test", Progress: func(delivery.Progress) {
		if tried++; tried == most {
			stop()
		}
	}})
	_, err := publisher.Run(ctx, "test")
	if err != nil && ctx.Err() == nil {
		p.t.Fatal(err)
	}
	return ctx.Err() == nil
}

// mailed returns which posts each address has, and fails if one has a post twice.
func (p *polyglot) mailed() map[string]bool {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "outbox/*.eml"))
	if err != nil {
		p.t.Fatal(err)
	}
	had := map[string]string{} // address and post to the message
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			p.t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(string(data)))
		if err != nil {
			p.t.Fatal(err)
		}
		id, to := m.Header.Get("Message-Id"), strings.Trim(m.Header.Get("To"), "<>")
		for _, title := range postTitle.FindAllString(strings.ReplaceAll(string(data), "=\r\n", ""), -1) {
			key := to + " " + title
			if other, twice := had[key]; twice && other != id {
				p.t.Fatalf("%s was mailed %s twice", to, title)
			}
			had[key] = id
		}
	}
	got := map[string]bool{}
	for key := range had {
		got[key] = true
	}
	return got
}

// check checks that everybody has every post that has been in their language since it
// appeared. Subscribers who had another language's edition before the config changed do not get
// it again.
func (p *polyglot) check() {
	p.t.Helper()
	got := p.mailed()
	for title, language := range p.posts {
		for email := range p.readers {
			if key := email + " " + title; !p.others[key] && !got[key] {
				p.t.Fatalf("with the languages %q, %s was not mailed %s, which is in %s", p.languages, email, title, language)
			}
		}
	}
	clear(p.posts)
}

// Whatever changes between passes, and wherever a pass is interrupted, nobody gets a post
// twice, and new posts get to everybody who reads their language.
func TestLanguagesComeAndGo(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p := newPolyglot(t, seed)
			tags := []string{"en", "de", "de-AT", "fr"}
			for range 25 {
				for range p.random.IntN(3) {
					p.add(tags[p.random.IntN(len(tags))])
				}
				switch p.random.IntN(4) {
				case 0:
					p.configure([][]string{nil, {"de"}, {"de", "fr"}, {"fr", "de-AT"}}[p.random.IntN(4)]...)
				case 1:
					if len(p.posts) == 0 { // nothing is under way
						p.readers["fr@example.com"] = tags[p.random.IntN(len(tags))]
						p.subscribe("fr@example.com", p.readers["fr@example.com"])
					}
				}
				if p.pass(p.random.IntN(6)) {
					p.check()
				}
				p.mailed()
			}
		})
	}
}

// If the languages change while an edition is open, its remaining recipients get the posts, by
// the new languages, in the same pass.
func TestLanguagesChangeInAnEdition(t *testing.T) {
	for name, languages := range map[string][2][]string{
		"turned on":  {nil, {"de"}},
		"turned off": {{"de"}, nil},
		"another":    {{"de"}, {"fr"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPolyglot(t, 1)
			p.configure(languages[0]...)
			if !p.pass(0) {
				t.Fatal("cut short")
			}
			p.add("en")
			p.add("de")
			if p.pass(2) {
				t.Fatal("the pass was not cut short")
			}
			p.configure(languages[1]...)
			if !p.pass(0) {
				t.Fatal("cut short")
			}
			p.check()
		})
	}
}
