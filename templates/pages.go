package templates

import (
	"bytes"
	"cmp"
	"html/template"
	"io"
	"time"
)

// Framed is the data of a page: any struct that embeds Frame.
type Framed interface{ frame() *Frame }

// Frame is what all pages are given. Field names are a promise to owners who
// write their own templates.
type Frame struct {
	Site Site
	// Base is the path that all addresses of the web server begin with, such as
	// "/news"; "" for none.
	Base string
	// Colors are the custom properties of colors.css; Page fills them in.
	Colors template.CSS
}

func (f *Frame) frame() *Frame { return f }

// HomePage is the data of page-home.html.
type HomePage struct {
	Frame
	Feeds     []FeedLink
	Languages []LanguageFeeds // beside the site's own
}

// LanguageFeeds are the feeds in one of the publication's other languages.
type LanguageFeeds struct {
	Title, URL    string // of the publication in it
	Language, Dir string // BCP 47; "ltr" or "rtl"
	Name          string // the language's own word for itself
	Feeds         []FeedLink
}

// FeedLink is one of the site's feeds.
type FeedLink struct {
	Name, URL string
	Type      string // media type
}

// FeedPage is the data of page-feed.html: a feed as a browser shows it.
type FeedPage struct {
	Frame
	Title string
	Feeds []FeedLink // its forms, under their public addresses
	Posts []FeedPost // in the feed's order
}

// FeedPost is a post as a feed has it.
type FeedPost struct {
	Title, URL string
	Excerpt    string    // plain text
	Date       time.Time // in the site's zone; zero where the feed gives none
}

// ArchivePage is the data of page-archive.html.
type ArchivePage struct {
	Frame
	Editions []EditionLink // newest first
}

// EditionLink is one edition of the archive.
type EditionLink struct {
	Number  int64
	Subject string
	Date    time.Time // in the site's zone
	Posts   int
	// Language and Dir are the subject's, Name the language's own word for itself;
	// "" where the subject is in the site's.
	Language, Dir, Name string
}

// UnsubscribePage is the data of page-unsubscribe.html.
type UnsubscribePage struct {
	Frame
	State   State
	Address string // masked
	URL     string // where the button posts to
	CanUndo bool   // of an ended subscription
	// PreferencesURL is the subscriber's own; "" for none.
	PreferencesURL string
}

// State is what a page about a subscription says of it.
type State string

const (
	Ask     State = "ask"     // it goes on: is it to end?
	Ended   State = "ended"   // no mail is sent
	Resumed State = "resumed" // it goes on again
)

// PreferencesPage is the data of page-preferences.html.
type PreferencesPage struct {
	Frame
	Address        string // masked
	URL            string // where the form posts to
	UnsubscribeURL string
	Cadences, Tags []Choice
	Languages      []Choice // by BCP 47 tag; none where all posts are in one digest
	Saved          bool
}

// Choice is one of several. The Labels of cadences and languages may be left open.
type Choice struct {
	Value, Label string
	Chosen       bool
}

// MessagePage is the data of page-message.html.
type MessagePage struct {
	Frame
	Message Message
}

// Message is one thing that a page may have to say.
type Message string

const (
	BadLink     Message = "link"    // a link from a mail that does not work
	MissingPage Message = "missing" // no such page
	BadForm     Message = "form"    // a form that no page of ours would send
	Failure     Message = "error"   // our own fault
)

// Page writes the page of that name. What data leaves empty is filled in.
func (s *Set) Page(w io.Writer, name string, data Framed) error {
	f := data.frame()
	f.Site = fillSite(f.Site)
	f.Colors = template.CSS(s.sheet.Variables())
	switch p := data.(type) {
	case *PreferencesPage:
		s.labelCadences(p)
		labelLanguages(p)
	case *HomePage:
		for i, l := range p.Languages {
			p.Languages[i].Dir, p.Languages[i].Name = Direction(l.Language), autonym(l.Language)
		}
	case *ArchivePage:
		for i, e := range p.Editions {
			if e.Language != "" {
				p.Editions[i].Dir, p.Editions[i].Name = Direction(e.Language), autonym(e.Language)
			}
		}
	}
	bound, err := s.pages(f.Site)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	// Pages have no entry of their own: like all partials they are in every one.
	if err := bound.html["digest.html"].ExecuteTemplate(&b, name, data); err != nil {
		return s.located(err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// labelCadences says in the site's language how often mail comes. A cadence
// that the owner invented is called by its name.
func (s *Set) labelCadences(p *PreferencesPage) {
	words := s.words(p.Site.Language)
	for i, c := range p.Cadences {
		if c.Label != "" {
			continue
		}
		label, err := words.say("choice_" + c.Value)
		if err != nil {
			label = c.Value
		}
		p.Cadences[i].Label = label
	}
}

// labelLanguages calls each language as its readers do.
func labelLanguages(p *PreferencesPage) {
	for i, c := range p.Languages {
		p.Languages[i].Label = cmp.Or(c.Label, autonym(c.Value))
	}
}
