//go:build chromium

package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"publisher/internal/ledger"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
	"publisher/internal/signup"
	"publisher/internal/web"
	"publisher/templates"
)

// blog is a page of another origin with the form, which sends no Referer.
type blog struct {
	*world
	page string // its address

	mu      sync.Mutex
	origins []string // of posts
}

// newBlog starts the web server and the blog.
func newBlog(t *testing.T, yaml string, script bool) *blog {
	t.Helper()
	b := &blog{world: start(t, yaml, offer("go", "feeds & mail"))}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			b.mu.Lock()
			b.origins = append(b.origins, r.Header.Get("Origin"))
			b.mu.Unlock()
		}
		b.handler.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	b.url = front.URL
	set, err := templates.Load("", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	data := &templates.FormPage{Frame: templates.Frame{Site: templates.Site{Title: "Notes", URL: "https://blog.example", Language: "en"}},
		Form: templates.SignupForm{URL: front.URL + "/subscribe", Cadences: []templates.Choice{{Value: "daily"}, {Value: "weekly", Chosen: true}}}}
	if script {
		data.SetScript(signup.FormScript())
	}
	var form strings.Builder
	if err := set.Page(&form, "form.html", data); err != nil {
		t.Fatal(err)
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Referrer-Policy", "no-referrer")
		fmt.Fprintf(w, "<!DOCTYPE html><html lang=en><meta name=viewport content='width=device-width'><title>Blog</title><h1>A post</h1>%s", form.String())
	}))
	t.Cleanup(other.Close)
	b.page = other.URL + "/a-post/"
	return b
}

// tab is a tab of Chromium.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab starts a browser without cookies.
func newTab(t *testing.T) *tab {
	t.Helper()
	// Without a sandbox, which root, the usual user in CI, cannot have.
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return &tab{t, ctx}
}

func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// until waits until a JavaScript expression is true.
func (b *tab) until(expression string) {
	b.t.Helper()
	b.do(chromedp.Poll(expression, nil, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(30*time.Second)))
}

// without is a browser with JavaScript turned off.
func (b *tab) withoutScripts() *tab {
	b.do(emulation.SetScriptExecutionDisabled(true))
	return b
}

// heading waits for the page whose heading is that.
func (b *tab) heading(text string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(fmt.Sprintf("//h1[text()=%q]", text), chromedp.BySearch))
}

// set sets the value of a field.
func set(field, value string) chromedp.Action {
	return chromedp.Evaluate(fmt.Sprintf(`document.querySelector("[name=%s]").value = %q`, field, value), nil)
}

// keys types without a mouse.
func keys(text string) chromedp.Action { return chromedp.KeyEvent(text) }

// The form on a page of another origin works without scripts and without a Referer, with
// nothing but a keyboard, and the code confirms.
func TestChromiumFormWithoutScript(t *testing.T) {
	b := newBlog(t, signupSettings, false)
	tab := newTab(t).withoutScripts()
	tab.do(chromedp.Navigate(b.page), keys(kb.Tab+"ada@example.com"+kb.Tab+kb.ArrowUp+kb.Tab+kb.Enter))
	tab.heading("Please look into your mailbox")
	b.confirmMail()
	tab.do(keys(kb.Tab + kb.Tab + "482 914" + kb.Enter)) // past the publication's name
	tab.do(chromedp.WaitVisible("#fault", chromedp.ByQuery))
	if got := b.status("ada@example.com"); got != "" {
		t.Fatalf("status %q", got)
	}
	tab.do(keys(kb.Tab + kb.Tab + "482 913" + kb.Tab + kb.Enter))
	tab.heading("You are subscribed")
	if s := b.subscriber("ada@example.com"); s.Status != ledger.Active || s.Cadence != "daily" {
		t.Errorf("%+v", s)
	}
	if b.origins[0] != "null" {
		t.Errorf("origins %q: the page does not hide its origin, so the test shows nothing", b.origins)
	}
}

