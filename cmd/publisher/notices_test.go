package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/racedetector"
	"publisher/internal/smtptest"
)

// noticesConfig is that of a blog whose mail goes to a server of the test's.
func noticesConfig(server *smtptest.Server, uncertain, rate string) string {
	return fmt.Sprintf(`digest: {cadences: {immediate: ""}, default: immediate, settle: 0s, start: 2020-01-01}
signup: {mails_per_hour: 1000000}
mail:
  from: Blog <news@example.com>
  bounce_to: bounces@example.com
  uncertain: %s
  smtp: {host: 127.0.0.1, port: %d, tls: none, connections: %d, rate: "%s"}
`, uncertain, server.Port(), noticeConnections, rate)
}

const noticeConnections = 4

// waitUntil waits for something that another process does.
func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	poll := time.NewTicker(200 * time.Microsecond)
	defer poll.Stop()
	timeout := time.After(patience)
	for !done() {
		select {
		case <-poll.C:
		case <-timeout:
			t.Fatalf("no %s within %v", what, patience)
		}
	}
}

// signUp posts a sign-up as a client of the nth network does, and reports whether it was taken.
func (s *served) signUp(n int, address string) bool {
	r, err := http.NewRequest("POST", s.base+"/subscribe", strings.NewReader(`{"email":"`+address+`"}`))
	if err != nil {
		s.t.Error(err)
		return false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.%d.%d.7", n/256, n%256))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		s.t.Errorf("sign-up %d: %s", n, answer.Status)
	}
	return answer.StatusCode == http.StatusAccepted
}

// From the form to the confirmation, a link in it, and the welcome.
func TestServeSignsUp(t *testing.T) { testServeSignsUp(t, "") }

