package templates

import (
	"bytes"
	"cmp"
	"fmt"
	html "html/template"
	"io"
	"slices"
	"strings"
	"sync"
	text "text/template"
	"time"

	"publisher/internal/private"
)

// Set is all templates, parsed. It is safe for concurrent use.
type Set struct {
	*loader
	mu sync.Mutex
	// The entries that were executed, with the helpers of one language and site. A program serves
	// one site, so there are few of them.
	boundHTML map[binding]*html.Template
	boundText map[binding]*text.Template

	colors   html.CSS // of pages
	repeated *repeatedPages
}

// binding is an entry, and all that its helpers depend on.
type binding struct{ entry, language, direction, site string }

// Load parses the built-in templates and the owner's files in dir, which replace those of
// the same name. dir need not exist. Symbolic links in it may lead anywhere below dir and
// root, but not to files that list says are private. Errors name file and line.
func Load(dir, root string, list *private.List) (*Set, error) {
	files, err := collect(dir, &fileCheck{dir, root, list.Look()})
	if err != nil {
		return nil, err
	}
	return newSet(files)
}

func newSet(files map[string]File) (*Set, error) {
	l, err := newLoader(files)
	if err != nil {
		return nil, err
	}
	return setOf(l), nil
}

func setOf(l *loader) *Set {
	return &Set{loader: l, boundHTML: map[binding]*html.Template{}, boundText: map[binding]*text.Template{},
		colors: html.CSS(l.sheet.Variables()), repeated: newRepeatedPages(l)}
}

// WithSubject returns the set with subject.txt replaced by source, the value of key in the
// config.
func (s *Set) WithSubject(key, source string) (*Set, error) {
	l, err := s.loader.with(File{Name: "subject.txt", Path: key, Source: []byte(source)})
	if err != nil {
		return nil, err
	}
	return setOf(l), nil
}

// Subject returns the digest's subject as subject.txt gives it, in one line.
func (s *Set) Subject(d *Digest) (string, error) {
	filled, err := s.fill(d)
	if err != nil {
		return "", err
	}
	return s.subject(filled)
}

func (s *Set) subject(filled *Digest) (string, error) {
	var b strings.Builder
	if err := s.writeText(&b, "subject.txt", filled.Site, filled); err != nil {
		return "", err
	}
	return oneLine(b.String()), nil
}

// DigestHTML writes the digest's HTML part.
func (s *Set) DigestHTML(w io.Writer, d *Digest) error {
	filled, err := s.fillSubject(d)
	if err != nil {
		return err
	}
	return s.writeHTML(w, "digest.html", filled.Site, filled)
}

// DigestText writes the digest's text part, with LF line ends.
func (s *Set) DigestText(w io.Writer, d *Digest) error {
	filled, err := s.fillSubject(d)
	if err != nil {
		return err
	}
	return s.writeText(w, "digest.txt", filled.Site, filled)
}

// Notice renders one of the other mails.
func (s *Set) Notice(kind Kind, n *Notice) (*Mail, error) {
	if !slices.Contains(Kinds(), kind) {
		return nil, fmt.Errorf("unknown mail %q", kind)
	}
	filled, err := s.fillNotice(kind, n)
	if err != nil {
		return nil, err
	}
	var asHTML, asText strings.Builder
	if err := s.writeHTML(&asHTML, string(kind)+".html", filled.Site, filled); err != nil {
		return nil, err
	}
	if err := s.writeText(&asText, string(kind)+".txt", filled.Site, filled); err != nil {
		return nil, err
	}
	return &Mail{Subject: filled.Subject, HTML: asHTML.String(), Text: asText.String()}, nil
}

// fillNotice returns a copy of n with everything filled in that templates rely on.
func (s *Set) fillNotice(kind Kind, n *Notice) (*Notice, error) {
	filled := *n
	filled.Site = fillSite(n.Site)
	for _, t := range []*time.Time{&filled.Date, &filled.Expires, &filled.Next} {
		*t = inZone(*t, filled.Site.Location)
	}
	filled.Code = GroupDigits(n.Code, filled.Site.Dir)
	subject := string(kind) + "_subject"
	if kind == Confirm && n.Code == "" {
		subject += "_plain"
	}
	tr := s.translation(filled.Site.Language)
	for _, f := range []struct {
		into *string
		key  string
	}{{&filled.Subject, subject}, {&filled.Preheader, string(kind) + "_text"}} {
		if *f.into != "" {
			continue
		}
		said, err := tr.phrase(f.key, "title", filled.Site.Title, "code", filled.Code, "address", n.Address, "n", n.Limit)
		if err != nil {
			return nil, err
		}
		*f.into = oneLine(said)
	}
	return &filled, nil
}

