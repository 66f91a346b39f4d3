// Package templates holds the HTML and text of the digest, of other mails and of
// pages, built in and replaceable by files of the same name in the owner's folder.
package templates

import (
	"html/template"
	"slices"
	"time"
)

// Digest is what the digest's templates are given. Field names are a promise to
// owners who write their own templates.
type Digest struct {
	Site    Site
	Number  int64  // 0 in a preview
	Cadence string // name of the cadence
	Date    time.Time
	Subject string // plain text; "" for what the template subject.txt makes
	// Preheader is the line that mail programs show after the subject; "" for one
	// made of the posts.
	Preheader string
	// Posts are shown with excerpt, newest first; Brief ones follow as one-line
	// links; More counts the posts that only MoreURL leads to.
	Posts   []Post
	Brief   []Post
	More    int
	MoreURL string
	// WebURL is the web version; "" where there is no web server.
	WebURL string
	// UnsubscribeURL and PreferencesURL are the recipient's own; "" for none.
	UnsubscribeURL string
	PreferencesURL string
	PostalAddress  string
}

// Site is the publication.
type Site struct {
	Title, URL, Description, Author string
	Logo                            string // address of a picture; "" for none
	Language                        string // BCP 47
	Dir                             string // "ltr" or "rtl"
	Location                        *time.Location
}

// Post is one post of a digest.
type Post struct {
	// Title is plain text. Where a post has none (a note), templates are given its date
	// and first words.
	Title string
	// Subject is the author's own line for the mail's subject; "" for the title.
	Subject string
	URL     string
	Date    time.Time // in the site's zone
	Authors []string
	Tags    []string
	Image   *Image // nil for none
	Intro   template.HTML
	Excerpt template.HTML
	// ExcerptText is intro and excerpt for the text part: wrapped at 72 columns,
	// links numbered and listed below, code untouched.
	ExcerptText string
	Minutes     int    // reading time of the whole post
	Language    string // BCP 47
	Dir         string
}

// Image is a picture with the size it is shown at.
type Image struct {
	URL, Alt      string
	Width, Height int // pixels; 0 where unknown
}

// Notice is what the templates of the other mails are given. Its first fields are
// the digest's, so that all mails share their frame.
type Notice struct {
	Site      Site
	Date      time.Time
	Subject   string // "" for the language's own
	Preheader string
	Cadence   string // what the subscription is to; "" says nothing of it
	// ActionURL is where the button leads: to the confirming page, the archive
	// or the sign-up form; "" for no button.
	ActionURL string
	// Expires is until when ActionURL works; zero for ever.
	Expires        time.Time
	WebURL         string
	UnsubscribeURL string
	PreferencesURL string
	PostalAddress  string
}

// Kind is one of the other mails.
type Kind string

const (
	Confirm Kind = "confirm" // please confirm your subscription
	Welcome Kind = "welcome"
	Goodbye Kind = "goodbye"
)

// Mail is a mail's subject and both its parts.
type Mail struct{ Subject, HTML, Text string }

// All are the posts that the digest names, newest first.
func (d *Digest) All() []Post { return slices.Concat(d.Posts, d.Brief) }

// Count is how many posts the digest is about, those behind MoreURL included.
func (d *Digest) Count() int { return len(d.Posts) + len(d.Brief) + d.More }

// Others is Count without the newest.
func (d *Digest) Others() int { return max(d.Count()-1, 0) }
