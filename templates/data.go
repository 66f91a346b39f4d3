// Package templates renders the HTML and text of digests, other mails and pages. The templates
// are built in, and files of the same name in the owner's folder replace them.
package templates

import (
	"html/template"
	"slices"
	"time"
)

// Digest is the data of the digest's templates. Its field names are a promise to owners who
// write their own templates.
type Digest struct {
	Site    Site
	Number  int64  // 0 in a preview
	Cadence string // name of the cadence
	Date    time.Time
	Subject string // plain text; "" for the result of subject.txt
	// Preheader is the line that mail programs show after the subject; "" for one made from
	// the posts.
	Preheader string
	// Intro is what the owner has to say above the posts (digest.intro), or "". IntroText is
	// the same for the text part, as Post.ExcerptText is.
	Intro     template.HTML
	IntroText string
	// Posts are shown with their excerpts, newest first. Brief ones follow as one-line links.
	// More is the number of posts that only MoreURL leads to.
	Posts   []Post
	Brief   []Post
	More    int
	MoreURL string
	// WebURL is the web version, or "" without a web server.
	WebURL string
	// UnsubscribeURL and PreferencesURL are the recipient's own links, or "".
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
	// Title is plain text. If a post has none (a note), templates get its date and first
	// words.
	Title string
	// Subject is the author's line for the mail's subject, or "" for the title.
	Subject string
	// URL is where the post can be read. That of a letter, which is only in mail, leads to the
	// web version, and is "" if there is none.
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
	// Anchor is the id of a letter in the web version, to which links lead; else "".
	Anchor string
	// Whole means that Excerpt is all there is to read.
	Whole bool
}

// OnlyHere reports whether the post can be read nowhere but in this mail, so that it must not be
// cut.
func (p Post) OnlyHere() bool { return p.Whole && p.URL == "" }

// Image is a picture with the size at which it is shown.
type Image struct {
	URL, Alt      string
	Width, Height int // pixels; 0 if unknown
}

// Notice is the data of the templates of other mails. Its first fields are those of Digest,
// so that all mails share their frame.
type Notice struct {
	Site      Site
	Date      time.Time
	Subject   string // "" for the default in the language
	Preheader string
	Cadence   string // of the subscription, or ""
	// ActionURL is where the button leads: the confirmation page, the archive or the sign-up
	// form; "" for no button.
	ActionURL string
	// Expires is when ActionURL stops working; zero for never.
	Expires        time.Time
	WebURL         string
	UnsubscribeURL string
	PreferencesURL string
	PostalAddress  string

	// Code is the code of a Confirm, in two groups of digits; "" for none. Replies says that
	// a reply confirms.
	Code    string
	Replies bool
	// Next is when a Welcome's next mail can come; zero if that is unknown. Latest are the
	// posts or, if LatestMail, the one edition to begin with.
	Next       time.Time
	Latest     []Link
	LatestMail bool
	// Address is the new address of a Moved.
	Address string
	// Limit is how many sign-ups an hour an Alarm allows.
	Limit int
}

// Link is a title and where it leads.
type Link struct{ Title, URL string }

// Kind is one of the other mails.
type Kind string

const (
	Confirm Kind = "confirm" // please confirm your subscription
	Already Kind = "already" // you are subscribed already
	Welcome Kind = "welcome"
	Goodbye Kind = "goodbye"
	Manage  Kind = "manage"  // a link to everything about the subscriber
	Address Kind = "address" // please confirm your new address
	Moved   Kind = "moved"   // to the old address: it was changed
	Alarm   Kind = "alarm"   // to the owner: sign-ups are refused
)

// Kinds returns all other mails.
func Kinds() []Kind {
	return []Kind{Confirm, Already, Welcome, Goodbye, Manage, Address, Moved, Alarm}
}

// Mail is the subject and both parts of a mail.
type Mail struct{ Subject, HTML, Text string }

// All returns the posts that the digest lists, newest first.
func (d *Digest) All() []Post { return slices.Concat(d.Posts, d.Brief) }

// Count returns the number of posts in the digest, including those behind MoreURL.
func (d *Digest) Count() int { return len(d.Posts) + len(d.Brief) + d.More }

// Others returns Count without the newest post.
func (d *Digest) Others() int { return max(d.Count()-1, 0) }