// GroupDigits returns a code in two groups. Between words that run from right to left, a space
// would let the groups change places; one at which no line breaks belongs to the number.
func GroupDigits(code, direction string) string {
	half := len(code) / 2
	switch {
	case half == 0:
		return code
	case direction == "rtl":
		return code[:half] + "\u00a0" + code[half:]
	}
	return code[:half] + " " + code[half:]
}

// fill returns a copy of d with everything filled in that templates rely on.
func (s *Set) fill(d *Digest) (*Digest, error) {
	filled := *d
	filled.Site = fillSite(d.Site)
	filled.Date = inZone(d.Date, filled.Site.Location)
	filled.Posts = s.fillPosts(d.Posts, filled.Site)
	filled.Brief = s.fillPosts(d.Brief, filled.Site)
	if filled.Preheader == "" {
		filled.Preheader = preheader(&filled)
	}
	return &filled, nil
}

func (s *Set) fillSubject(d *Digest) (*Digest, error) {
	filled, err := s.fill(d)
	if err == nil && filled.Subject == "" {
		filled.Subject, err = s.subject(filled)
	}
	return filled, err
}

func fillSite(site Site) Site {
	site.Language = cmp.Or(site.Language, fallback)
	site.Dir = cmp.Or(site.Dir, Direction(site.Language))
	if site.Location == nil {
		site.Location = time.UTC
	}
	return site
}

func inZone(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}

// noteWords is how many characters of a note its title has.
const noteWords = 60

func (s *Set) fillPosts(posts []Post, site Site) []Post {
	out := make([]Post, len(posts))
	for i, p := range posts {
		if p.Title == "" { // a note is titled by its date and first words
			p.Title = s.translation(site.Language).date("long", inZone(p.Date, site.Location))
			if text := truncate(noteWords, plain(p.Excerpt)); text != "" {
				p.Title += ": " + text
			}
		}
		p.Language = cmp.Or(p.Language, site.Language)
		p.Dir = cmp.Or(p.Dir, Direction(p.Language))
		out[i] = p
	}
	return out
}

// preheader returns the line that mail programs show after the subject. The subject already
// has the newest title, so this has the owner's words, else the other titles, or the beginning of
// the only post.
func preheader(d *Digest) string {
	posts := d.All()
	if d.Intro != "" {
		return truncate(preheaderLength, plain(d.Intro))
	}
	if len(posts) == 1 {
		p := posts[0]
		return truncate(preheaderLength, cmp.Or(plain(p.Intro), plain(p.Excerpt), d.Site.Description))
	}
	var titles []string
	for _, p := range posts[min(1, len(posts)):] {
		titles = append(titles, p.Title)
	}
	return truncate(preheaderLength, strings.Join(titles, " · "))
}

const preheaderLength = 140

func (s *Set) writeHTML(w io.Writer, name string, site Site, data any) error {
	t, err := bound(s, s.boundHTML, name, site, s.htmlEntry)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return s.located(err)
	}
	return s.sheet.Inline(w, b.String())
}

func (s *Set) writeText(w io.Writer, name string, site Site, data any) error {
	t, err := bound(s, s.boundText, name, site, s.textEntry)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return s.located(err)
	}
	_, err = io.WriteString(w, strings.TrimSpace(b.String())+"\n")
	return err
}

// bound returns an entry with the helpers of a site, which bind makes once.
func bound[T any](s *Set, known map[binding]*T, entry string, site Site, bind func(string, Site) (*T, error)) (*T, error) {
	key := binding{entry, site.Language, site.Dir, site.URL}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := known[key]; ok {
		return t, nil
	}
	t, err := bind(entry, site)
	if err != nil {
		return nil, err
	}
	known[key] = t
	return t, nil
}
