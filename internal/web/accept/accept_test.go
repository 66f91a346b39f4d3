package accept_test

import (
	"testing"

	"publisher/internal/web/accept"
)

func TestPrefersHTML(t *testing.T) {
	for header, want := range map[string]bool{
		"":                    false,
		"*/*":                 false,
		"text/html":           true,
		"TEXT/HTML;Q=0.5":     true,
		"text/*":              false, // text/xml is as good
		"text/html;q=0, */*":  false,
		"application/rss+xml": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": true,
		"application/rss+xml, text/html;q=0.9":                            false,
		"text/html;q=2, */*;q=0.1":                                        false, // not a quality value
		"text/html; level=1; q=0.7, */*;q=0.5":                            true,
	} {
		if got := accept.PrefersHTML([]string{header}, "application/rss+xml; charset=utf-8"); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
	if accept.PrefersHTML(nil, "application/feed+json") || accept.PrefersHTML([]string{"application/json, text/html"}, "application/feed+json") {
		t.Error("a feed reader gets a page")
	}
}

func TestEncodings(t *testing.T) {
	for header, want := range map[string][2]float64{
		"gzip":                      {1, 0},
		"br;q=0.5, gzip":            {1, 0.5},
		"x-gzip":                    {1, 0},
		"*":                         {1, 1},
		"*;q=0.2, br":               {0.2, 1},
		"gzip;q=0, *":               {0, 1},
		"identity":                  {0, 0},
		"gzip;q=NaN, br;q=-1":       {0, 0},
		"gzip ; x=1 ; q=0.3 ,br;q=": {0.3, 0},
	} {
		if gzip, br := accept.Encodings([]string{header}); [2]float64{gzip, br} != want {
			t.Errorf("%q: gzip %v, br %v", header, gzip, br)
		}
	}
}

// Several header lines are one list (RFC 9110 §5.3), and no value is above one.
func FuzzAccept(f *testing.F) {
	f.Add("text/html;q=0.9", "*/*")
	f.Add("gzip;q=1.0,br", "*;q=0")
	f.Add(";,;q=,", "text/;q=1e300")
	f.Fuzz(func(t *testing.T, a, b string) {
		two, one := []string{a, b}, []string{a + "," + b}
		if x, y := accept.Quality(two, "text/html"), accept.Quality(one, "text/html"); x != y || x < 0 || x > 1 {
			t.Errorf("quality %v of two lines, %v of one", x, y)
		}
		gzip, br := accept.Encodings(two)
		if g, h := accept.Encodings(one); g != gzip || h != br || min(g, h) < 0 || max(g, h) > 1 {
			t.Errorf("two lines %v %v, one %v %v", gzip, br, g, h)
		}
		accept.PrefersHTML(two, "application/feed+json")
	})
}
