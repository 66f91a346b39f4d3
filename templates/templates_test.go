package templates_test

import (
	"html/template"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"publisher/templates"
)

// links are the addresses in a document, in order.
func links(t *testing.T, document string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			if n.Data == "a" && a.Key == "href" {
				out = append(out, a.Val)
			}
		}
	}
	return out
}

func TestEveryLinkArrivesUnchanged(t *testing.T) {
	set := load(t, "")
	d := several()
	wanted := []string{d.Site.URL, d.WebURL, d.UnsubscribeURL, d.PreferencesURL, d.MoreURL}
	for _, p := range d.All() {
		wanted = append(wanted, p.URL)
	}
	page, text := digestHTML(t, set, d), digestText(t, set, d)
	got := links(t, page)
	for _, link := range wanted {
		if !slices.Contains(got, link) {
			t.Errorf("HTML has no link to %s", link)
		}
		if link != d.Site.URL && !slices.Contains(strings.Fields(text), link) {
			t.Errorf("text has no line with %s", link)
		}
	}
	// Marks that are replaced for each recipient are looked for in the bytes.
	for _, mark := range []string{"https://unsubscribe.invalid/R-1", "mailto:R-1.unsubscribe", "http://x.invalid/a-b.c:80"} {
		d.UnsubscribeURL = mark
		if !strings.Contains(digestHTML(t, set, d), `href="`+mark+`"`) {
			t.Errorf("HTML mangles %s", mark)
		}
		if !strings.Contains(digestText(t, set, d), "\n"+mark+"\n") {
			t.Errorf("text mangles %s", mark)
		}
	}
}

func TestWhatIsNotThereIsLeftOut(t *testing.T) {
	set := load(t, "")
	page, text := digestHTML(t, set, bare()), digestText(t, set, bare())
	for _, unwanted := range []string{"Unsubscribe", "Change what you get", "browser", "<img", "min read", "Also new", `href=""`, "<ul", "new post"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("HTML has %q", unwanted)
		}
		if strings.Contains(text, unwanted) {
			t.Errorf("text has %q", unwanted)
		}
	}
}

func TestHostileTitles(t *testing.T) {
	set := load(t, "")
	d := bare()
	d.Posts[0].Title = "a </title><script>alert(1)</script> & \"b\"\r\nBcc: x@example.com"
	d.Posts[0].URL = "javascript:alert(1)"
	page := digestHTML(t, set, d)
	if strings.Contains(page, "<script") || strings.Contains(page, "javascript:") {
		t.Errorf("the title or the address got through:\n%s", page)
	}
	subject, err := set.Subject(d)
	if err != nil {
		t.Fatal(err)
	}
	if want := `a </title><script>alert(1)</script> & "b" Bcc: x@example.com`; subject != want {
		t.Errorf("subject %q, want %q", subject, want)
	}
}

