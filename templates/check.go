package templates

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Check executes every template on sample data: with everything set and with
// nothing, one post and several. Its errors name file and line.
func (s *Set) Check() error {
	var faults []error
	seen := map[string]bool{}
	note := func(err error) {
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			faults = append(faults, err)
		}
	}
	for _, d := range sampleDigests() {
		_, err := s.Subject(d)
		note(err)
		note(s.DigestHTML(io.Discard, d))
		note(s.DigestText(io.Discard, d))
	}
	for _, kind := range []Kind{Confirm, Welcome, Goodbye} {
		for _, n := range []*Notice{sampleNotice(), {Site: sampleSite()}} {
			_, err := s.Notice(kind, n)
			note(err)
		}
	}
	return errors.Join(faults...)
}

var sampleDate = time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)

func sampleSite() Site {
	return Site{
		Title: "Example", URL: "https://example.com", Description: "A sample", Author: "A. Writer",
		Language: "en", Dir: "ltr", Location: time.UTC,
	}
}

func sampleDigests() []*Digest {
	posts := make([]Post, 4)
	for i := range posts {
		posts[i] = Post{
			Title: fmt.Sprintf("Sample post %d", i+1), URL: fmt.Sprintf("https://example.com/%d/", i+1),
			Date: sampleDate.AddDate(0, 0, -i), Authors: []string{"A. Writer", "B. Writer"}, Tags: []string{"sample"},
			Image: &Image{URL: "https://example.com/a.png", Alt: "A sample", Width: 1200, Height: 600},
			Intro: "<p>Hello.</p>", Excerpt: "<p>This is a <b>sample</b>.</p>", ExcerptText: "This is a sample.",
			Minutes: i + 1, Language: "en", Dir: "ltr",
		}
	}
	bare := []Post{{Title: "Sample", URL: "https://example.com/1/", Date: sampleDate}}
	full := &Digest{
		Site: sampleSite(), Number: 7, Cadence: "weekly", Date: sampleDate,
		Posts: posts[:2], Brief: posts[2:], More: 3, MoreURL: "https://example.com/",
		WebURL: "https://example.com/archive/7", UnsubscribeURL: "https://example.com/unsubscribe/x",
		PreferencesURL: "https://example.com/preferences/x", PostalAddress: "1 Example Street",
	}
	return []*Digest{
		full,
		{Site: sampleSite(), Date: sampleDate, Posts: posts[:1]},
		{Site: sampleSite(), Date: sampleDate, Posts: bare},
		{Site: sampleSite(), Date: sampleDate, Brief: bare, More: 1},
	}
}

func sampleNotice() *Notice {
	return &Notice{
		Site: sampleSite(), Date: sampleDate, Cadence: "weekly", ActionURL: "https://example.com/confirm/x", Expires: sampleDate,
		WebURL: "https://example.com/archive/", UnsubscribeURL: "https://example.com/unsubscribe/x",
		PreferencesURL: "https://example.com/preferences/x", PostalAddress: "1 Example Street",
	}
}
