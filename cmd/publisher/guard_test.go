package main

import (
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/racedetector"
	"publisher/internal/smtptest"
)

// refusing starts a server that refuses those recipients for which refuse returns true, until
// mended is set.
func refusing(t *testing.T, reply string, refuse func(to string) bool) (server *smtptest.Server, mended *atomic.Bool) {
	t.Helper()
	mended = new(atomic.Bool)
	server = smtptest.Start(t, smtptest.Options{Script: func(e smtptest.Event) string {
		if e.Verb == "RCPT" && !mended.Load() && refuse(e.Arg) {
			return reply
		}
		return ""
	}})
	return server, mended
}

func everybody(string) bool { return true }

// fails runs a command that must exit with 1 and returns its output.
func (c *crash) fails(args ...string) string {
	c.t.Helper()
	out, err := c.command(args...).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitFailed {
		c.t.Fatalf("publisher %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (c *crash) must(args ...string) string {
	c.t.Helper()
	out, err := c.command(args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("publisher %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// gotOnce fails unless that many recipients got one mail each.
func (c *crash) gotOnce(want int) {
	c.t.Helper()
	taken := c.server.Accepted()
	for to, n := range taken {
		if n != 1 {
			c.t.Errorf("%s got it %d times", to, n)
		}
	}
	if len(taken) != want {
		c.t.Errorf("%d got it, want %d", len(taken), want)
	}
}

// If a server denies every mailbox, even in the clearest words, nobody is marked, however long the
// list is, and once the server is fixed, everyone gets the mail.
func TestServerThatDeniesEveryMailboxMarksNobody(t *testing.T) {
	t.Parallel()
	many := 3000
	if racedetector.Enabled {
		many = 300
	}
	for _, mails := range []int{1, 3, 9, 10, 50, many} {
		t.Run(fmt.Sprint(mails), func(t *testing.T) {
			t.Parallel()
			server, mended := refusing(t, "550 5.1.1 no such user here", everybody)
			c := newCrash(t, server, "resend", mails)
			out := c.fails("run")
			if want := "edition 1 is stopped: the mail server refuses its recipients"; !strings.Contains(out, want) || !strings.Contains(out, "no such user here") {
				t.Errorf("no %q in\n%s", want, out)
			}
			if got := c.statuses(); got[ledger.Active] != mails {
				t.Fatalf("%v, want %d active", got, mails)
			}
			mended.Store(true)
			c.must("run")
			c.gotOnce(mails)
		})
	}
}

// If a list really is that old, the edition continues when the owner says so, and the marks can be
// undone.
func TestAcceptedRefusalsAndTheWayBack(t *testing.T) {
	t.Parallel()
	for _, mails := range []int{3, 60} {
		t.Run(fmt.Sprint(mails), func(t *testing.T) {
			t.Parallel()
			server, mended := refusing(t, "550 5.1.1 no such user here", everybody)
			c := newCrash(t, server, "resend", mails)
			c.fails("run")
			c.must("editions", "retry", "1", "--accept-refusals")
			c.must("run")
			if got := c.statuses(); got[ledger.Bounced] != mails {
				t.Fatalf("%v, want %d bounced", got, mails)
			}
			c.must("subscribers", "restore", "--edition", "1")
			if got := c.statuses(); got[ledger.Active] != mails {
				t.Fatalf("%v, want %d active", got, mails)
			}
			if out := c.must("explain", "reader0@example.net"); !strings.Contains(out, "by edition 1: 550 no such user here; restored on") {
				t.Error(out)
			}
			mended.Store(true)
			c.must("editions", "retry", "1")
			c.must("run")
			c.gotOnce(mails)
		})
	}
}

// A few missing mailboxes among many others are marked. Recipients who are refused for other
// reasons are not, and the next edition brings what they missed.
func TestRefusalsBelowTheGuard(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{Script: func(e smtptest.Event) string {
		var n int
		fmt.Sscanf(e.Arg, "reader%d@", &n)
		switch {
		case e.Verb != "RCPT" || n < 10:
		case n%20 == 10:
			return "550 5.1.1 no such user here"
		case n%20 == 11 && e.Tries == 0:
			return "550 5.7.1 blocked by policy"
		case n%20 == 12 && e.Tries == 0:
			return "550 no"
		}
		return ""
	}})
	const mails = 200
	c := newCrash(t, server, "resend", mails)
	c.must("run")
	if got := c.statuses(); got[ledger.Bounced] != 10 || got[ledger.Active] != 190 {
		t.Errorf("%v, want 10 bounced and 190 active", got)
	}
	c.gotOnce(170)
	c.write("content/posts/b.md", "---\ntitle: B\ndate: 2024-01-02\n---\nMore words.\n")
	if out := c.must("run"); !strings.Contains(out, "edition 2 (immediate, 2 posts) sent to 190 of 190 subscribers") {
		t.Errorf("the second edition does not bring the first post to those who were refused it\n%s", out)
	}
}
