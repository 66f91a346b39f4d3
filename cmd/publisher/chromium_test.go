//go:build chromium

package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// visit is what happened on a page in the browser.
type visit struct {
	ran        bool     // a script of the page's
	violations []string // of its content security policy
	elsewhere  []string // what was loaded from other servers
	title      string
}

// browser is Chromium, recording what pages do.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu        sync.Mutex
	requested []string
}

func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	// Without a sandbox, which root, the usual user in CI, cannot have.
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, base: base}
	chromedp.ListenTarget(ctx, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.requested = append(b.requested, sent.Request.URL)
		}
	})
	err := chromedp.Run(ctx, network.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(
			`window.violated = []; addEventListener('securitypolicyviolation', e => violated.push(e.violatedDirective + ' ' + e.blockedURI))`).Do(ctx)
		return err
	}))
	if err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	return b
}

// open opens a page, clicks what can be clicked without leaving it, and returns what happened.
func (b *browser) open(path string) (v visit) {
	b.t.Helper()
	b.mu.Lock()
	b.requested = nil
	b.mu.Unlock()
	err := chromedp.Run(b.ctx,
		chromedp.Navigate(b.base+path),
		chromedp.Evaluate(`document.querySelectorAll('[onclick], details, summary').forEach(e => e.click())`, nil),
		chromedp.Evaluate(`document.querySelectorAll('a[href^="javascript:" i]').forEach(e => e.click())`, nil),
		chromedp.Evaluate(`new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))`, nil),
		chromedp.Evaluate(`window.hacked === 1 || document.title.includes('HACKED')`, &v.ran),
		chromedp.Evaluate(`violated`, &v.violations),
		chromedp.Evaluate(`document.title`, &v.title),
	)
	if err != nil {
		b.t.Fatalf("%s: %v", path, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, address := range b.requested {
		if u, err := url.Parse(address); err != nil || u.Scheme != "data" && !strings.HasPrefix(address, b.base+"/") {
			v.elsewhere = append(v.elsewhere, address)
		}
	}
	return v
}

// scripts are ways to run a script, and to load something from elsewhere.
var scripts = []string{
	`<script>window.hacked=1</script>`,
	`</title><script>window.hacked=1</script>`,
	`</textarea></style></script><script>window.hacked=1</script>`,
	`<img src=x onerror=window.hacked=1>`,
	`<svg onload=window.hacked=1>`,
	`"><svg/onload=window.hacked=1>`,
	`' autofocus onfocus=window.hacked=1 x='`,
	`<details open ontoggle=window.hacked=1>`,
	`<a href="javascript:window.hacked=1">x</a>`,
	`<iframe srcdoc="<script>parent.hacked=1</script>"></iframe>`,
	`<iframe src="javascript:parent.hacked=1"></iframe>`,
	`<object data="data:text/html,<script>parent.hacked=1</script>"></object>`,
	`<embed src="javascript:window.hacked=1">`,
	`<base href="https://evil.example/">`,
	`<link rel=stylesheet href="https://evil.example/a.css">`,
	`<link rel=preload as=script href="https://evil.example/a.js">`,
	`<style>@import "https://evil.example/b.css"; body{background:url(https://evil.example/b.png)}</style>`,
	`<script src="https://evil.example/c.js"></script>`,
	`<script type=module>import "https://evil.example/d.js"</script>`,
	`<meta http-equiv=refresh content="0;url=https://evil.example/">`,
	`<form action="https://evil.example/"><input autofocus onfocus=window.hacked=1></form>`,
	`<math><mtext></form><form><mglyph><style></math><img src onerror=window.hacked=1>`,
	`<noscript><p title="</noscript><img src=x onerror=window.hacked=1>">`,
	`<video><source onerror=window.hacked=1></video>`,
	`<body onload=window.hacked=1>`,
	`<marquee onstart=window.hacked=1>x</marquee>`,
	`<template shadowrootmode=open><script>window.hacked=1</script></template>`,
	`&lt;script&gt;window.hacked=1&lt;/script&gt;`,
	`{{"<script>window.hacked=1</script>"}}`,
	`<?xml-stylesheet href="https://evil.example/e.xsl"?><![CDATA[<script>window.hacked=1</script>]]>`,
}

// hostilePages serves a blog with each of the scripts in titles, tags, authors and texts.
func hostilePages(t *testing.T) *served {
	t.Helper()
	s := newServed(t, "digest: {default: immediate, settle: 0s, start: 2020-01-01, hold_above: 0}\nsubscribers: {file: list.csv}\n", "email,tags\nada@example.com,\n")
	quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	for n, script := range scripts {
		day := time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		s.write(filepath.Join("posts", "p"+day+".md"), "---\ntitle: "+quote("T "+script)+"\ndate: "+day+"\ntags: ["+quote("g "+script)+"]\nauthor: "+quote("A "+script)+
			"\ndescription: "+quote("D "+script)+"\n---\nText "+script+" and on.\n\n"+script+"\n")
	}
	s.start()
	s.await("edition", func(line map[string]any) bool { return line["sent"] == 1.0 })
	return s
}

// No page runs a script of a post, violates its own policy, or loads anything from elsewhere.
func TestPagesInChromium(t *testing.T) {
	s := hostilePages(t)
	b := newBrowser(t, s.base)
	mails, err := filepath.Glob(filepath.Join(s.dir, "outbox/*.eml"))
	if err != nil || len(mails) == 0 {
		t.Fatalf("no mail: %v", err)
	}
	mail, err := os.ReadFile(mails[0])
	if err != nil {
		t.Fatal(err)
	}
	link := unsubscribeHeader.FindSubmatch(mail)
	if link == nil {
		t.Fatal("no link in the mail")
	}
	leave := string(link[1])
	_, left := s.get(leave)
	choose := regexp.MustCompile(`/preferences/[a-z2-7]+`).FindString(left)
	feeds, err := filepath.Glob(filepath.Join(s.dir, "public/tags/*/feed.xml"))
	if err != nil || len(feeds) < len(scripts)/2 {
		t.Fatalf("%d feeds of tags, %v", len(feeds), err)
	}
	paths := []string{"/", "/archive/", "/archive/1", "/feed.xml", "/atom.xml", "/feed.json", leave, choose, "/missing", "/unsubscribe/nobody",
		"/%3Cscript%3Ewindow.hacked=1%3C/script%3E", "/?q=%3Cscript%3Ewindow.hacked=1%3C/script%3E", leave + "?%3Cscript%3Ewindow.hacked=1%3C/script%3E", "/healthz"}
	for _, feed := range feeds[:5] {
		rel, err := filepath.Rel(filepath.Join(s.dir, "public"), feed)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, (&url.URL{Path: "/" + filepath.ToSlash(rel)}).EscapedPath())
	}
	for _, path := range paths {
		v := b.open(path)
		if v.ran {
			t.Errorf("%s: a script ran", path)
		}
		if len(v.violations) > 0 {
			t.Errorf("%s: the page breaks its policy: %q", path, v.violations)
		}
		if len(v.elsewhere) > 0 {
			t.Errorf("%s: loads %q", path, v.elsewhere)
		}
	}
	// The forms work under the policy.
	for _, press := range []struct{ path, button, status string }{
		{choose, "button[type=submit], form button", "active"},
		{leave, "form button", "unsubscribed"},
		{leave, "form button", "active"},
	} {
		if err := chromedp.Run(b.ctx, chromedp.Navigate(s.base+press.path), chromedp.Click(press.button, chromedp.ByQuery), chromedp.WaitReady("h1")); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return s.status("ada@example.com") == press.status }, press.path+" leads to "+press.status)
	}
	s.stop()
}

