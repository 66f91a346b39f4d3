// Package post describes the posts of a blog, what rendering makes of them, and what is wrong with them.
package post

import (
	"strings"
	"time"
)

// Post is one published (or yet to be published) article of the content tree,
// as its front matter and file name describe it. It holds no body: bodies are
// rendered on demand, since most posts of a tree are never shown.
//
// Every string is valid UTF-8 without control characters other than tab and
// newline, and single-line fields hold no line break.
type Post struct {
	// Path is the file, slash-separated, relative to content.dir.
	Path string
	// URL is the absolute address of the post on the site.
	URL string
	// Title is plain text, never HTML; "" for a note, which has none.
	Title string
	// Date is when the post is (to be) published, in the zone the author wrote
	// or else the site's.
	Date time.Time
	// Updated is the author's own lastmod; zero where none is given.
	Updated time.Time
	// Expires is when the post is to disappear; zero for never.
	Expires time.Time
	// Language is a BCP 47 tag; site.language where the post names none.
	Language string
	// Tags are what feeds and subscribers select by, in the author's order,
	// without duplicates (case ignored): Pelican's category comes first.
	Tags []string
	// Authors are names; empty where only site.author applies.
	Authors []string
	// Summary is the front matter's excerpt as written (Markdown); "" for none.
	Summary string
	// Image is the absolute address of the post's picture; "" for none.
	Image string
	// GUID is the id that the front matter fixes (`id` or `guid`); "" for none.
	GUID string
	// Source is the address of what the post was first published as; "" for none.
	Source string
	// Enclosure is the audio or video file the front matter names; nil for none.
	Enclosure *Enclosure
	// Draft posts are neither in feeds nor in mail.
	Draft bool
	// Held is why the post is held: it is not certain that the blog's engine shows
	// it, so it is in neither feeds nor mail. nil for none.
	Held *Omission
	// FeedOnly posts are in feeds, but the author keeps them out of mail.
	FeedOnly bool
	// MailOnly posts are letters: they are mailed, but are in no feed.
	MailOnly bool
	// Newsletter is the author's own wording for the mail.
	Newsletter Newsletter

	// BodyHash is the SHA-256 of the body, front matter excluded, line ends
	// folded to LF and outer white space trimmed: it recognizes a moved file.
	BodyHash [32]byte
	// FileHash is the SHA-256 of the whole file, line ends folded to LF, byte order
	// mark and trailing white space excluded: it changes with any edit.
	FileHash [32]byte
	// ModTime is the file's modification time.
	ModTime time.Time
}

// Detach copies the post's strings. Most are substrings of the file's text, which is
// ten times as large and would stay in memory with them.
func (p *Post) Detach() {
	for _, s := range [...]*string{&p.URL, &p.Title, &p.Language, &p.Summary, &p.Image, &p.GUID, &p.Source, &p.Newsletter.Subject, &p.Newsletter.Intro} {
		*s = strings.Clone(*s)
	}
	for _, list := range [][]string{p.Tags, p.Authors} {
		for i := range list {
			list[i] = strings.Clone(list[i])
		}
	}
	p.Held = p.Held.Detached()
	if p.Enclosure != nil {
		p.Enclosure.URL, p.Enclosure.Type = strings.Clone(p.Enclosure.URL), strings.Clone(p.Enclosure.Type)
	}
}

// Enclosure is a file that belongs to a post (RSS 2.0 <enclosure>).
type Enclosure struct {
	URL    string // absolute
	Length int64  // octets; 0 where unknown
	Type   string // media type
}

// Newsletter holds what a post's front matter sets for the mail alone.
type Newsletter struct {
	Subject string // plain text; "" for none
	Intro   string // Markdown; "" for none
}

// Rendering is a post's body made into HTML that is safe and portable: no
// script, event attribute or form, only absolute addresses, inline styles, no
// control characters, well-formed so that it can be spliced into a page.
type Rendering struct {
	HTML string
	// ExcerptHTML is what comes before "Read more".
	ExcerptHTML string
	// ExcerptText is the same as plain text with white space folded.
	ExcerptText string
	// IntroHTML is Newsletter.Intro rendered; "" for none.
	IntroHTML string
	// Words counts the words of the whole body (CJK characters as half a word).
	Words int
	// Image describes Post.Image, or the first picture of the body; nil for none.
	Image *Image
	// Dependencies is what the rendering was made from besides the post and the settings.
	Dependencies Dependencies
}

// Dependencies is what a rendering changes with besides its post.
type Dependencies struct {
	// FileHash is the Post.FileHash of the file that was read for it.
	FileHash [32]byte
	// Incomplete means that there may be more: shortcodes and tags can read any file.
	Incomplete bool
	// Links are the files of the tree whose addresses were looked up, whether or not they exist.
	Links []string
	// Files are the paths where local pictures were looked for, whether or not they exist.
	Files []string
}

// Image is a picture with what a mail needs to lay it out.
type Image struct {
	URL           string // absolute
	Alt           string
	Width, Height int // pixels; 0 where unknown (not a local file)
}

// Problem is something a person has to fix in a file of the content tree.
type Problem struct {
	// Path is the file, slash-separated, relative to content.dir.
	Path string
	// Line counts from 1; 0 where no line is to blame.
	Line int
	// Message says what is wrong and what to do, in one line.
	Message string
	// Invalid means that the file was left out because of it; else it is a warning.
	Invalid bool
	// Shared means that many files may have the problem; it is reported once, for the first of them.
	Shared bool
}

// Omission is why a file that could be a post is neither in feeds nor in mail:
// the blog's engine leaves it out, or it is uncertain whether it does. A mail
// cannot be taken back, so an uncertain post is held.
type Omission struct {
	// Held means that it is uncertain: a setting is computed, malformed or of the
	// wrong type.
	Held bool
	// Reason names the setting or key, and the part of it that decides.
	Reason string
	// Path is the file that has the setting, slash-separated, relative to content.dir; Line
	// counts from 1, 0 where no line is to blame.
	Path string
	Line int
}

// Detached returns a copy of o that does not keep the file's text in memory, of which the reason may be a substring.
func (o *Omission) Detached() *Omission {
	if o == nil {
		return nil
	}
	own := *o
	own.Reason = strings.Clone(o.Reason)
	return &own
}

// LeftOut is a file that the blog's engine leaves out.
type LeftOut struct {
	Path string // slash-separated, relative to content.dir
	Omission
}
