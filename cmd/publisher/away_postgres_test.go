//go:build postgres

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/postgrestest"
	"publisher/internal/smtptest"
)

// subscriberList is a list of so many.
func subscriberList(n int) string {
	var list strings.Builder
	list.WriteString("email\n")
	for i := range n {
		fmt.Fprintf(&list, "s%d@example.com\n", i)
	}
	return list.String()
}

// rests waits until a mail server gets nothing for a while, and returns how many mails it has.
func rests(t *testing.T, sink *smtptest.Server) int {
	t.Helper()
	last, since := sink.Total(), time.Now()
	waitUntil(t, "rest", func() bool {
		if n := sink.Total(); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > time.Second
	})
	return last
}

// kept returns how many answers of mail servers a machine keeps beside the ledger.
func kept(t *testing.T, s *served) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "state", "ledger.late*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		n += strings.Count(string(text), "{")
	}
	return n
}

// While PostgreSQL is away, what is in flight ends and is kept, nothing new goes out, and files and pages that
// were looked at are served. Then all goes on by itself, and nobody is missed or gets a mail twice.
func TestAwayPostgreSQL(t *testing.T) {
	t.Parallel()
	const subscribers = 400
	s := postgrestest.Start(t, "fsync = on")
	sink := smtptest.Start(t, smtptest.Options{Delay: 30 * time.Millisecond})
	m := newMachines(t, s.Database(t), sink, "")
	leader := m.add(subscriberList(subscribers))
	leader.start()
	leader.await("feeds", nil) // the first look is over
	worker := m.worker(m.config)
	worker.launch()
	addPost("One", leader)
	waitUntil(t, "mail", func() bool { return sink.Total() >= 60 })
	pages := []string{"/", "/archive/", "/archive/1", "/subscribe", "/feed.xml"}
	for _, page := range pages {
		if r, _ := leader.get(page); r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", page, r.Status)
		}
	}
	s.Stop(t)
	sent := rests(t, sink)
	if sent == subscribers {
		t.Fatal("all mail is out")
	}
	waitUntil(t, "answers that are kept", func() bool { return kept(t, leader)+kept(t, worker) > 0 })
	for _, page := range pages {
		if r, body := leader.get(page); r.StatusCode != http.StatusOK {
			t.Errorf("%s while PostgreSQL is away: %s\n%s", page, r.Status, body)
		}
	}
	if r, _ := leader.get("/archive/2"); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("a page that needs the ledger: %s, %v", r.Status, r.Header)
	}
	r, err := http.PostForm(leader.base+"/subscribe", url.Values{"email": {"new@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, r.Body)
	r.Body.Close()
	if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("signing up while PostgreSQL is away: %s, %v", r.Status, r.Header)
	}
	if n := sink.Total(); n != sent {
		t.Errorf("%d mails went out while PostgreSQL was away", n-sent)
	}

	s.Resume(t)
	waitUntil(t, "all mail", func() bool { return len(sink.Accepted()) == subscribers })
	rests(t, sink)
	for to, n := range sink.Accepted() {
		if n != 1 {
			t.Errorf("%s got %d mails", to, n)
		}
	}
	waitUntil(t, "the end of the edition", func() bool {
		code, said := runOn(leader, "status")
		return code == exitDone && !strings.Contains(said, "edition 1")
	})
	if n := kept(t, leader) + kept(t, worker); n > 0 {
		t.Errorf("%d answers are still kept", n)
	}
	for _, one := range []*served{worker, leader} {
		began := time.Now()
		one.terminate()
		for range one.lines {
		}
		if err := one.cmd.Wait(); err != nil || time.Since(began) > 10*time.Second {
			t.Errorf("after SIGTERM: %v after %v", err, time.Since(began))
		}
	}
}
