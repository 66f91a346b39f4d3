package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/web"
	"publisher/templates"
)

// tour visits every kind of page.
func tour(t *testing.T, language string) map[string]string {
	t.Helper()
	w := start(t, strings.Replace(settings, "language: en", "language: "+language, 1), offer("go", "feeds & mail"))
	for i := range 3 {
		e := ledger.Edition{Cadence: "weekly", Subject: fmt.Sprintf("What was new in week %d", i+1), Closed: day, Posts: []string{"a"}}
		w.archive(&e)
	}
	id := w.subscribe(imports.Row{Email: "ann@example.com", Tags: []string{"go"}})
	unsubscribe := "/unsubscribe/" + w.tokens.Link(mailtoken.Unsubscribe, id)
	w.write("feed.xml", rssSample)
	w.signUp("email=dee@example.com")
	link := w.confirmMail()
	preferences := "/preferences/" + w.tokens.Link(mailtoken.Preferences, id)
	return map[string]string{
		"home":        w.get("/").body,
		"archive":     w.get("/archive/").body,
		"missing":     w.get("/missing").body,
		"error":       w.get("/archive/13").body,
		"link":        w.get("/unsubscribe/x").body,
		"preferences": w.get(preferences).body,
		"saved":       w.post(preferences, "cadence=daily&tags=offered").body,
		"form":        w.post(preferences, "cadence=x").body,
		"ask":         w.get(unsubscribe).body,
		"ended":       w.post(unsubscribe, "List-Unsubscribe=One-Click").body,
		"resumed":     w.post(unsubscribe, "undo=1").body,
		"paused":      w.post(preferences, "pause=week").body,
		"pause-over":  w.post(preferences, "pause=end").body,
		"no-day":      w.post(preferences, "pause=day&until=x").body,
		"link-asked":  w.post(preferences, "manage=1").body,
		"used":        w.get("/manage/x").body,
		"manage":      w.get("/manage/" + w.token(id, ledger.TokenManage, "")).body,
		"no-address":  w.post("/manage/"+w.token(id, ledger.TokenManage, ""), "act=move&email=x").body,
		"not-sure":    w.post("/manage/"+w.token(id, ledger.TokenManage, ""), "act=erase").body,
		"asked":       w.post("/manage/"+w.token(id, ledger.TokenManage, ""), "act=move&email=ann@example.net").body,
		"address":     w.get("/address/" + w.token(id, ledger.TokenAddress, "ann@example.net")).body,
		"moved":       w.post("/address/"+w.token(id, ledger.TokenAddress, "ann@example.net"), "").body,
		"take-back":   w.get("/take-back/" + w.token(id, ledger.TokenTakeBack, "ann@example.com")).body,
		"taken-back":  w.post("/take-back/"+w.token(id, ledger.TokenTakeBack, "ann@example.com"), "").body,
		"left":        w.post(unsubscribe, "reason=Too+much").body,
		"left-link":   w.post(preferences, "manage=1").body,
		"erased":      w.post("/manage/"+w.token(id, ledger.TokenManage, ""), "act=erase&sure=1").body,
		"subscribe":   w.get("/subscribe").body,
		"faulty":      w.post("/subscribe", "email=x&tag=go").body,
		"code":        w.post("/subscribe", "email=ben@example.com").body,
		"wrong-code":  w.post("/confirm/"+w.signUp("email=cy@example.com"), "code=1").body,
		"expired":     w.get("/confirm/x").body,
		"confirm":     w.get("/confirm/" + link).body,
		"confirmed":   w.post("/confirm/"+link, "").body,
	}
}

