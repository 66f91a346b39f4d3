//go:build chromium

package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"publisher/internal/ledger"
)

// phone is Chromium as wide as a phone, in the dark, with JavaScript off, and used with the
// keyboard alone.
type phone struct {
	t   *testing.T
	ctx context.Context
	url string
}

func newPhone(t *testing.T, url string) *phone {
	t.Helper()
	// Without a sandbox, which root, the usual user in CI, cannot have.
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	p := &phone{t, ctx, url}
	p.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}),
		chromedp.EmulateViewport(320, 640), emulation.SetScriptExecutionDisabled(true))
	return p
}

func (p *phone) run(actions ...chromedp.Action) {
	p.t.Helper()
	if err := chromedp.Run(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *phone) open(path string) {
	p.t.Helper()
	p.run(chromedp.Navigate(p.url + path))
	p.fits()
}

// fits checks that the page does not scroll sideways.
func (p *phone) fits() {
	p.t.Helper()
	var width int64
	p.run(chromedp.Evaluate(`document.documentElement.scrollWidth`, &width))
	if width > 320 {
		p.t.Errorf("the page is %d wide", width)
	}
}

// tabTo moves the focus to an element.
func (p *phone) tabTo(selector string) {
	p.t.Helper()
	for range 40 {
		var there bool
		p.run(chromedp.KeyEvent(kb.Tab), chromedp.Evaluate("document.activeElement.matches(`"+selector+"`)", &there))
		if there {
			return
		}
	}
	p.t.Fatalf("the keyboard does not reach %s", selector)
}

// press presses a button, and waits for the next page.
func (p *phone) press(selector string) {
	p.t.Helper()
	p.tabTo(selector)
	if _, err := chromedp.RunResponse(p.ctx, chromedp.KeyEvent(kb.Enter)); err != nil {
		p.t.Fatal(err)
	}
	p.fits()
}

func (p *phone) wantText(want string) {
	p.t.Helper()
	var text string
	if p.run(chromedp.Evaluate(`document.body.innerText`, &text)); !strings.Contains(text, want) {
		p.t.Fatalf("the page does not say %q:\n%s", want, text)
	}
}

// A reader without JavaScript chooses, pauses, leaves, comes back, moves and is erased.
func TestChromiumPreferences(t *testing.T) {
	w := start(t, settings, offer("go", "mail"))
	id, preferences, unsubscribe := w.ann()
	ann := func() *ledger.Subscriber { return w.subscriber("ann@example.com") }
	p := newPhone(t, w.url)

	p.open(preferences)
	p.tabTo(`input[name="cadence"]:checked`)
	p.run(chromedp.KeyEvent(kb.ArrowDown)) // from daily to weekly
	p.tabTo(`input[value="mail"]`)
	p.run(chromedp.KeyEvent(" "))
	p.press(`button:not([name])`)
	p.wantText("Saved")
	if s := ann(); s.Cadence != "weekly" || len(s.Tags) != 2 {
		t.Fatalf("%+v", s)
	}

	p.press(`button[value="week"]`)
	p.wantText("No mail comes until November 29, 2026")
	p.press(`button[value="end"]`)
	p.wantText("The pause is over")
	p.tabTo(`input[type="date"]`)
	p.run(chromedp.KeyEvent("12242026"))
	p.press(`button[value="day"]`)
	p.wantText("No mail comes until December 24, 2026")
	if until := ann().PausedUntil; !until.Equal(time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("until %s", until)
	}
	p.press(`button[name="manage"]`)
	p.wantText("The link is on its way to a…@example.com")

	p.open(unsubscribe)
	p.press(`button[name="List-Unsubscribe"]`)
	p.wantText("You are unsubscribed")
	p.press(`button[name="undo"]`)
	p.wantText("You are subscribed again")
	p.open(unsubscribe)
	p.press(`button[name="List-Unsubscribe"]`)
	p.tabTo(`input[name="reason"]`)
	p.run(chromedp.KeyEvent("Too much mail"))
	p.press(`input[name="reason"] ~ button, label:has(input[name="reason"]) + button`)
	p.wantText("That has been passed on")
	p.press(`button[name="pause"]`)
	p.wantText("You are subscribed again")
	if s := ann(); s.Status != ledger.Active || !s.Paused(w.now) {
		t.Fatalf("%+v", s)
	}

	p.open("/manage/" + w.token(id, ledger.TokenManage, ""))
	p.tabTo(`input[name="email"]`)
	p.run(chromedp.KeyEvent("ann@example.net"))
	p.press(`button[value="move"]`)
	p.wantText("Look into your other mailbox")
	p.open("/address/" + w.token(id, ledger.TokenAddress, "ann@example.net"))
	p.press("main button")
	p.wantText("Your address is changed")

	p.open("/manage/" + w.token(id, ledger.TokenManage, ""))
	p.tabTo(`input[name="sure"]`)
	p.run(chromedp.KeyEvent(" "))
	p.press(`button[value="erase"]`)
	p.wantText("Everything is erased")
	if s, err := w.ledger.SubscriberByID(t.Context(), id); s != nil || err != nil {
		t.Errorf("%+v, %v", s, err)
	}
	p.open(preferences)
	p.wantText("This link does not work")
}
