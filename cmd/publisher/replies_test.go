package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/smtptest"
)

// statuses returns how many subscribers have each status.
func (c *crash) statuses() map[ledger.Status]int {
	c.t.Helper()
	ctx := context.Background()
	l, err := sqlite.Open(ctx, "sqlite:"+filepath.Join(c.dir, "publisher.db"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer l.Close()
	counts := map[ledger.Status]int{}
	for s, err := range l.Subscribers(ctx) {
		if err != nil {
			c.t.Fatal(err)
		}
		counts[s.Status]++
	}
	return counts
}

// If a server refuses everyone for reasons that concern us, or unclear ones, no subscription ends.
func TestRefusalsAboutUsMarkNobody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		verb, reply string
	}{
		"relay":            {"RCPT", "550 relay not permitted"},
		"not logged in":    {"RCPT", "550 I cannot deliver mail for reader@example.net"},
		"log-in wanted":    {"RCPT", "530 5.7.0 Authentication required"},
		"sender":           {"RCPT", "553 5.1.3 sender verify failed"},
		"code against it":  {"RCPT", "550 5.1.1 relay access denied"},
		"policy, quoted":   {"RCPT", "550 '5.7.1 not wanted here'"},
		"bare":             {"RCPT", "550 no"},
		"other address":    {"RCPT", "550 5.1.0 address rejected"},
		"hourly rate":      {"RCPT", "550 example.com has exceeded the max emails per hour"},
		"after the body":   {"DOT", "550 5.1.1 rejected"},
		"any bytes at all": {"RCPT", "550 \x00\x1b[31m\xff\xfe user\x00unknow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := smtptest.Start(t, smtptest.Options{Script: func(e smtptest.Event) string {
				if e.Verb == test.verb {
					return test.reply
				}
				return ""
			}})
			const mails = 60
			c := newCrash(t, server, "resend", mails)
			out, err := c.command("run").CombinedOutput()
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitFailed {
				t.Errorf("%v\n%s", err, out)
			}
			if got := c.statuses(); got[ledger.Active] != mails {
				t.Errorf("%v, want %d active\n%s", got, mails, out)
			}
			if name == "relay" && !strings.Contains(string(out), "(550 relay not permitted)") {
				t.Errorf("the server's words are not quoted\n%s", out)
			}
		})
	}
}

// A server that accepts three connections gets everything in one pass.
func TestOnePassAdaptsToWhatTheServerAccepts(t *testing.T) {
	t.Parallel()
	const mails, borne = 300, 3
	server := smtptest.Start(t, smtptest.Options{MaxConnections: borne})
	c := newCrash(t, server, "hold", mails)
	if out, err := c.command("run").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for to, n := range server.Accepted() {
		if n != 1 {
			t.Errorf("%s got it %d times", to, n)
		}
	}
	if got := server.Total(); got != mails {
		t.Errorf("%d of %d messages went out", got, mails)
	}
}
