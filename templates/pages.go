package templates

import (
	"cmp"
	"html/template"
	"io"
	"strings"
	"time"
)

// Framed is the data of a page: any struct that embeds Frame.
type Framed interface{ frame() *Frame }

// Frame is the data that all pages have. Its field names are a promise to owners who write
// their own templates.
type Frame struct {
	Site Site
	// Base is the path with which all addresses of the web server begin, such as "/news",
	// or "".
	Base string
	// Archive is whether everyone may see the list of editions.
	Archive bool
	// Colors are the custom properties of colors.css; Page fills them in.
	Colors template.CSS
}

func (f *Frame) frame() *Frame { return f }

// HomePage is the data of page-home.html.
type HomePage struct {
	Frame
	Form      *SignupForm
	Latest    *EditionLink // nil: none, or editions are not public
	Posts     []FeedPost   // the newest ones
	Feeds     []FeedLink
	Languages []LanguageFeeds // other than the site's
}

// LanguageFeeds are the feeds in one of the publication's other languages.
type LanguageFeeds struct {
	Title, URL    string // of the publication in this language
	Language, Dir string // BCP 47; "ltr" or "rtl"
	Name          string // the language's own name for itself
	Feeds         []FeedLink
}

// FeedLink is one of the site's feeds.
type FeedLink struct {
	Name, URL string
	Type      string // media type
}

// FeedPage is the data of page-feed.html, which shows a feed in a browser.
type FeedPage struct {
	Frame
	Title string
	Feeds []FeedLink // all formats, with their public addresses
	Posts []FeedPost // in the feed's order
}

// FeedPost is a post of a feed.
type FeedPost struct {
	Title, URL string
	Excerpt    string    // plain text
	Date       time.Time // in the site's zone; zero if the feed has none
}

// ArchivePage is the data of page-archive.html.
type ArchivePage struct {
	Frame
	Editions []EditionLink // newest first
	Years    []ArchiveYear // the same by year, which Page fills in
}

// ArchiveYear is the editions of one year, newest first.
type ArchiveYear struct {
	Year     int
	Editions []EditionLink
}

// EditionFrame is the data of page-edition-head.html and page-edition-links.html, which are
// put into the web version of an edition.
type EditionFrame struct {
	Frame
	Older, Newer string // addresses; "" for none
}

// EditionLink is one edition of the archive.
type EditionLink struct {
	Number  int64
	Subject string
	Date    time.Time // in the site's zone
	Posts   int
	// Language and Dir are those of the subject, and Name is the language's own name for
	// itself. They are "" if the subject is in the site's language.
	Language, Dir, Name string
}

// UnsubscribePage is the data of page-unsubscribe.html.
type UnsubscribePage struct {
	Frame
	State   State
	Address string // masked
	URL     string // where the button posts to
	CanUndo bool   // of an ended subscription
	// Rarer are the cadences that send less often, for those who come back.
	Rarer []Choice
	// CanSay asks those who have left for a line to the owner; Said thanks for it.
	CanSay, Said bool
	// Says is LinkSent or LinkEnough when a fresh link was asked for.
	Says Outcome
	// ManageURL is where a fresh link is asked for, or "".
	ManageURL string
	// FeedURL is the page about feeds of the subscriber's own; "" if they cannot have one.
	FeedURL string
	// PreferencesURL is the subscriber's own link, or "".
	PreferencesURL string
}

// State is the state of a subscription that a page shows.
type State string

const (
	Ask     State = "ask"     // active; asks whether to end it
	Ended   State = "ended"   // ended
	Resumed State = "resumed" // active again
)

// OwnFeedPage is the data of page-own-feed.html, about the feeds of a subscriber's own.
type OwnFeedPage struct {
	Frame
	URL   string    // where the buttons post to
	Count int       // of addresses
	Since time.Time // when the last one was made
	Made  string    // the address that was just made, which is shown this once; or ""
	Full  bool      // there can be no more
	Ended bool      // they have just ended
	// The subscriber's own links, or "".
	PreferencesURL, UnsubscribeURL string
}

// PreferencesPage is the data of page-preferences.html.
type PreferencesPage struct {
	Frame
	FeedURL string // the page about feeds of the subscriber's own; "" if they cannot have one

	Address        string // masked
	URL            string // where the form posts to
	UnsubscribeURL string
	Cadences, Tags []Choice
	Languages      []Choice // by BCP 47 tag; none if all posts are in one digest
	Saved          bool
	// Fault is the field whose choice Wrong is not one of those offered, so that nothing is saved:
	// "cadence", "language" or "tag"; "" for none.
	Fault, Wrong string
	// PausedUntil is when mail goes on; zero for no pause. A day for that is from PauseFrom to
	// PauseTo, and PauseFault says that another one was chosen.
	PausedUntil        time.Time
	PauseFrom, PauseTo string // YYYY-MM-DD
	PauseFault         bool
	// Says is what came of a request.
	Says Outcome
}

