package service_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// taken is a mail that the server accepted.
type taken struct {
	to      string
	date    time.Time
	digest  bool
	titles  []string
	confirm string // the path to confirm at, of a mail that asks for it
	leave   string // the path to unsubscribe at
}

var (
	title       = regexp.MustCompile(`P\d{3}`)
	confirmPath = regexp.MustCompile(`https://news\.example\.com(/confirm/[\w-]+)`)
	leavePath   = regexp.MustCompile(`https://news\.example\.com(/unsubscribe/[\w.-]+)`)
)

// take keeps what matters of a mail.
func (s *simulation) take(to string, message []byte) {
	got, err := readMail(message)
	if err != nil {
		s.t.Errorf("mail to %s: %v", to, err)
	}
	got.to = to
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, got)
	s.tell()
}

func readMail(message []byte) (got taken, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		return got, err
	}
	if got.date, err = m.Header.Date(); err != nil {
		return got, err
	}
	got.digest = !strings.HasPrefix(m.Header.Get("Message-ID"), "<n") // of a notice
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return got, err
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextPart() // quoted-printable is decoded
	if err != nil {
		return got, err
	}
	text, err := io.ReadAll(part)
	for _, found := range title.FindAllString(string(text), -1) {
		if !slices.Contains(got.titles, found) {
			got.titles = append(got.titles, found)
		}
	}
	slices.Sort(got.titles)
	if path := confirmPath.FindSubmatch(text); path != nil {
		got.confirm = string(path[1])
	}
	if path := leavePath.FindStringSubmatch(m.Header.Get("List-Unsubscribe")); path != nil {
		got.leave = path[1]
	}
	return got, err
}

// received lists the digests to an address: when each was closed, in the site's zone, and the titles in it.
func (s *simulation) received(address string) (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.took {
		if m.to == address && m.digest {
			all = append(all, line(m.date.In(s.zone), m.titles))
		}
	}
	slices.Sort(all)
	return all
}

// line is a digest in a list: when it was closed, and the titles in it.
func line(closed time.Time, titles []string) string {
	return closed.Format("2006-01-02 15:04:05 -0700 ") + strings.Join(titles, " ")
}

// last returns what find finds in the newest mail to an address that has it.
func (s *simulation) last(address string, find func(taken) string) (found string) {
	for _, m := range s.took {
		if text := find(m); m.to == address && text != "" {
			found = text
		}
	}
	return found
}
