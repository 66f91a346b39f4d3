package main

import (
	"bytes"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/smtptest"
)

// After SIGTERM while another program has the ledger locked, the process ends long before it would
// be killed, and the server's replies are kept. Nobody gets a mail twice.
func TestStoppedWhileTheLedgerIsLocked(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"run", "serve"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			server := smtptest.Start(t, smtptest.Options{Delay: 20 * time.Millisecond})
			const mails = 600
			c := newCrash(t, server, "resend", mails)
			c.edit("mail:\n", "server: {listen: 127.0.0.1:0}\nmail:\n")
			cmd := c.command(command)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			poll := time.NewTicker(time.Millisecond)
			defer poll.Stop()
			for end := time.Now().Add(time.Minute); server.Total() < 50; <-poll.C {
				if time.Now().After(end) {
					cmd.Process.Kill()
					t.Fatal("nothing is sent")
				}
			}
			db, err := sql.Open("sqlite", "file:"+filepath.Join(c.dir, "publisher.db")+"?_busy_timeout=10000")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			db.SetMaxOpenConns(1)
			if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
				t.Fatal(err)
			}
			locked := time.Now()
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); command == "run" && err == nil {
				t.Error("it says that all is done")
			}
			if took := time.Since(locked); took > 10*time.Second {
				t.Errorf("it ended after %v", took)
			}
			if _, err := db.Exec("ROLLBACK"); err != nil {
				t.Fatal(err)
			}
			if late := c.read("publisher.db.late"); strings.TrimSpace(late) == "" {
				t.Error("nothing is kept for the next run")
			}
			if out, err := c.command("run").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for email, n := range server.Accepted() {
				if n != 1 {
					t.Errorf("%s got %d", email, n)
				}
			}
			if n := len(server.Accepted()); n != mails {
				t.Errorf("%d of %d got it", n, mails)
			}
		})
	}
}

// If a ledger whose pass was killed is replaced by a copy, without its log, nothing is read from
// the mixture of the two, and nothing is sent.
func TestCopyBesideTheLogOfAKilledPass(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{Delay: 20 * time.Millisecond})
	c := newCrash(t, server, "resend", 1000)
	c.write("backup.db", c.read("publisher.db"))
	if out, err := c.command("feeds").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pass := c.command("run")
	if err := pass.Start(); err != nil {
		t.Fatal(err)
	}
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(time.Minute); server.Total() < 100; <-poll.C {
		if time.Now().After(end) {
			pass.Process.Kill()
			t.Fatal("nothing is sent")
		}
	}
	if err := pass.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	pass.Wait()
	c.write("publisher.db", c.read("backup.db"))
	sent := server.Total()
	for _, command := range []string{"check", "run", "plan", "subscribers list"} {
		var stderr bytes.Buffer
		cmd := c.command(strings.Fields(command)...)
		cmd.Stderr = &stderr
		err := cmd.Run()
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitHeld || !strings.Contains(stderr.String(), "publisher restore BACKUP") {
			t.Errorf("%s: %v\n%s", command, err, &stderr)
		}
	}
	if server.Total() != sent {
		t.Error("mail went out")
	}
}