// waitFor waits until something becomes true.
func waitFor(t *testing.T, is func() bool, what string) {
	t.Helper()
	deadline := time.After(patience)
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("it never came to pass: %s", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// If markup gets past everything else, into a file of the owner or an edition, the policy still
// blocks scripts. This also shows that the test would notice one.
func TestPolicyInChromium(t *testing.T) {
	s := newServed(t, "", "email\n")
	for n, script := range scripts {
		s.write(filepath.Join("public", "x", string(rune('a'+n))+".html"), "<!DOCTYPE html><title>x</title><p>"+script+"<p onclick=window.hacked=1>x")
	}
	s.write("public/own.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked=1"><script>window.hacked=1</script></svg>`)
	s.start()
	b := newBrowser(t, s.base)
	noticed := 0
	for n := range scripts {
		path := "/x/" + string(rune('a'+n)) + ".html"
		v := b.open(path)
		if v.ran {
			t.Errorf("%s: a script ran: %s", path, scripts[n])
		}
		noticed += len(v.violations)
	}
	if v := b.open("/own.svg"); v.ran {
		t.Error("a script of a drawing ran")
	}
	if noticed < len(scripts)/2 {
		t.Errorf("only %d violations were noticed", noticed)
	}
	s.stop()
	free := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!DOCTYPE html><title>x</title>" + scripts[0]))
	}))
	t.Cleanup(free.Close)
	b.base = free.URL
	if v := b.open("/"); !v.ran {
		t.Error("without a policy no script ran either: the test sees nothing")
	}
}
