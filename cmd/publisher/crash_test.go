package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/racedetector"
	"publisher/internal/smtptest"
)

const crashConnections = 8

// crashSize returns how many mails are sent and how often the sender is killed meanwhile: few
// times by default, PUBLISHER_TORTURE times for `make torture`.
func crashSize(t *testing.T) (mails, kills int) {
	text := os.Getenv("PUBLISHER_TORTURE")
	switch {
	case text == "" && racedetector.Enabled:
		return 1_000, 3
	case text == "":
		return 3_000, 5
	}
	kills, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("PUBLISHER_TORTURE: %v", err)
	}
	return 20_000, kills
}

// Whenever the sender is killed, nobody is missed. Those who get a mail twice are among those
// reported as uncertain, at most one for each connection.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	for _, uncertain := range []string{"resend", "hold"} {
		t.Run(uncertain, func(t *testing.T) {
			t.Parallel()
			mails, kills := crashSize(t)
			testKilledWhileSending(t, uncertain, mails, kills, testLedger{})
		})
	}
}

func testKilledWhileSending(t *testing.T, uncertain string, mails, kills int, at testLedger) {
	server := smtptest.Start(t, smtptest.Options{})
	c := newCrashIn(t, server, uncertain, mails, at)
	for range kills {
		if !c.kill(1 + rand.N(mails/kills)) {
			break
		}
	}
	c.finish()
	c.compare(uncertain)
}

// testLedger is where a test has its ledger; the zero value is beside the config, in SQLite.
type testLedger struct {
	dsn     string // in PostgreSQL
	expired func() // has the lease of a process that was killed expire, as it does by itself in time
}

// config is what config.yaml says of it.
func (at testLedger) config() string {
	if at.dsn == "" {
		return ""
	}
	return "ledger: " + at.dsn + "\n"
}

func (at testLedger) expire() {
	if at.expired != nil {
		at.expired()
	}
}

func (at testLedger) open(t *testing.T, dir string) *ledger.Ledger {
	t.Helper()
	dsn := at.dsn
	if dsn == "" {
		dsn = "sqlite:" + filepath.Join(dir, "publisher.db")
	}
	l, err := openLedger(dsn, filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// crash is a site whose sender is killed again and again.
type crash struct {
	t      *testing.T
	server *smtptest.Server
	dir    string
	ledger testLedger
	mails  int
	// uncertain counts how often each subscriber was uncertain after a kill.
	uncertain map[string]int
	noted     map[interruption]bool
}

// interruption is an attempt of which the ledger does not know what became.
type interruption struct {
	subscriber int64
	attempt    int
}

func newCrash(t *testing.T, server *smtptest.Server, uncertain string, mails int) *crash {
	return newCrashIn(t, server, uncertain, mails, testLedger{})
}

func newCrashIn(t *testing.T, server *smtptest.Server, uncertain string, mails int, at testLedger) *crash {
	c := &crash{t: t, server: server, dir: t.TempDir(), ledger: at, mails: mails, uncertain: map[string]int{}, noted: map[interruption]bool{}}
	config := fmt.Sprintf(`site: {title: Blog, url: https://example.com}
digest: {cadences: {immediate: ""}, default: immediate, start: 2020-01-01, settle: 0s}
mail:
  from: Blog <news@example.com>
  uncertain: %s
  smtp: {host: 127.0.0.1, port: %d, tls: none, connections: %d}
`, uncertain, server.Port(), crashConnections) + at.config()
	var list strings.Builder
	list.WriteString("email\n")
	for i := range mails {
		fmt.Fprintf(&list, "reader%d@example.net\n", i)
	}
	for name, text := range map[string]string{"config.yaml": config, "list.csv": list.String(),
		"content/posts/a.md": "---\ntitle: A\ndate: 2024-01-01\n---\nWords.\n"} {
		c.write(name, text)
	}
	if out, err := c.command("subscribers", "import", "list.csv").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return c
}

func (c *crash) write(name, text string) {
	c.t.Helper()
	file := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *crash) read(name string) string {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

func (c *crash) command(args ...string) *exec.Cmd {
	cmd := exec.Command("publisher", args...)
	cmd.Dir = c.dir
	return cmd
}

// kill runs a pass until the server has accepted that many more messages, and kills it then. It
// returns false if the pass ended before.
func (c *crash) kill(after int) bool {
	c.t.Helper()
	goal := c.server.Total() + after
	cmd := c.command("run")
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	poll := time.NewTicker(200 * time.Microsecond)
	defer poll.Stop()
	for c.server.Total() < goal {
		select {
		case <-ended:
			return false
		case <-poll.C:
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	<-ended
	c.ledger.expire()
	c.note()
	return true
}

// note records who is uncertain after a kill. Where several processes may deliver, it takes a while until
// another one settles what was interrupted, and there may have been another kill by then.
func (c *crash) note() {
	c.t.Helper()
	ctx := context.Background()
	l := c.ledger.open(c.t, c.dir)
	defer l.Close()
	left, err := l.Interrupted(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	left = slices.DeleteFunc(left, func(d ledger.Delivery) bool { return c.noted[interruption{d.Subscriber, d.Attempts}] })
	if len(left) > crashConnections {
		c.t.Errorf("%d deliveries uncertain after a kill of %d connections", len(left), crashConnections)
	}
	for _, d := range left {
		c.noted[interruption{d.Subscriber, d.Attempts}] = true
		s, err := l.SubscriberByID(ctx, d.Subscriber)
		if err != nil {
			c.t.Fatal(err)
		}
		c.uncertain[s.Email]++
	}
}

func (c *crash) finish() {
	c.t.Helper()
	out, err := c.command("run").CombinedOutput()
	if err != nil && !strings.Contains(string(out), "uncertain") {
		c.t.Fatalf("%v\n%s", err, out)
	}
}

// compare compares the server's record with what was reported.
func (c *crash) compare(uncertain string) {
	c.t.Helper()
	taken := c.server.Accepted()
	doubles, missing := 0, 0
	for i := range c.mails {
		email := fmt.Sprintf("reader%d@example.net", i)
		n, said := taken[email], c.uncertain[email]
		switch {
		case n > 1 && uncertain == "hold":
			c.t.Errorf("%s got %d mails although uncertain ones are held", email, n)
		case n > 1+said:
			c.t.Errorf("%s got %d mails, and was uncertain %d times", email, n, said)
		case n == 0 && (uncertain == "resend" || said == 0):
			c.t.Errorf("%s got none", email)
		}
		doubles += max(0, n-1)
		missing += max(0, 1-n)
	}
	c.t.Logf("%d mails, %d uncertain, %d doubled, %d missing", c.mails, len(c.uncertain), doubles, missing)
}