// With the script the reader stays on the page.
func TestChromiumFormWithScript(t *testing.T) {
	b := newBlog(t, signupSettings, true)
	tab := newTab(t)
	tab.do(chromedp.Navigate(b.page), keys(kb.Tab+"ada@"+kb.Enter)) // which the browser refuses
	tab.do(keys("localhost..invalid" + kb.Enter))
	tab.do(set("email", "ada@example.com"), keys(kb.Enter))
	tab.until(`document.activeElement.name == "code"`)
	p := b.pending()
	if len(p) != 1 || p[0].Page != b.page || p[0].How != signups.ByForm {
		t.Fatalf("pending: %+v", p)
	}
	b.confirmMail()
	tab.do(keys("111111" + kb.Enter))
	tab.until(`document.querySelector("[role=status]").textContent.includes("not right")`)
	tab.do(set("code", ""), keys("482913"+kb.Enter))
	tab.until(`document.querySelector("[role=status]").textContent.includes("a…@example.com")`)
	var address string
	tab.do(chromedp.Location(&address))
	if address != b.page || b.status("ada@example.com") != ledger.Active {
		t.Errorf("at %s, status %q", address, b.status("ada@example.com"))
	}
}

// Where the script's request fails, the browser sends the form.
func TestChromiumFormWhoseScriptFails(t *testing.T) {
	b := newBlog(t, signupSettings, true)
	tab := newTab(t)
	tab.do(chromedp.Navigate(b.page), chromedp.Evaluate(`fetch = () => Promise.reject(new Error("blocked"))`, nil), keys(kb.Tab+"ada@example.com"+kb.Enter))
	tab.heading("Please look into your mailbox")
}

const floodSettings = settings + `
signup: {mails_per_hour: 4}
mail: {from: News <news@blog.example>, bounce_to: bounces@blog.example}
`

// A proof of work is done in place, or by a page, and who has no script is shown another way.
func TestChromiumWork(t *testing.T) {
	b := newBlog(t, floodSettings, true)
	b.signUp("email=a@one.example")
	b.signUp("email=b@two.example")
	inPlace := newTab(t)
	start := time.Now()
	inPlace.do(chromedp.Navigate(b.page), keys(kb.Tab+"ada@example.com"+kb.Enter))
	inPlace.until(`document.activeElement.name == "code"`)
	t.Logf("in place: %s", time.Since(start))

	plain := newTab(t)
	plain.do(chromedp.Navigate(b.url+"/subscribe"), set("time", ""), chromedp.SendKeys("[name=email]", "ben@example.com"+kb.Enter, chromedp.ByQuery))
	plain.heading("Please look into your mailbox")
	if got := len(b.pending()); got != 4 {
		t.Errorf("%d sign-ups", got)
	}

	b = newBlog(t, floodSettings, false)
	b.signUp("email=a@one.example")
	b.signUp("email=b@two.example")
	off := newTab(t).withoutScripts()
	off.do(chromedp.Navigate(b.page), keys(kb.Tab+"cy@example.com"+kb.Enter))
	off.heading("One moment, please")
	var link string
	var ok bool
	off.do(chromedp.AttributeValue("noscript a", "href", &link, &ok, chromedp.ByQuery))
	if link != "mailto:bounces+subscribe@blog.example?subject=subscribe" {
		t.Errorf("the other way is %q", link)
	}
}

// In the browser that signed up the link confirms at once; in another one it shows a button.
func TestChromiumLink(t *testing.T) {
	b := newBlog(t, signupSettings, false)
	same := newTab(t)
	same.do(chromedp.Navigate(b.page), keys(kb.Tab+"ada@example.com"+kb.Enter))
	same.heading("Please look into your mailbox")
	link := b.url + "/confirm/" + b.confirmMail()

	other := newTab(t)
	other.do(chromedp.Navigate(link))
	other.heading("Confirm the subscription")
	if got := b.status("ada@example.com"); got != "" {
		t.Fatalf("without the cookie a GET led to %q", got)
	}
	same.do(chromedp.Navigate(link))
	same.heading("You are subscribed")
	if got := b.status("ada@example.com"); got != ledger.Active {
		t.Errorf("status %q", got)
	}
	b.signUp("email=ben@example.com")
	due := b.handled()
	link = "x"
	for _, n := range due {
		if n.Kind == noticequeue.Confirm {
			link = "secret" + fmt.Sprint(n.ID)
			if _, err := noticequeue.Begin(t.Context(), b.ledger, n.ID, signups.ConfirmTokens(n.Pending, link, "1", b.now), b.now); err != nil {
				t.Fatal(err)
			}
		}
	}
	other.do(chromedp.Navigate(b.url+"/confirm/"+link), chromedp.WaitVisible("main button", chromedp.ByQuery), keys(kb.Tab+kb.Tab+kb.Enter))
	other.heading("You are subscribed")
	if got := b.status("ben@example.com"); got != ledger.Active {
		t.Errorf("status %q", got)
	}
}

