package ledger_test

import (
	"math"
	"net/mail"
	"path/filepath"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/sqlite"
)

func openTokens(tb testing.TB) *mailtoken.Codec {
	tb.Helper()
	l, err := sqlite.Open(tb.Context(), "sqlite:"+filepath.Join(tb.TempDir(), "publisher.db"))
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	tokens, err := l.Tokens(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return tokens
}

func TestTokens(t *testing.T) {
	tokens := openTokens(t)
	for _, id := range []int64{1, 127, 128, 1 << 40, math.MaxInt64} {
		link := tokens.Link(mailtoken.Unsubscribe, id)
		if strings.Trim(link, "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Errorf("%q is not lower-case base32", link)
		}
		for _, spelled := range []string{link, strings.ToUpper(link)} {
			if got, ok := tokens.OpenLink(mailtoken.Unsubscribe, spelled); !ok || got != id {
				t.Errorf("OpenLink(%q) = %d, %v, want %d", spelled, got, ok, id)
			}
		}
		if _, ok := tokens.OpenLink(mailtoken.Preferences, link); ok {
			t.Error("opens for another purpose")
		}
		path := tokens.ReturnPath(id, math.MaxInt64)
		if len("bounces+"+path) > 64 {
			t.Errorf("%q is too long for a local part", path)
		}
		if s, e, ok := tokens.OpenReturnPath(strings.ToUpper(path)); !ok || s != id || e != math.MaxInt64 {
			t.Errorf("OpenReturnPath = %d, %d, %v", s, e, ok)
		}
		if _, ok := tokens.OpenLink(mailtoken.ReturnPath, path); ok {
			t.Error("a return path opens as a link")
		}
		if _, _, ok := tokens.OpenReturnPath(link); ok {
			t.Error("a link opens as a return path")
		}
	}
	seen := make(map[string]bool)
	for _, m := range [][2]int64{{3, 1042}, {1042, 3}, {31, 42}, {3, 1042}} {
		id := tokens.MessageID(m[0], m[1])
		if _, err := mail.ParseAddress(id + "@example.com"); err != nil { // a msg-id is spelled like one
			t.Errorf("%q: %v", id, err)
		}
		seen[id] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d Message-IDs for three messages: %v", len(seen), seen)
	}
}

func TestTokensRefuse(t *testing.T) {
	tokens := openTokens(t)
	link := tokens.Link(mailtoken.Unsubscribe, 1042)
	for i := range link { // each character counts, the spare bits of the last too
		for _, c := range "abcdefghijklmnopqrstuvwxyz234567" {
			if changed := link[:i] + string(c) + link[i+1:]; changed != link {
				if _, ok := tokens.OpenLink(mailtoken.Unsubscribe, changed); ok {
					t.Errorf("%q opens", changed)
				}
			}
		}
	}
	for _, token := range []string{
		"", "a", link + "a", link + "=", link + "\n", "\n" + link, " " + link, link[1:], link[:len(link)-1],
		strings.Replace(strings.ToUpper(link), "K", "\u212a", 1) + "\u212a", strings.Repeat("a", 1<<20),
		openTokens(t).Link(mailtoken.Unsubscribe, 1042), // another ledger's
		tokens.Link(mailtoken.Unsubscribe, 0), tokens.Link(mailtoken.Unsubscribe, -1),
	} {
		if id, ok := tokens.OpenLink(mailtoken.Unsubscribe, token); ok {
			t.Errorf("%q opens as %d", token, id)
		}
	}
}

func TestTokensStayValid(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	var made [3]string
	for i, open := range []func() (*ledger.Ledger, error){
		func() (*ledger.Ledger, error) { return sqlite.Open(t.Context(), dsn) },
		func() (*ledger.Ledger, error) { return sqlite.Open(t.Context(), dsn) },
		func() (*ledger.Ledger, error) { return sqlite.OpenCopy(t.Context(), dsn) },
	} {
		l, err := open()
		ledgertest.Must(t, err)
		tokens, err := l.Tokens(t.Context())
		ledgertest.Must(t, err)
		ledgertest.Must(t, l.Close())
		made[i] = tokens.Link(mailtoken.Unsubscribe, 7)
	}
	if made[0] != made[1] || made[1] != made[2] {
		t.Errorf("tokens of one ledger differ: %q", made)
	}
}

func FuzzTokens(f *testing.F) {
	tokens := openTokens(f)
	f.Add(tokens.Link(mailtoken.Unsubscribe, 1))
	f.Add(tokens.ReturnPath(1, 2))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		if id, ok := tokens.OpenLink(mailtoken.Unsubscribe, token); ok && tokens.Link(mailtoken.Unsubscribe, id) != strings.ToLower(token) {
			t.Errorf("%q opens, and is not the token of %d", token, id)
		}
		if s, e, ok := tokens.OpenReturnPath(token); ok && tokens.ReturnPath(s, e) != strings.ToLower(token) {
			t.Errorf("%q opens, and is not the token of %d and %d", token, s, e)
		}
	})
}

func TestIsSecret(t *testing.T) {
	secret := mailtoken.NewSecret()
	for text, want := range map[string]bool{secret: true, "": false, secret[1:]: false, secret + "a": false,
		strings.ToUpper(secret[:25]) + "A": false, secret[:25] + "1": false, secret[:13] + "\n" + secret[13:]: false} {
		if mailtoken.IsSecret(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
