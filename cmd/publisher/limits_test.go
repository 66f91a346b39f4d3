package main

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/internal/smtptest"
)

// However often the sender is killed, no window of mail.smtp.rate gets more mail than allowed.
// All of this happens within one window.
func TestRateHoldsWhenKilled(t *testing.T) {
	t.Parallel()
	const (
		rate, connections, kills = 60, 2, 4
		// What a kill may cost of the window: each connection's message counts as sent
		// when the next pass begins, and again when it is settled.
		cost = 2 * connections
	)
	server := smtptest.Start(t, smtptest.Options{Delay: 10 * time.Millisecond})
	c := newCrash(t, server, "resend", 200)
	c.edit(fmt.Sprintf("connections: %d", crashConnections), fmt.Sprintf("connections: %d, rate: %d/24h", connections, rate))
	killed := 0
	for killed < kills && server.Total()+killed*cost < rate {
		cmd := c.runUntil(server.Total() + 1 + rand.N(4))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		killed++
	}
	if server.Total()+killed*cost < rate {
		before := server.Total()
		cmd := c.runUntil(rate + 1)
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was stopped
		if server.Total() == before {
			t.Errorf("none was sent after %d, although %d are allowed", before, rate)
		}
	}
	if n := server.Total(); n > rate {
		t.Errorf("%d mails, %d are allowed", n, rate)
	}
	t.Logf("%d mails, %d kills", server.Total(), killed)
}

// runUntil starts a pass and returns when the server has that many messages, or when the sender
// has disconnected because the rate allows no more.
func (c *crash) runUntil(goal int) *exec.Cmd {
	c.t.Helper()
	poll := time.NewTicker(200 * time.Microsecond)
	defer poll.Stop()
	for c.server.Open() > 0 { // what the one that was killed left
		<-poll.C
	}
	cmd := c.command("run")
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	for connected := false; c.server.Total() < goal && !(connected && c.server.Open() == 0); <-poll.C {
		connected = connected || c.server.Open() > 0
	}
	return cmd
}

// If a server asked for less, the next pass uses fewer connections too.
func TestSlowedDownStaysSo(t *testing.T) {
	t.Parallel()
	testSlowedDownStaysSo(t, testLedger{})
}

func testSlowedDownStaysSo(t *testing.T, at testLedger) {
	const mails = 60 // too few to speed up again
	server := smtptest.Start(t, smtptest.Options{Delay: 20 * time.Millisecond, Script: func(e smtptest.Event) string {
		if e.Verb == "RCPT" && e.Arg == "reader0@example.net" && e.Tries == 0 {
			return "451 4.7.1 not so fast"
		}
		return ""
	}})
	c := newCrashIn(t, server, "resend", mails, at)
	if out, err := c.command("run").CombinedOutput(); err == nil {
		t.Fatalf("nothing was deferred\n%s", out)
	}
	if out, err := c.command("editions", "show", "1").CombinedOutput(); err != nil || !strings.Contains(string(out), "127.0.0.1") || !strings.Contains(string(out), "last accepted ") {
		t.Errorf("editions show does not say how many connections the server accepts: %v\n%s", err, out)
	}
	server.Most()
	c.write("content/posts/b.md", "---\ntitle: B\ndate: 2024-02-01\n---\nWords.\n")
	if out, _ := c.command("run").CombinedOutput(); !strings.Contains(string(out), "edition 2") {
		t.Fatalf("no second edition\n%s", out)
	}
	if most := server.Most(); most > crashConnections/2 {
		t.Errorf("%d connections in the pass after the server asked for less", most)
	}
}