// Every page of signing up fits a narrow screen, in light and dark, from left to right and from
// right to left. With PUBLISHER_SHOTS set to a folder, the pictures are left there.
func TestChromiumSignupPagesFit(t *testing.T) {
	for _, language := range []string{"de", "ar"} {
		w := start(t, strings.Replace(signupSettings, "language: en", "language: "+language, 1)+"mail: {bounce_to: bounces@blog.example}\n",
			func(o *web.Options) {
				offer("go", "Rindfleischetikettierung", "feeds & mail")(o)
				o.Config.Signup.MailsPerHour = 4
			})
		w.write("feed.xml", rssSample)
		request := w.signUp("email=a@one.example")
		due := w.handled()
		if _, err := noticequeue.Begin(t.Context(), w.ledger, due[0].ID, signups.ConfirmTokens(due[0].Pending, "secret", "482913", w.now), w.now); err != nil {
			t.Fatal(err)
		}
		wrong := w.post("/confirm/"+request, "code=1").body
		pages := map[string]string{
			"home":       w.get("/").body,
			"subscribe":  w.get("/subscribe").body,
			"faulty":     w.post("/subscribe", "email=a-long-address-without-a-domain-name-that-anyone-has-heard-of&tag=go").body,
			"code":       w.post("/subscribe", "email=b@two.example").body,
			"wrong-code": wrong,
			"work":       w.post("/subscribe", "email=c@three.example").body,
			"expired":    w.get("/confirm/x").body,
			"confirm":    w.get("/confirm/secret").body,
			"confirmed":  w.post("/confirm/secret", "").body,
			"form":       w.formPage(language),
		}
		tab := newTab(t)
		for name, html := range pages {
			for _, look := range []struct {
				width  int64
				scheme string
			}{{320, "light"}, {320, "dark"}, {1000, "light"}} {
				file := filepath.Join(t.TempDir(), name+".html")
				// Scripts would leave the page.
				if err := os.WriteFile(file, []byte(strings.ReplaceAll(html, "<script>", "<script type=text/plain>")), 0o600); err != nil {
					t.Fatal(err)
				}
				var width int64
				tab.do(chromedp.EmulateViewport(look.width, 700),
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}}),
					chromedp.Navigate("file://"+file), chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true); document.documentElement.scrollWidth`, &width))
				if width > look.width {
					t.Errorf("%s %s: %d pixels wide on a screen of %d", language, name, width, look.width)
				}
				if dir := os.Getenv("PUBLISHER_SHOTS"); dir != "" {
					var picture []byte
					tab.do(chromedp.FullScreenshot(&picture, 100))
					if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%d-%s.png", name, language, look.width, look.scheme)), picture, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

// formPage returns a page of a blog with the form.
func (w *world) formPage(language string) string {
	w.t.Helper()
	set, err := templates.Load("", "", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	data := &templates.FormPage{Frame: templates.Frame{Site: templates.Site{Title: "Notes", URL: "https://blog.example", Language: language}},
		Form: templates.SignupForm{URL: "/subscribe", AskName: true, Cadences: []templates.Choice{{Value: "daily"}, {Value: "weekly", Chosen: true}}}}
	data.SetScript(signup.FormScript())
	var form strings.Builder
	if err := set.Page(&form, "form.html", data); err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf("<!DOCTYPE html><html lang=%s dir=%s><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Blog</title><main><h1>A post</h1>%s</main></html>",
		language, templates.Direction(language), form.String())
}
