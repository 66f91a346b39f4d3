package jekyll

import (
	"testing"
	"time"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
)

// TestReadDate checks which dates Jekyll reads, and how.
func TestReadDate(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{BaseEngine: dialect.BaseEngine{Site: &dialect.Site{Location: berlin}}}
	for text, want := range map[string]string{
		"2024-01-02":                   "2024-01-02T00:00:00+01:00",
		"2024-01-02 10:00:00":          "2024-01-02T11:00:00+01:00", // YAML timestamps are in UTC
		"2024-01-02T10:00:00":          "2024-01-02T11:00:00+01:00",
		`"2024-01-02 10:00:00"`:        "2024-01-02T10:00:00+01:00", // strings are in the blog's zone
		"2024-01-02 10:00":             "2024-01-02T10:00:00+01:00",
		"2024-01-02 10:00:00 +0530":    "2024-01-02T05:30:00+01:00",
		"2024-01-02 10:00:00 EST":      "2024-01-02T16:00:00+01:00",
		"Fri Sep 3 11:21:31 CEST 2021": "2021-09-03T11:21:31+02:00",
		"11-9-2017":                    "2017-09-11T00:00:00+02:00",
		"3/4/2017":                     "2017-04-03T00:00:00+02:00",
		"2011-02-29":                   "2011-03-01T00:00:00+01:00",
		"2017-09-07 (optional)":        "2017-09-07T00:00:00+02:00",
		"2017-02-10 00:10::00":         "2017-02-10T00:10:00+01:00",
		"2017-02-32":                   "",
		"soon":                         "",
	} {
		front, _, _, err := frontmatter.Split("---\ntitle: A\ndate: " + text + "\n---\n")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if date, ok := e.ParseDate(&front, "date", front.Scalar("date")); ok {
			got = date.In(berlin).Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}
