package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/smtptest"
)

// Whenever serve is killed while an edition and confirmations go out, every unsubscribing that
// was answered is kept, and nobody who did not leave is missed.
func TestKilledWhileLeaving(t *testing.T) {
	t.Parallel()
	kills := 3
	if text := os.Getenv("PUBLISHER_TORTURE"); text != "" {
		kills, _ = strconv.Atoi(text)
	}
	testKilledWhileLeaving(t, kills, testLedger{})
}

func testKilledWhileLeaving(t *testing.T, kills int, at testLedger) {
	const readers, callers = 1_000, 4
	server := smtptest.Start(t, smtptest.Options{Delay: 5 * time.Millisecond})
	s := newServed(t, noticesConfig(server, "hold", "")+at.config(), "")
	var list strings.Builder
	list.WriteString("email\n")
	for i := range readers {
		fmt.Fprintf(&list, "reader%04d@example.net\n", i)
	}
	s.write("list.csv", list.String())
	s.write("posts/new.md", "---\ntitle: New\ndate: 2024-01-01\n---\nWords.\n")
	load := exec.Command("publisher", "subscribers", "import", "list.csv")
	load.Dir = s.dir
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	links := tokensOf(t, at, s.dir)

	var mu sync.Mutex
	left := map[int64]bool{}
	next := int64(0)
	for kill := range kills {
		s.start()
		goal := server.Total() + 20 + 10*kill
		var posting sync.WaitGroup
		for caller := range callers {
			posting.Go(func() {
				for i := 0; ; i++ {
					mu.Lock()
					next++
					id := 1 + 7*next%readers
					mu.Unlock()
					answer, err := http.PostForm(s.base+"/unsubscribe/"+links.Link(mailtoken.Unsubscribe, id), url.Values{"List-Unsubscribe": {"One-Click"}})
					if err != nil {
						return // killed
					}
					answer.Body.Close()
					if answer.StatusCode == http.StatusOK {
						mu.Lock()
						left[id] = true
						mu.Unlock()
					}
					s.signUp(1+kill*1000+caller*200+i%200, fmt.Sprintf("new%d.%d.%d@gmail.com", kill, caller, i))
				}
			})
		}
		waitUntil(t, "mail", func() bool { return server.Total() >= goal })
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		posting.Wait()
		_ = s.cmd.Wait()
		at.expire()
	}
	run := exec.Command("publisher", "run")
	run.Dir = s.dir
	out, err := run.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "uncertain") {
		t.Fatalf("%v\n%s", err, out)
	}

	ctx := context.Background()
	l := at.open(t, s.dir)
	defer l.Close()
	taken, missed := server.Accepted(), 0
	for r, err := range l.Subscribers(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if left[r.ID] && r.Status != "unsubscribed" {
			t.Errorf("subscriber %d left, and is %s", r.ID, r.Status)
		}
		if n := taken[r.Email]; n > 1 {
			t.Errorf("subscriber %d got %d mails", r.ID, n)
		} else if n == 0 && r.Status == "active" {
			missed++ // held as uncertain
		}
	}
	if missed > kills*noticeConnections {
		t.Errorf("%d who did not leave got nothing", missed)
	}
	if len(left) == 0 {
		t.Error("nobody left")
	}
	t.Logf("%d left, %d uncertain", len(left), missed)
}

// tokensOf returns the tokens of the ledger of a blog in that folder.
func tokensOf(t *testing.T, at testLedger, dir string) *mailtoken.Codec {
	t.Helper()
	l := at.open(t, dir)
	defer l.Close()
	codec, err := l.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return codec
}
