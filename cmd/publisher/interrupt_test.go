package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/internal/smtptest"
)

// After Ctrl-C, SIGTERM or a hangup while the last recipients of an edition wait for the rate
// limit, they get this edition from the next run, not one of their own.
func TestInterruptedWhileTheLastWait(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			interruptWhileTheLastWait(t, sig)
		})
	}
}

func interruptWhileTheLastWait(t *testing.T, sig os.Signal) {
	server := smtptest.Start(t, smtptest.Options{})
	const mails, rate = 12, 8
	c := newCrash(t, server, "resend", mails)
	c.edit("connections: 8", "connections: 8, rate: 8/h")
	cmd := c.command("run")
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for server.Total() < rate {
		<-poll.C
	}
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if exit, ok := cmd.Wait().(*exec.ExitError); !ok || exit.ExitCode() != exitFailed || messages(said.String()) != 1 {
		t.Errorf("interrupted, it ends with %v and says %s", exit, said.String())
	}
	c.edit(", rate: 8/h", "")
	if out, err := c.command("run").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := c.command("editions", "list", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var editions []struct{ Sent int }
	if err := json.Unmarshal(out, &editions); err != nil {
		t.Fatal(err)
	}
	if len(editions) != 1 || editions[0].Sent != mails || server.Total() != mails {
		t.Errorf("%d mails went out, in editions %s", server.Total(), out)
	}
}

// messages counts lines, without those of progress, which come every ten seconds.
func messages(said string) (n int) {
	for line := range strings.Lines(said) {
		if !strings.HasPrefix(line, "edition 1: ") {
			n++
		}
	}
	return n
}
