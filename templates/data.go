// Package templates holds the HTML and text of the digest, of other mails and of
// pages, built in and replaceable by files of the same name in the owner's folder.
package templates

import (
	"errors"
	"html/template"
	"io"
	"time"
)

// Digest is what the digest's templates are given. Field names are a promise to
// owners who write their own templates.
type Digest struct {
	Site    Site
	Number  int64  // 0 in a preview
	Cadence string // name of the cadence
	Date    time.Time
	Subject string // plain text
	// Preheader is the line that mail programs show after the subject.
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
	Language                        string // BCP 47
	Dir                             string // "ltr" or "rtl"
	Location                        *time.Location
}

// Post is one post of a digest.
type Post struct {
	Title   string
	URL     string
	Date    time.Time // in the site's zone
	Authors []string
	Tags    []string
	Image   *Image // nil for none
	Intro   template.HTML
	Excerpt template.HTML
	// ExcerptText is the excerpt for the text part: wrapped at 72 columns, links
	// numbered and listed below, code untouched.
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

// Set is all templates, parsed.
type Set struct{}

// Load parses the built-in templates and the owner's files in dir, which replace
// those of the same name. dir need not exist. Errors name file and line.
func Load(dir string) (*Set, error) { return nil, errors.New("todo") }

func (s *Set) Subject(d *Digest) (string, error)       { return "", nil }
func (s *Set) DigestHTML(w io.Writer, d *Digest) error { return nil }
func (s *Set) DigestText(w io.Writer, d *Digest) error { return nil }