func testServeSignsUp(t *testing.T, ledger string) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{Record: true})
	s := newServed(t, noticesConfig(server, "resend", "")+ledger, "")
	s.start()
	if !s.signUp(1, "ada@gmail.com") {
		t.Fatal("not taken")
	}
	sent := func(kind string) func(map[string]any) bool {
		return func(line map[string]any) bool { return line["kind"] == kind && line["result"] == "sent" }
	}
	s.await("notice", sent("confirm"))
	text := strings.ReplaceAll(server.Messages()["ada@gmail.com"], "=\r\n", "")
	link := regexp.MustCompile(`https://news\.example\.com(/confirm/[a-z2-7]{26})`).FindStringSubmatch(text)
	if link == nil {
		t.Fatalf("no link in\n%s", text)
	}
	if s.get(link[1]); s.status("ada@gmail.com") == "active" {
		t.Error("looking at the page confirms")
	}
	r, err := http.PostForm(s.base+link[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	s.body(r)
	s.await("notice", sent("welcome"))
	if status := s.status("ada@gmail.com"); status != "active" {
		t.Errorf("status %q", status)
	}
	s.stop()
	if n := server.Accepted()["ada@gmail.com"]; n != 2 {
		t.Errorf("%d mails", n)
	}
}

// Whenever serve is killed while confirmations go out, each sign-up that was answered leads to
// one: exactly one, save those whose mail was on the way, at most one for each connection.
func TestKilledWhileConfirming(t *testing.T) {
	kills := 4
	if racedetector.Enabled {
		kills = 2
	}
	testKilledWhileConfirming(t, kills, func() string { return "" })
}

func testKilledWhileConfirming(t *testing.T, kills int, ledger func() string) {
	t.Parallel()
	if text := os.Getenv("PUBLISHER_TORTURE"); text != "" {
		kills, _ = strconv.Atoi(text)
	}
	for _, uncertain := range []string{"resend", "hold"} {
		t.Run(uncertain, func(t *testing.T) {
			t.Parallel()
			const each = 20
			server := smtptest.Start(t, smtptest.Options{Delay: 3 * time.Millisecond})
			s := newServed(t, noticesConfig(server, uncertain, "")+ledger(), "")
			var answered []string
			for kill := range kills {
				s.start()
				goal := server.Total() + 1 + kill%each
				var posting sync.WaitGroup
				posting.Go(func() {
					for i := range each {
						n := kill*each + i
						if address := fmt.Sprintf("reader%d@gmail.com", n); s.signUp(n, address) {
							answered = append(answered, address)
						}
					}
				})
				waitUntil(t, "mail", func() bool { return server.Total() >= goal })
				if err := s.cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				posting.Wait()
				_ = s.cmd.Wait()
			}
			run := exec.Command("publisher", "run")
			run.Dir = s.dir
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			doubles, missing := 0, 0
			taken := server.Accepted()
			for _, address := range answered {
				doubles += max(0, taken[address]-1)
				if taken[address] == 0 {
					missing++
				}
			}
			most := kills * noticeConnections
			if uncertain == "hold" && (doubles > 0 || missing > most) || uncertain == "resend" && (missing > 0 || doubles > most) {
				t.Errorf("%d doubled, %d missing", doubles, missing)
			}
			t.Logf("%d answered, %d doubled, %d missing", len(answered), doubles, missing)
		})
	}
}

// While a long edition goes out under a rate, a confirmation arrives within five seconds of the
// form. PUBLISHER_NOTICES sets the numbers of sign-ups, of which 99 in 100 have to, and of the
// edition's recipients, such as 100,50000.
func TestConfirmationsDuringAnEdition(t *testing.T) { testConfirmationsDuringAnEdition(t, "") }

func testConfirmationsDuringAnEdition(t *testing.T, ledger string) {
	t.Parallel()
	const rate, limit = 14, 5 * time.Second
	signups, recipients := 8, 2000
	if text := os.Getenv("PUBLISHER_NOTICES"); text != "" {
		if _, err := fmt.Sscanf(text, "%d,%d", &signups, &recipients); err != nil {
			t.Fatalf("PUBLISHER_NOTICES: %v", err)
		}
	}
	var mu sync.Mutex
	var times []time.Time
	arrived := map[string]time.Time{}
	server := smtptest.Start(t, smtptest.Options{Script: func(e smtptest.Event) string {
		if e.Verb == "ACCEPTED" {
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Now())
			arrived[e.Arg] = time.Now()
		}
		return ""
	}})
	s := newServed(t, noticesConfig(server, "resend", fmt.Sprintf("%d/s", rate))+ledger, "")
	var list strings.Builder
	list.WriteString("email\n")
	for i := range recipients {
		fmt.Fprintf(&list, "subscriber%d@example.net\n", i)
	}
	s.write("list.csv", list.String())
	s.write("posts/new.md", "---\ntitle: New\ndate: 2024-01-01\n---\nWords.\n")
	load := exec.Command("publisher", "subscribers", "import", "list.csv")
	load.Dir = s.dir
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.start()
	waitUntil(t, "edition", func() bool { return server.Total() > 2*rate })
	posted := map[string]time.Time{}
	for n := range signups {
		address := fmt.Sprintf("reader%d@gmail.com", n)
		if !s.signUp(n, address) {
			t.Fatal("not taken")
		}
		posted[address] = time.Now()
		before := server.Total() // people do not come all at once
		waitUntil(t, "mail", func() bool { return server.Total() >= before+rate/3 })
	}
	var late []time.Duration
	for address, at := range posted {
		waitUntil(t, "confirmation", func() bool { mu.Lock(); defer mu.Unlock(); return !arrived[address].IsZero() })
		mu.Lock()
		if wait := arrived[address].Sub(at); wait > limit {
			late = append(late, wait)
		}
		mu.Unlock()
	}
	if len(late) > signups/100 {
		t.Errorf("%d of %d confirmations came late: %v", len(late), signups, late)
	}
	mu.Lock()
	defer mu.Unlock()
	var waits []time.Duration
	for address, at := range posted {
		waits = append(waits, arrived[address].Sub(at))
	}
	slices.Sort(waits)
	t.Logf("%d confirmations within %v to %v, %v in the middle; %d mails of the edition by then", signups, waits[0], waits[len(waits)-1], waits[len(waits)/2], len(times)-signups)
	if len(times)-signups >= recipients && !racedetector.Enabled {
		t.Error("the edition had ended by then")
	}
	for i := rate; i < len(times); i++ {
		if d := times[i].Sub(times[i-rate]); d < time.Second {
			t.Errorf("mails %d to %d came within %v", i-rate, i, d)
		}
	}
}