// Outcome is what came of a request on page-preferences.html.
type Outcome string

const (
	PauseEnded Outcome = "pause_ended"
	LinkSent   Outcome = "more_sent"   // a fresh link is mailed
	LinkEnough Outcome = "more_enough" // or too many were today
)

// ManagePage is the data of page-manage.html, where a fresh link leads.
type ManagePage struct {
	Frame
	State   ManageState
	Address string // masked; the new one for AddressAsked
	URL     string // where the forms post to
	CanMove bool   // the subscription goes on
	Email   string // the new address as it was typed
	Fault   string // what is wrong: "move_fault", "move_same", "erase_fault" or ""
}

// ManageState is the state of page-manage.html.
type ManageState string

const (
	Manages      ManageState = "manage"
	AddressAsked ManageState = "asked"  // a new address is asked to confirm
	IsErased     ManageState = "erased" // everything is
)

// MovePage is the data of page-address.html, which confirms a change of address or takes it back.
type MovePage struct {
	Frame
	Back           bool   // takes it back
	Done           bool   // or asks for it
	Address        string // masked, to which mail goes then
	URL            string // where the button posts to
	PreferencesURL string // when it is done
}

// Choice is one of several options. The Labels of cadences and languages can be left empty.
type Choice struct {
	Value, Label string
	Chosen       bool
}

// MessagePage is the data of page-message.html.
type MessagePage struct {
	Frame
	Message Message
}

// Message is something that a page says.
type Message string

const (
	BadLink     Message = "link"    // an invalid link from a mail
	MissingPage Message = "missing" // no such page
	BadForm     Message = "form"    // a form that none of our pages sends
	Failure     Message = "error"   // an internal error
	UsedLink    Message = "used"    // a link that works once, or not for long
	TooMany     Message = "many"    // too many sign-ups
)

// Page writes the page of that name. It fills in what data leaves empty.
func (s *Set) Page(w io.Writer, name string, data Framed) error {
	f := data.frame()
	f.Site = fillSite(f.Site)
	f.Colors = s.colors
	switch p := data.(type) {
	case *UnsubscribePage:
		s.labelCadences(p.Site.Language, p.Rarer)
	case *PreferencesPage:
		s.labelCadences(p.Site.Language, p.Cadences)
		labelLanguages(p.Languages)
	case *SubscribePage:
		if err := s.fillForm(p.Site, &p.Form); err != nil {
			return err
		}
	case *FormPage:
		if err := s.fillForm(p.Site, &p.Form); err != nil {
			return err
		}
	case *HomePage:
		if p.Form != nil {
			if err := s.fillForm(p.Site, p.Form); err != nil {
				return err
			}
		}
		if e := p.Latest; e != nil && e.Language != "" {
			e.Dir, e.Name = Direction(e.Language), autonym(e.Language)
		}
		for i, l := range p.Languages {
			p.Languages[i].Dir, p.Languages[i].Name = Direction(l.Language), autonym(l.Language)
		}
	case *ArchivePage:
		p.fill()
	}
	page, err := s.repeated.page(name, data, func() (string, error) { return s.execute(name, data) })
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, page)
	return err
}

func (s *Set) execute(name string, data Framed) (string, error) {
	// Pages have no entry of their own: like all partials, they are part of every entry.
	digest, err := bound(s, s.boundHTML, "digest.html", data.frame().Site, s.htmlEntry)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := digest.ExecuteTemplate(&b, name, data); err != nil {
		return "", s.located(err)
	}
	return b.String(), nil
}

// fill names the languages of the editions, and groups them by year.
func (p *ArchivePage) fill() {
	p.Years = nil
	for i := range p.Editions {
		e := &p.Editions[i]
		if e.Language != "" {
			e.Dir, e.Name = Direction(e.Language), autonym(e.Language)
		}
		year := e.Date.Year()
		if n := len(p.Years); n == 0 || p.Years[n-1].Year != year {
			p.Years = append(p.Years, ArchiveYear{Year: year})
		}
		last := &p.Years[len(p.Years)-1]
		last.Editions = append(last.Editions, *e)
	}
}

// labelCadences labels cadences in a language. A cadence that the owner named is labeled by its
// name.
func (s *Set) labelCadences(language string, cadences []Choice) {
	tr := s.translation(language)
	for i, c := range cadences {
		if c.Label != "" {
			continue
		}
		label, err := tr.phrase("choice_" + c.Value)
		if err != nil {
			label = c.Value
		}
		cadences[i].Label = label
	}
}

// labelLanguages labels each language with its own name for itself.
func labelLanguages(languages []Choice) {
	for i, c := range languages {
		languages[i].Label = cmp.Or(c.Label, autonym(c.Value))
	}
}
