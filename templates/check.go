package templates

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Check executes every template of mails and pages with sample data: with everything set and
// with nothing, with one post and with several. Its errors name file and line.
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
	for _, kind := range Kinds() {
		for _, n := range []*Notice{sampleNotice(), {Site: sampleSite()}} {
			_, err := s.Notice(kind, n)
			note(err)
		}
	}
	for _, page := range samplePages() {
		note(s.Page(io.Discard, page.name, page.data))
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
	letters := []Post{{Title: "Sample", URL: "https://example.com/archive/7#x", Anchor: "x", Date: sampleDate}, {Title: "Sample", Date: sampleDate, Whole: true}}
	full := &Digest{
		Site: sampleSite(), Number: 7, Cadence: "weekly", Date: sampleDate, Intro: "<p>Hello.</p>", IntroText: "Hello.",
		Posts: posts[:2], Brief: posts[2:], More: 3, MoreURL: "https://example.com/",
		WebURL: "https://example.com/archive/7", UnsubscribeURL: "https://example.com/unsubscribe/x",
		PreferencesURL: "https://example.com/preferences/x", PostalAddress: "1 Example Street",
	}
	return []*Digest{
		full,
		{Site: sampleSite(), Date: sampleDate, Posts: posts[:1]},
		{Site: sampleSite(), Date: sampleDate, Posts: bare},
		{Site: sampleSite(), Date: sampleDate, Posts: letters, Brief: letters},
		{Site: sampleSite(), Date: sampleDate, Brief: bare, More: 1},
	}
}

func sampleNotice() *Notice {
	return &Notice{
		Site: sampleSite(), Date: sampleDate, Cadence: "weekly", ActionURL: "https://example.com/confirm/x", Expires: sampleDate,
		WebURL: "https://example.com/archive/", UnsubscribeURL: "https://example.com/unsubscribe/x",
		PreferencesURL: "https://example.com/preferences/x", PostalAddress: "1 Example Street",
		Code: "123456", Replies: true, Next: sampleDate, Latest: []Link{{"Sample", "https://example.com/1/"}}, LatestMail: true,
		Address: "a…@example.com", Limit: 300,
	}
}

type samplePage struct {
	name string
	data Framed
}

