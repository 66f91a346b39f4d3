package notices

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"publisher/internal/private"
	"publisher/templates"
)

// Mails made of the parts of one are those that the templates make, in every language.
func TestConfirmations(t *testing.T) {
	set, err := templates.Load("", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"en", "ar", "de", "es", "fr", "ja", "pt"} {
		if rendered := sameAsRendered(t, set, language); rendered != 2 {
			t.Errorf("%s: rendered %d times, want twice for all", language, rendered)
		}
	}
}

// A template that does more with a code than print it is executed for each mail.
func TestConfirmationsOfOwnTemplate(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "confirm.txt"), []byte("{{slice .Code 0 1}}, {{.Code}}: {{.ActionURL}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := templates.Load(dir, dir, &private.List{})
	if err != nil {
		t.Fatal(err)
	}
	if rendered := sameAsRendered(t, set, "en"); rendered < 20 {
		t.Errorf("rendered %d times", rendered)
	}
}

// sameAsRendered compares twenty mails, and returns how often the templates were executed for
// them.
func sameAsRendered(t *testing.T, set *templates.Set, language string) (rendered int) {
	t.Helper()
	expires := time.Date(2024, 3, 8, 12, 0, 0, 0, time.UTC)
	make := func(c confirmation) (*templates.Mail, error) {
		rendered++
		return set.Notice(templates.Confirm, &templates.Notice{Site: templates.Site{Title: "Notes & 482 913", URL: "https://blog.example", Language: language},
			Expires: expires, ActionURL: "https://blog.example/confirm/" + c.secret, Code: c.code, Replies: true})
	}
	var m confirmations
	for range 20 {
		c, err := newConfirmation()
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.render(confirmKey{set: set, language: language, expires: expires}, c, make)
		if err != nil {
			t.Fatal(err)
		}
		rendered--
		want, err := make(c)
		if err != nil {
			t.Fatal(err)
		}
		if *got != *want {
			t.Fatalf("%s: got %+v, want %+v", language, got, want)
		}
	}
	return rendered
}
