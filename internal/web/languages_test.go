package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/web"
)

const bilingual = settings + `
languages:
  de: {title: Notizen über Feeds, url: "https://blog.example/de"}
  ar: {title: ملاحظات}
`

// offerByLanguage offers other tags to those who read German.
func offerByLanguage(o *web.Options) {
	o.Tags = func(_ context.Context, language string) ([]string, error) {
		if strings.HasPrefix(language, "de") {
			return []string{"Post"}, nil
		}
		return []string{"mail"}, nil
	}
}

func TestLanguagePreferences(t *testing.T) {
	w := start(t, bilingual, offerByLanguage)
	id := w.subscribe(imports.Row{Email: "ann@example.com"})
	link := "/preferences/" + w.tokens.Link(mailtoken.Preferences, id)
	page := w.get(link).body
	if diff := cmp.Diff([]string{"cadence=weekly", "language=en"}, checked(t, page)); diff != "" {
		t.Error(diff)
	}
	wantAll(t, page, `<html lang="en"`, `<legend>Language</legend>`, `<span lang="de">Deutsch</span>`, `<span lang="ar">العربية</span>`, `value="mail"`)

	for _, tt := range []struct {
		form     string
		status   int
		language string
		words    string
	}{
		{"language=en", 200, "", "Saved."},
		{"language=fr", 422, "", "There are no mails in this language."},
		{"language=" + strings.Repeat("x", 5000), 422, "", ""},
		{"language=de", 200, "de", `<html lang="de"`},
		{"cadence=daily", 200, "de", "Gespeichert."},
		{"language=ar", 200, "ar", `<html lang="ar" dir="rtl"`},
		{"language=de&cadence=weekly", 200, "de", `value="Post"`},
		{"language=en", 200, "en", "Saved."},
	} {
		res := w.post(link, tt.form)
		wantStatus(t, res, tt.status)
		if got := w.subscriber("ann@example.com").Language; got != tt.language {
			t.Errorf("%.40q: language %q, want %q", tt.form, got, tt.language)
		}
		if tt.words != "" {
			wantAll(t, res.body, tt.words)
		}
	}
}

// Who reads a variety of a language, or one without digests, keeps it until they
// choose another.
func TestLanguageVarieties(t *testing.T) {
	w := start(t, bilingual, nil)
	for tag, shown := range map[string]string{"de-AT": "de", "fr": "en", "en-GB": "en"} {
		email := strings.ToLower(tag) + "@example.com"
		link := "/preferences/" + w.tokens.Link(mailtoken.Preferences, w.subscribe(imports.Row{Email: email, Language: tag}))
		if diff := cmp.Diff([]string{"cadence=weekly", "language=" + shown}, checked(t, w.get(link).body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tag, diff)
		}
		wantStatus(t, w.post(link, "cadence=daily&language="+shown), 200)
		if s := w.subscriber(email); s.Language != tag || s.Cadence != "daily" {
			t.Errorf("%s: after saving, %+v", tag, s)
		}
	}
}

// Without languages there is nothing to choose, and nothing to be talked into.
func TestNoLanguagePreferences(t *testing.T) {
	w := start(t, settings, nil)
	link := "/preferences/" + w.tokens.Link(mailtoken.Preferences, w.subscribe(imports.Row{Email: "ann@example.com", Language: "de"}))
	page := w.get(link).body
	if strings.Contains(page, `name="language"`) || !strings.Contains(page, `<html lang="en"`) {
		t.Errorf("a choice of languages, or another than the site's:\n%s", page)
	}
	wantStatus(t, w.post(link, "language=fr"), 422)
	if got := w.subscriber("ann@example.com").Language; got != "de" {
		t.Errorf("language %q", got)
	}
}

func TestPagesInTheSubscribersLanguage(t *testing.T) {
	w := start(t, bilingual, nil)
	id := w.subscribe(imports.Row{Email: "ann@example.com", Language: "de"})
	link := "/unsubscribe/" + w.tokens.Link(mailtoken.Unsubscribe, id)
	wantAll(t, w.get(link).body, `<html lang="de"`, "Möchtest du abbestellen?", "Notizen über Feeds", `href="https://blog.example/de"`)
	wantAll(t, w.post(link, "List-Unsubscribe=One-Click").body, "Das Abo ist beendet")
}

func TestFeedsOfEachLanguage(t *testing.T) {
	w := start(t, bilingual, nil)
	w.write("feed.xml", rssSample)
	w.write("de/feed.xml", rssSample)
	w.write("de/tags/post/feed.xml", rssSample)
	home := w.get("/").body
	checkMarkup(t, home, "en")
	wantAll(t, home,
		`<link rel="alternate" type="application/rss+xml" href="/feed.xml" title="RSS">`,
		`<link rel="alternate" type="application/rss+xml" hreflang="de" href="/de/feed.xml" title="RSS (Deutsch)">`,
		`<h2><span lang="de" dir="ltr">Deutsch: <a href="https://blog.example/de">Notizen über Feeds</a></span></h2>`,
		`<h2><span lang="ar" dir="rtl">العربية: <a href="https://blog.example">ملاحظات</a></span></h2>`,
		`<a href="/de/feed.xml" type="application/rss+xml">RSS</a>`, `<a href="/ar/atom.xml" type="application/atom+xml">Atom</a>`)
	if raw := w.get("/de/feed.xml"); raw.body != rssSample || !strings.HasPrefix(raw.Header.Get("Content-Type"), "application/rss+xml") {
		t.Errorf("to a reader: %s %s", raw.Header.Get("Content-Type"), raw.body)
	}
	for path, want := range map[string][]string{
		"/feed.xml":              {`<html lang="en"`, "https://blog.example/atom.xml"},
		"/de/feed.xml":           {`<html lang="de"`, "Das ist ein Feed", "https://blog.example/de/atom.xml"},
		"/de/tags/post/feed.xml": {`<html lang="de"`, "https://blog.example/de/tags/post/atom.xml"},
	} {
		wantAll(t, w.get(path, "Accept", "text/html").body, want...)
	}
}

// The archive names the language of what is not in the site's.
func TestArchiveInLanguages(t *testing.T) {
	w := start(t, bilingual, nil)
	for _, e := range []*ledger.Edition{
		{Cadence: "weekly", Subject: "News", Closed: day, Posts: []string{"a"}},
		{Cadence: "weekly", Language: "de", Subject: "Neues", Closed: day, Posts: []string{"b"}},
	} {
		w.archive(e)
	}
	page := w.get("/archive/").body
	checkMarkup(t, page, "en")
	wantAll(t, page,
		`<a href="/archive/2" hreflang="de" lang="de" dir="ltr">Neues</a> <span class="muted"><span lang="de">Deutsch</span> · November 22, 2026`,
		`<a href="/archive/1">News</a> <span class="muted">November 22, 2026`)
}

func wantAll(t *testing.T, page string, texts ...string) {
	t.Helper()
	page = strings.ReplaceAll(page, "&#43;", "+")
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("%q is not in\n%s", text, page[max(0, strings.Index(page, "<body")):])
		}
	}
}
