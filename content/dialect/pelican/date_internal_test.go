package pelican

import (
	"testing"
	"time"
)

// FuzzDate checks that parsing does not panic or return a date that feeds cannot represent.
func FuzzDate(f *testing.F) {
	for _, seed := range []string{"2024-03-04T10:30:15.123+02:00", "Mon, 4th of March, 24 at 3pm GMT+3", "08/02/21 15h30m10s", "20240304T1030", "240304 103015.5", "Jan-02-2006", "a.b.1.2.", "'2024'", "1:2:3:4:5", "12 am pm", "+", "(", "2024-13-45 99:99"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := parseDate(text, time.UTC); ok && (d.Year() < 1 || d.Year() > 9999) {
			t.Errorf("%q is %v", text, d)
		}
	})
}

// FuzzSplit checks that HTML never fails to split.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"Title: a\nDate: b\n    c\n\nd", "<html><head><title>a</title><meta name=date content=b></head><body>c", "---\ntitle: a\n---\nb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, _, _, err := split("a.html", text); err != nil {
			t.Error(err)
		}
	})
}