func samplePages() []samplePage {
	frame := Frame{Site: sampleSite(), Base: "/news", Archive: true}
	feeds := []FeedLink{{"RSS", "https://example.com/feed.xml", "application/rss+xml"}}
	choices := []Choice{{Value: "weekly", Chosen: true}, {Value: "fortnightly"}}
	pages := []samplePage{
		{"page-home.html", &HomePage{Frame: frame}},
		{"page-home.html", &HomePage{Frame: frame, Feeds: feeds,
			Languages: []LanguageFeeds{{Title: "Sample", URL: "https://example.com/ar", Language: "ar", Feeds: feeds}}}},
		{"page-feed.html", &FeedPage{Frame: frame, Title: "Sample"}},
		{"page-feed.html", &FeedPage{Frame: frame, Title: "Sample", Feeds: feeds,
			Posts: []FeedPost{{Title: "Sample", URL: "https://example.com/", Excerpt: "Sample", Date: sampleDate}, {Title: "Sample"}}}},
		{"page-archive.html", &ArchivePage{Frame: frame}},
		{"page-archive.html", &ArchivePage{Frame: frame, Editions: []EditionLink{
			{Number: 7, Subject: "Sample", Date: sampleDate, Posts: 3}, {Number: 8, Subject: "Sample", Language: "ar"}}}},
		{"page-edition-head.html", &EditionFrame{Frame: frame, Older: "/archive/6", Newer: "/archive/8"}},
		{"page-edition-links.html", &EditionFrame{Frame: frame, Older: "/archive/6", Newer: "/archive/8"}},
		{"page-edition-links.html", &EditionFrame{Frame: frame}},
		{"page-preferences.html", &PreferencesPage{Frame: frame, Cadences: choices}},
		{"page-own-feed.html", &OwnFeedPage{Frame: frame, URL: "/preferences/x/feed", Made: "https://example.com/feeds/x.xml", Count: 1, UnsubscribeURL: "/", PreferencesURL: "/"}},
		{"page-own-feed.html", &OwnFeedPage{Frame: frame, Count: 5, Since: sampleDate, Full: true, Ended: true}},
		{"page-preferences.html", &PreferencesPage{Frame: frame, Address: "a…@example.com", Cadences: choices, Tags: choices,
			Languages: []Choice{{Value: "en", Chosen: true}, {Value: "ar"}}, Saved: true}},
		{"page-preferences.html", &PreferencesPage{Frame: frame, Cadences: choices, PauseFault: true, PauseFrom: "2026-01-01", PauseTo: "2026-12-31", Says: LinkSent}},
		{"page-preferences.html", &PreferencesPage{Frame: frame, Cadences: choices, PausedUntil: sampleDate, Says: LinkEnough}},
		{"page-address.html", &MovePage{Frame: frame, URL: "/address/x", Address: "a…@example.com"}},
		{"page-address.html", &MovePage{Frame: frame, Back: true, Done: true, Address: "a…@example.com", PreferencesURL: "/"}},
	}
	for _, state := range []ManageState{Manages, AddressAsked, IsErased} {
		pages = append(pages, samplePage{"page-manage.html", &ManagePage{Frame: frame, State: state, Address: "a…@example.com", URL: "/manage/x", CanMove: true, Email: "a", Fault: "move_fault"}})
	}
	form := SignupForm{URL: "/subscribe", AskName: true, Email: "a@example.com", Name: "A", Cadences: choices, Tags: choices,
		Languages: []Choice{{Value: "en", Chosen: true}, {Value: "ar"}}, Page: "/", Made: 1, Fault: "email", Says: "Sample"}
	pages = append(pages,
		samplePage{"page-home.html", &HomePage{Frame: frame, Form: &form, Latest: &EditionLink{Number: 7, Subject: "Sample", Language: "ar", Date: sampleDate},
			Posts: []FeedPost{{Title: "Sample", URL: "https://example.com/", Date: sampleDate}, {}}}},
		samplePage{"page-subscribe.html", &SubscribePage{Frame: frame}},
		samplePage{"page-subscribe.html", &SubscribePage{Frame: frame, Form: form, Expired: true}},
		samplePage{"form.html", &FormPage{Frame: frame, MailURL: "mailto:a@example.com"}},
		samplePage{"form.html", &FormPage{Frame: frame, Script: Script{"0"}, Form: form}},
		samplePage{"form.html", &FormPage{Frame: frame, Form: form, Language: "en"}},
		samplePage{"page-code.html", &CodePage{Frame: frame}},
		samplePage{"page-code.html", &CodePage{Frame: frame, URL: "/confirm/x", Fault: "Sample"}},
		samplePage{"page-work.html", &WorkPage{Frame: frame}},
		samplePage{"page-work.html", &WorkPage{Frame: frame, Script: Script{"0"}, URL: "/subscribe", Fields: choices, Challenge: "x", MailURL: "mailto:a@example.com"}},
		samplePage{"page-confirm.html", &ConfirmPage{Frame: frame}},
		samplePage{"page-confirm.html", &ConfirmPage{Frame: frame, Script: Script{"0"}, Address: "a…@example.com", URL: "/confirm/x"}},
		samplePage{"page-confirm.html", &ConfirmPage{Frame: frame, Address: "a…@example.com", Confirmed: true, Cadence: "weekly", PreferencesURL: "/"}})
	for _, state := range []State{Ask, Ended, Resumed} {
		pages = append(pages, samplePage{"page-unsubscribe.html", &UnsubscribePage{
			Frame: frame, State: state, Address: "a…@example.com", CanUndo: state == Ended, PreferencesURL: "/",
			Rarer: choices, CanSay: state == Ended, ManageURL: "/preferences/x"}})
	}
	for _, message := range []Message{BadLink, MissingPage, BadForm, Failure, TooMany, UsedLink} {
		pages = append(pages, samplePage{"page-message.html", &MessagePage{Frame: frame, Message: message}})
	}
	return pages
}
