package main

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mailed waits for a mail in the outbox that serve has not been asked about yet, and returns its
// link to a kind of page. Whom it is to is in its file's name.
func (s *served) mailed(to, page string, seen map[string]bool) string {
	s.t.Helper()
	link := regexp.MustCompile("https://news\\.example\\.com(/" + page + "/[a-z2-7]+)")
	var found string
	waitUntil(s.t, "mail to "+to+" with a link to /"+page, func() bool {
		files, err := filepath.Glob(filepath.Join(s.dir, "outbox", "*-"+to+".eml"))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil || seen[file] {
				continue
			}
			if m := link.FindSubmatch(bytes.ReplaceAll(text, []byte("=\r\n"), nil)); m != nil {
				seen[file], found = true, string(m[1])
				return true
			}
		}
		return false
	})
	return found
}

// press sends a form and wants a page with a text.
func (s *served) press(path string, form url.Values, want string) {
	s.t.Helper()
	s.pressFor(http.StatusOK, path, form, want)
}

func (s *served) pressFor(status int, path string, form url.Values, want string) {
	s.t.Helper()
	r, err := http.PostForm(s.base+path, form)
	if err != nil {
		s.t.Fatal(err)
	}
	if body := s.body(r); r.StatusCode != status || !strings.Contains(body, want) {
		s.t.Fatalf("%s %v: %s, without %q:\n%s", path, form, r.Status, want, body)
	}
}

// naming returns the files of the blog whose name or contents have one of the addresses.
func (s *served) naming(addresses ...string) (all []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text = bytes.ToLower(append(text, path...))
		for _, address := range addresses {
			if bytes.Contains(text, []byte(strings.ToLower(address))) {
				all = append(all, path)
				break
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// A reader signs up, moves to another address and on towards a third one, and has everything
// erased by a link from the newest mail. After that no file has one of the addresses, nor do
// any when serve has ended; the mails of others stay.
func TestReaderErasesThemselves(t *testing.T) {
	t.Parallel()
	s := newServed(t, "digest: {settle: 0s}\n", "")
	s.start()
	const first, second, third, other = "Ada.Lovelace+blog@example.com", "ada@lovelace.example", "ada@third.example", "ben@example.net"
	seen := map[string]bool{}
	for n, address := range []string{other, first} {
		if !s.signUp(n, address) {
			t.Fatal("not taken")
		}
		s.press(s.mailed(address, "confirm", seen), nil, "You are subscribed")
	}
	preferences := s.mailed(first, "preferences", seen)
	fresh := func(to string) string {
		t.Helper()
		s.press(preferences, url.Values{"manage": {"1"}}, "on its way")
		return s.mailed(to, "manage", seen)
	}
	link := fresh(first)
	s.press(link, url.Values{"act": {"move"}, "email": {second}}, "Look into your other mailbox")
	s.press(s.mailed(second, "address", seen), nil, "Your address is changed")
	s.mailed(first, "take-back", seen)
	s.press(fresh(second), url.Values{"act": {"move"}, "email": {third}}, "Look into your other mailbox")
	s.mailed(third, "address", seen)

	link = fresh(second)
	if files := s.naming(first, second, third); len(files) < 7 {
		t.Fatalf("only %q have the addresses before the erasure", files)
	}
	if _, page := s.get(link); !strings.Contains(page, "Have everything erased") {
		t.Fatalf("the page offers no erasure:\n%s", page)
	}
	s.pressFor(http.StatusUnprocessableEntity, link, url.Values{"act": {"erase"}}, "Tick the box")
	s.press(link, url.Values{"act": {"erase"}, "sure": {"1"}}, "Everything is erased")
	if files := s.naming(first, second, third); files != nil {
		t.Errorf("%q have an address that was erased", files)
	}
	if r, _ := s.get(link); r.StatusCode != http.StatusNotFound {
		t.Errorf("the link still leads somewhere: %s", r.Status)
	}
	s.stop()
	if files := s.naming(first, second, third); files != nil {
		t.Errorf("after the end of serve %q have an address that was erased", files)
	}
	if mails, err := filepath.Glob(filepath.Join(s.dir, "outbox", "*.eml")); err != nil || len(mails) != 2 {
		t.Errorf("the mails of others are %q, %v", mails, err)
	}
	if status := s.status(other); status != "active" {
		t.Errorf("another subscriber is %q", status)
	}
}
