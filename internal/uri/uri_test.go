package uri_test

import (
	"testing"

	"publisher/internal/uri"
)

func TestParse(t *testing.T) {
	for address, want := range map[string]string{
		"https://bücher.example/über uns":    "https://xn--bcher-kva.example/%C3%BCber%20uns",
		`https:\\example.com\a\b?c\d`:        "https://example.com/a/b?c%5Cd",
		"https://example.com/a[1]|?b[]=%zz#": "https://example.com/a%5B1%5D%7C?b%5B%5D=%25zz",
		"https://example.com/\na":            "https://example.com/a",
		"mailto:a b@example.com":             "mailto:a%20b@example.com",
		"//example.com:80/#c#d":              "//example.com:80/#c%23d",
		"../a%20b":                           "../a%20b",
	} {
		u, err := uri.Parse(address)
		if err != nil {
			t.Errorf("%q: %v", address, err)
		} else if u.String() != want {
			t.Errorf("%q is %s, want %s", address, u, want)
		}
	}
	for _, address := range []string{"http://a b/", "http://<x>/", "http://:x/"} {
		if u, err := uri.Parse(address); err == nil {
			t.Errorf("%q is %s, want an error", address, u)
		}
	}
}

func TestIsEscape(t *testing.T) {
	for s, want := range map[string]bool{"%2f/": true, "%AF": true, "%2": false, "%zz": false, "%2g": false} {
		if got := uri.IsEscape(s); got != want {
			t.Errorf("IsEscape(%q) = %v", s, got)
		}
	}
}