func TestSubject(t *testing.T) {
	set := load(t, "")
	own := one()
	own.Posts[0].Subject = "My own line"
	for _, test := range []struct {
		name   string
		digest *templates.Digest
		want   string
	}{
		{"one", one(), `Why a feed's <guid> & address "never" change`},
		{"the author's own", own, "My own line"},
		{"several", several(), `Why a feed's <guid> & address "never" change and 8 more`},
		{"Arabic", arabic(), "لماذا لا يتغير العنوان و8 مقالات أخرى"},
		{"none", &templates.Digest{}, ""},
	} {
		got, err := set.Subject(test.digest)
		if err != nil || got != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	configured, err := set.WithSubject("digest.subject", `{{.Site.Title}} #{{.Number}}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := configured.Subject(one()); err != nil || got != "Notes on feeds & mail #12" {
		t.Errorf("configured: %q, %v", got, err)
	}
	_, err = set.WithSubject("digest.subject", `{{.Site.Title`)
	if err == nil || !strings.HasPrefix(err.Error(), "digest.subject:1: ") {
		t.Errorf("a faulty subject: %v", err)
	}
}

func TestDirection(t *testing.T) {
	page := digestHTML(t, load(t, ""), arabic())
	for _, want := range []string{
		`<html lang="ar" dir="rtl">`,
		`role="main" class="body" lang="ar" dir="rtl"`,
		"padding-right:26px", // of the excerpt's list
		"border-right:4px",   // of its quotation
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(page, "padding-left:26px") {
		t.Error("a list is indented on the left")
	}
}

// Gmail cuts a mail at about 102 kB: the frame must leave that to the posts.
func TestFrameIsLean(t *testing.T) {
	set := load(t, "")
	d := bare()
	frame := len(digestHTML(t, set, d))
	if frame > 6000 {
		t.Errorf("a mail with one empty post has %d bytes", frame)
	}
	d.Posts = append(d.Posts, d.Posts[0], d.Posts[0])
	if each := (len(digestHTML(t, set, d)) - frame) / 2; each > 1600 {
		t.Errorf("an empty post adds %d bytes", each)
	}
}

func TestPicturesFitTheColumn(t *testing.T) {
	page := digestHTML(t, load(t, ""), one())
	for _, want := range []string{`alt="A paper aeroplane" width="592" height="247"`, `alt="A diagram" width="592" height="200"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestTextColumns(t *testing.T) {
	set := load(t, "")
	d := japanese()
	d.PostalAddress = strings.Repeat("long address ", 20)
	text := digestText(t, set, d)
	if !strings.Contains(text, "\n-- \n") {
		t.Error("the footer is not set off as a signature")
	}
	for line := range strings.Lines(text) {
		columns := 0
		for _, r := range strings.TrimSpace(line) {
			columns++
			if r >= 0x1100 {
				columns++
			}
		}
		if columns > 72 && !strings.HasPrefix(line, "http") {
			t.Errorf("%d columns: %s", columns, line)
		}
	}
}

func TestLanguages(t *testing.T) {
	set := load(t, "")
	for _, test := range []struct{ tag, date, title string }{
		{"en", "November 21, 2026", "and 8 more"},
		{"de", "21. November 2026", "und 8 weitere"},
		{"fr", "21 novembre 2026", "et 8 autres"},
		{"es", "21 de noviembre de 2026", "y 8 más"},
		{"pt", "21 de novembro de 2026", "e mais 8"},
		{"ja", "2026年11月21日", "ほか8件"},
		{"ar", "21 نوفمبر 2026", "و8 مقالات أخرى"},
	} {
		t.Run(test.tag, func(t *testing.T) {
			if missing := set.Missing(test.tag); len(missing) > 0 {
				t.Errorf("missing: %v", missing)
			}
			d := several()
			d.Site = site(test.tag)
			if page := digestHTML(t, set, d); !strings.Contains(page, test.date) {
				t.Errorf("no date %s", test.date)
			}
			if subject, err := set.Subject(d); err != nil || !strings.HasSuffix(subject, test.title) {
				t.Errorf("subject %q, %v", subject, err)
			}
		})
	}
}

// Where a language calls the first day of a month otherwise, dates do.
func TestFirstDay(t *testing.T) {
	set := load(t, "")
	for tag, want := range map[string]string{"fr": "1er novembre 2026", "pt": "1º de novembro de 2026", "de": "1. November 2026", "en": "November 1, 2026"} {
		d := one()
		d.Site = site(tag)
		d.Posts[0].Date = time.Date(2026, time.November, 1, 8, 0, 0, 0, time.UTC)
		if text := digestText(t, set, d); !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("%s: no %q in\n%s", tag, want, text)
		}
	}
}

// French sets some signs apart by spaces at which no line breaks.
func TestSpacesThatDoNotBreak(t *testing.T) {
	set := load(t, "")
	n := notice()
	n.Site = site("fr")
	mail, err := set.Notice(templates.Welcome, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Bienvenue\u202f!", "Voir les numéros précédents\u00a0:"} {
		if !strings.Contains(mail.Text, want) {
			t.Errorf("no %q in\n%s", want, mail.Text)
		}
	}
	if want := "Notes on feeds & mail\u00a0: bienvenue"; mail.Subject != want {
		t.Errorf("subject %q, want %q", mail.Subject, want)
	}
}

// Authors write what some mail programs do not know. None of it is mailed.
func TestNothingForeign(t *testing.T) {
	set := load(t, "")
	for name, d := range map[string]*templates.Digest{"one": one(), "several": several(), "wide": wide()} {
		page := digestHTML(t, set, d)
		for _, foreign := range []string{
			"white-space", "overflow:", "border-radius", "float:", "display:none", "<details", "<picture", "<source", "srcset",
			"<ruby", "<abbr", "<mark", "<figure", "<pre", `src="https://blog.example/chart.svg"`, "<script",
		} {
			if strings.Contains(page, foreign) {
				t.Errorf("%s: %s is in the mail", name, foreign)
			}
		}
	}
	page := digestHTML(t, set, wide())
	for _, kept := range []string{
		`<a href="https://blog.example/chart.svg" style="color:#0b57b7">A chart</a>`, `alt="blog.example/p"`,
		"漢字 (かんじ)", "if x\u00a0 {<br/>\u00a0\u00a0\u00a0\u00a0y = ", "A caption",
	} {
		if !strings.Contains(page, kept) {
			t.Errorf("%q is not in the mail", kept)
		}
	}
}

func TestPreheader(t *testing.T) {
	set := load(t, "")
	for _, test := range []struct {
		digest *templates.Digest
		want   string
	}{
		{one(), "A feed is a promise: when I write, you will hear of it."},
		{several(), "Digests that people are glad to open · Résumé of a year"},
		{bare(), "Small things about publishing."},
	} {
		page := digestHTML(t, set, test.digest)
		_, after, _ := strings.Cut(page, `style="height:0;`)
		_, text, _ := strings.Cut(after, ">")
		if !strings.HasPrefix(text, test.want) {
			t.Errorf("preheader %.80q, want %q", text, test.want)
		}
	}
}

func FuzzDigest(f *testing.F) {
	set, err := templates.Load("", "", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("title", "<p>x</p>", "https://x.example/", "en")
	f.Add("\x00\xff", "<table><tr><td style='x:y;;\"'><img width=99999999999 height=1>", "//", "ar")
	f.Fuzz(func(t *testing.T, title, excerpt, url, language string) {
		d := several()
		d.Site.Title, d.Site.Language, d.Posts[0].Title, d.Posts[0].URL = title, language, title, url
		d.Posts[0].ExcerptText = excerpt
		d.Posts[0].Excerpt = template.HTML(excerpt)
		if subject, err := set.Subject(d); err != nil || strings.ContainsAny(subject, "\r\n\x00") {
			t.Fatalf("%q, %v", subject, err)
		}
		if err := set.DigestHTML(io.Discard, d); err != nil {
			t.Fatal(err)
		}
		if err := set.DigestText(io.Discard, d); err != nil {
			t.Fatal(err)
		}
	})
}
