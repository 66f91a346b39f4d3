package main

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"publisher/internal/smtptest"
)

// A backup made while mail goes out does not know about mail sent since. Nothing is sent from
// it without adopt, even if the pass never ended.
func TestBackupOfAKilledPass(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{Delay: 50 * time.Millisecond})
	c := newCrash(t, server, "resend", 3000)
	cmd := c.command("run")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	file, backup := filepath.Join(c.dir, "publisher.db"), filepath.Join(c.dir, "backup.db")
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	// The mark is another after moves changes.
	await := func(moves int) {
		for last := ""; moves > 0; <-poll.C {
			mark, _ := os.ReadFile(file + ".mark")
			if last != "" && string(mark) != last {
				moves--
			}
			last = string(mark)
			if server.Total() == 3000 {
				t.Fatal("the pass was over first")
			}
		}
	}
	await(1)
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("VACUUM INTO ?", backup); err != nil {
		t.Fatal(err)
	}
	await(2)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	db.Close()
	os.Remove(file + "-wal")
	os.Remove(file + "-shm")
	if err := os.Rename(backup, file); err != nil {
		t.Fatal(err)
	}
	sent := server.Total()
	out, err := c.command("run").CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != exitHeld || !strings.Contains(string(out), "publisher adopt") {
		t.Errorf("%v\n%s", err, out)
	}
	if server.Total() != sent {
		t.Errorf("%d mails went out from the backup", server.Total()-sent)
	}
}
