package templates

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/private"
)

// Pages from memory are those that the templates make, whatever is in them, in every language.
func TestRepeatedPages(t *testing.T) {
	memory, err := Load("", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	executed, err := Load("", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	executed.repeated.off = true
	for _, language := range []string{"en", "ar", "de", "es", "fr", "ja", "pt"} {
		clear(memory.repeated.known)
		for _, p := range repeatablePages(language) {
			if got, want := pageOf(t, memory, p()), pageOf(t, executed, p()); got != want {
				t.Fatalf("%s, %+v:\n%s\nwant\n%s", language, p(), got, want)
			}
		}
		if n := len(memory.repeated.known); n == 0 || n >= maxRepeated {
			t.Errorf("%d pages are kept", n)
		}
	}
}

// repeatablePages returns makers of data: what a page is filled with belongs to it.
func repeatablePages(language string) (all []func() Framed) {
	frame := Frame{Site: Site{Title: "Notes & <more>", URL: "https://blog.example", Language: language, Location: time.UTC}, Base: "/news", Archive: true}
	for n, text := range []string{"", "/confirm/abc", "a…@example.com", "https://example.com/", "javascript:alert(1)", "/x:y", `"'<>&+ é%2`, "b…@example.org"} {
		all = append(all,
			func() Framed { return &CodePage{Frame: frame, URL: text} },
			func() Framed { return &CodePage{Frame: frame, URL: "/x", Fault: text} },
			func() Framed {
				return &WorkPage{Frame: frame, Script: Script{"let x = 1"}, URL: "/subscribe", Challenge: text, MailURL: "mailto:a@example.com",
					Fields: []Choice{{Label: "email", Value: text}, {Label: "page", Value: "https://example.com/"}}}
			})
		for _, state := range []State{Ask, Ended, Resumed} {
			all = append(all, func() Framed {
				p := &UnsubscribePage{Frame: frame, State: state, Address: text, URL: "/unsubscribe/abc", CanUndo: n%2 == 0, CanSay: n%3 == 0, Said: n%5 == 0,
					ManageURL: text, FeedURL: fmt.Sprint("/feed", n), PreferencesURL: text, Rarer: []Choice{{Value: "monthly"}, {Value: text}}}
				if n == 7 {
					p.Says = LinkSent
				}
				return p
			})
		}
	}
	return append(all, all...)
}

func pageOf(t *testing.T, s *Set, data Framed) string {
	t.Helper()
	name := "page-unsubscribe.html"
	switch data.(type) {
	case *CodePage:
		name = "page-code.html"
	case *WorkPage:
		name = "page-work.html"
	}
	var b strings.Builder
	if err := s.Page(&b, name, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// An owner's template is executed for each page.
func TestOwnersPagesAreNotRepeated(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "page-code.html"), []byte("{{slice .URL 9}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := Load(dir, dir, &private.List{})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"abc", "def"} {
		if got := pageOf(t, set, &CodePage{URL: "/confirm/" + secret}); got != secret {
			t.Errorf("%q, want %q", got, secret)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	set, err := Load("", "", nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := set.Page(io.Discard, "page-code.html", &CodePage{URL: "/confirm/abc"}); err != nil {
			b.Fatal(err)
		}
	}
}
