package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/smtptest"
)

// misbehave decides by the address only, so that the test knows what to expect: of a thousand,
// 100 are deferred once, 20 always, 50 have no mailbox, 10 lose the connection just before the
// message is accepted and 10 just after, and 2 never get a reply.
func misbehave(e smtptest.Event) string {
	share := shareOf(e.Arg)
	switch {
	case e.Verb == "RCPT" && share < 100 && e.Tries == 0:
		return "450 4.2.0 greylisted"
	case e.Verb == "RCPT" && share >= 100 && share < 120:
		return "451 4.3.0 not now"
	case e.Verb == "RCPT" && share >= 120 && share < 170:
		return "550 5.1.1 no such user"
	case e.Verb == "DOT" && share >= 170 && share < 180 && e.Tries == 0:
		return smtptest.Close
	case e.Verb == "ACCEPTED" && share >= 180 && share < 190:
		return smtptest.Close
	case e.Verb == "ACCEPTED" && share >= 190 && share < 192:
		return smtptest.Hang
	}
	return ""
}

func shareOf(to string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(to))
	return h.Sum32() % 1000
}

// Whatever the server does, every recipient ends as sent, deferred, failed or
// uncertain, as the server's own record says.
func TestMisbehavingServer(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{Script: misbehave, PerConnection: 100})
	const mails = 1500
	c := newCrash(t, server, "hold\n  retry_for: 1h", mails)
	c.edit("tls: none", "tls: none, timeout: 1s")
	out, err := c.command("run").CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitFailed {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx := context.Background()
	l, err := sqlite.Open(ctx, "sqlite:"+filepath.Join(c.dir, "publisher.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := server.Accepted()
	counts, seen := map[ledger.DeliveryStatus]int{}, 0
	for d, err := range l.Deliveries(ctx, 1, "") {
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.SubscriberByID(ctx, d.Subscriber)
		if err != nil {
			t.Fatal(err)
		}
		seen++
		counts[d.Status]++
		if want := expected(s.Email); d.Status != want {
			t.Errorf("%s is %s (%d %s), want %s", s.Email, d.Status, d.Code, d.Reply, want)
		}
		if d.Status != ledger.Uncertain && (d.Status == ledger.Sent) != (taken[s.Email] == 1) || taken[s.Email] > 1 {
			t.Errorf("%s is %s, and the server took %d", s.Email, d.Status, taken[s.Email])
		}
		if (s.Status == ledger.Bounced) != (d.Status == ledger.Failed) {
			t.Errorf("%s: the delivery %s, the subscriber %s", s.Email, d.Status, s.Status)
		}
	}
	if seen != mails {
		t.Errorf("%d deliveries of %d", seen, mails)
	}
	t.Logf("%v", counts)
}

// expected returns the state of a delivery after one pass.
func expected(email string) ledger.DeliveryStatus {
	switch share := shareOf(email); {
	case share < 120:
		return ledger.Deferred
	case share < 170:
		return ledger.Failed
	case share < 192: // nobody but the server can know
		return ledger.Uncertain
	}
	return ledger.Sent
}

// edit replaces a part of config.yaml.
func (c *crash) edit(old, with string) {
	c.t.Helper()
	text := c.read("config.yaml")
	if !strings.Contains(text, old) {
		c.t.Fatalf("config.yaml has no %q", old)
	}
	c.write("config.yaml", strings.Replace(text, old, with, 1))
}

// After the greylisting time, everyone with a mailbox gets the mail.
func TestGreylistedGetItLater(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{Script: func(e smtptest.Event) string {
		if e.Verb == "RCPT" && e.Tries == 0 {
			return "450 4.2.0 greylisted"
		}
		return ""
	}})
	const mails = 300
	c := newCrash(t, server, "resend", mails)
	for i, now := range []string{"2026-06-01T12:00:00Z", "2026-06-01T12:10:00Z"} {
		cmd := c.command("run")
		cmd.Env = append(cmd.Environ(), "NOW="+now)
		if out, err := cmd.CombinedOutput(); (err == nil) != (i == 1) {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	taken := server.Accepted()
	for i := range mails {
		if email := fmt.Sprintf("reader%d@example.net", i); taken[email] != 1 {
			t.Errorf("%s got %d", email, taken[email])
		}
	}
}

// If the disk is full, the pass says so, and the server's replies up to then are kept: nobody is
// missed, and nobody gets the mail twice.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{})
	const mails = 1500
	c := newCrash(t, server, "resend", mails)
	info, err := os.Stat(filepath.Join(c.dir, "publisher.db"))
	if err != nil {
		t.Fatal(err)
	}
	// No file can grow much larger than the ledger, as its log soon does.
	run := c.command("run")
	full := exec.Command("sh", "-c", fmt.Sprintf("ulimit -f %d; exec publisher run", info.Size()/512+100))
	full.Dir = run.Dir
	out, err := full.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitFailed || !strings.Contains(string(out), "record a delivery: the disk") {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := server.Total(); n == 0 || n == mails {
		t.Fatalf("%d mails were taken before the disk was full", n)
	}
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	taken := server.Accepted()
	for i := range mails {
		if email := fmt.Sprintf("reader%d@example.net", i); taken[email] != 1 {
			t.Errorf("%s got %d", email, taken[email])
		}
	}
}