// With PUBLISHER_PAGES set to a folder the pages are left there, to be looked at.
func TestPages(t *testing.T) {
	for _, language := range []string{"en", "ar", "ja"} {
		for name, page := range tour(t, language) {
			t.Run(language+" "+name, func(t *testing.T) {
				checkMarkup(t, page, language)
				if dir := os.Getenv("PUBLISHER_PAGES"); dir != "" {
					if err := os.WriteFile(filepath.Join(dir, name+"-"+language+".html"), []byte(page), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// checkMarkup wants what people with and without eyes need of a page.
func checkMarkup(t *testing.T, page, language string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	ids := map[string]bool{}
	var described []string
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		a := map[string]string{}
		for _, attribute := range n.Attr {
			a[attribute.Key] = attribute.Val
		}
		if id := a["id"]; id != "" {
			if ids[id] {
				t.Errorf("two elements have the id %s", id)
			}
			ids[id] = true
		}
		if d := a["aria-describedby"]; d != "" {
			described = append(described, strings.Fields(d)...)
		}
		switch n.Data {
		case "html":
			if a["lang"] != language || a["dir"] != templates.Direction(language) {
				t.Errorf("language %q, direction %q", a["lang"], a["dir"])
			}
		case "meta":
			if a["name"] == "viewport" {
				count["viewport"]++
			}
		case "title", "h1", "button", "a", "legend":
			if text(n) == "" {
				t.Errorf("<%s> is empty", n.Data)
			}
		case "input":
			if a["type"] != "hidden" && (n.Parent.Data != "label" || text(n.Parent) == "") {
				t.Errorf("the input %s=%s has no label", a["name"], a["value"])
			}
		case "script":
			t.Errorf("a <%s>", n.Data)
		}
	}
	for _, name := range []string{"title", "h1", "main", "viewport"} {
		if count[name] != 1 {
			t.Errorf("%d × %s, want one", count[name], name)
		}
	}
	for _, id := range described {
		if !ids[id] {
			t.Errorf("nothing has the id %s", id)
		}
	}
	if slices.Contains(strings.Fields(page), "{title}") || strings.Contains(page, "{address}") {
		t.Error("words are not filled in")
	}
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

func TestHome(t *testing.T) {
	w := start(t, settings+"feeds: {rss: feed.xml, atom: \"\", json: \"feeds/all posts.json\"}\n", nil)
	page := w.get("/").body
	for _, wanted := range []string{
		"<title>Notes on feeds</title>", "About small things", `href="https://blog.example"`,
		`<link rel="alternate" type="application/rss&#43;xml" href="/feed.xml" title="RSS">`,
		`<a href="/feeds/all%20posts.json" type="application/feed&#43;json">JSON Feed</a>`,
		`href="/archive/"`,
	} {
		if !strings.Contains(page, wanted) {
			t.Errorf("no %s in\n%s", wanted, page)
		}
	}
	if strings.Contains(page, "Atom") {
		t.Error("a feed that is left out is named")
	}
	w.write("index.html", "the owner's")
	if got := w.get("/").body; got != page {
		t.Errorf("a file stands in the way: %.100s", got)
	}
}

func TestOwnersTemplates(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{
		"page-message.html": `<title>{{.Message}}</title><p>{{.Site.Title}} {{.Missing}}</p>`,
		"page-archive.html": `<title>Past</title><p>{{.Site.Title}}: {{len .Editions}}</p>`,
		"colors.css":        `:root { --accent: #123456 }`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := templates.Load(dir, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, settings, func(o *web.Options) { o.Templates = set })
	if got := w.get("/archive/").body; got != "<title>Past</title><p>Notes on feeds: 0</p>" {
		t.Errorf("got %s", got)
	}
	if got := w.get("/").body; !strings.Contains(got, "--accent: #123456") {
		t.Errorf("the owner's colour is not there:\n%.500s", got)
	}
	// A template that fails leaves the status and an honest line.
	if res := w.get("/missing"); res.StatusCode != 404 || res.body != "Not Found\n" {
		t.Errorf("%s %q", res.Status, res.body)
	}
	if log := w.log.String(); !strings.Contains(log, filepath.Join(dir, "page-message.html")) {
		t.Errorf("the log does not name the file: %s", log)
	}
	if err := set.Check(); err == nil || !strings.Contains(err.Error(), "page-message.html:1") {
		t.Errorf("the check: %v", err)
	}
}
