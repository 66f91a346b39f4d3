//go:build postgres

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
	"publisher/internal/postgrestest"
	"publisher/internal/smtptest"
)

// ofSQLite are the scripts about the file of a ledger in SQLite, and about configs that have none yet.
var ofSQLite = []string{"backup", "clone", "erase", "erase_file", "feeds_dir_private", "form", "intro", "looking", "private_check", "private_ignored", "stats",
	"subscribers_import", "private_written", "usage", "man", "dkim",
	"status_restored", "work", "late_recipients"} // where one process decides who joins which edition

// ledgerKey finds where a config names a ledger, siteKey what every config has.
var (
	ledgerKey = regexp.MustCompile(`(?m)^ledger:`)
	siteKey   = regexp.MustCompile(`(?m)^site:`)
)

// The commands do the same on PostgreSQL.
func TestScriptsOnPostgreSQL(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		return strings.HasPrefix(name, "init_") || slices.Contains(ofSQLite, name)
	})
	p := scriptParams()
	p.Dir, p.Files = "", files
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		env.Setenv("LEDGER", "")
		ledgers := map[string]string{} // by folder, which may have several configs in turn
		err := filepath.WalkDir(env.WorkDir, func(path string, e os.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !siteKey.Match(text) || ledgerKey.Match(text) {
				return err
			}
			folder := filepath.Dir(path)
			if ledgers[folder] == "" {
				ledgers[folder] = emptyLedger(env.T().(testing.TB))
				if folder == env.WorkDir {
					env.Setenv("LEDGER", ledgers[folder])
				}
			}
			return os.WriteFile(path, append(text, "\nledger: "+ledgers[folder]+"\n"...), 0o644)
		})
		if err != nil {
			return err
		}
		return setup(env)
	}
	testscript.Run(t, p)
}

// emptyLedger returns the address of a ledger that nobody has used.
func emptyLedger(t testing.TB) string {
	t.Helper()
	return postgrestest.Copy(t, "ledger", func(dsn string) error {
		l, err := openLedger(dsn, t.TempDir())
		if err != nil {
			return err
		}
		return l.Close()
	})
}

// Other scripts are for PostgreSQL alone.
func TestPostgreSQL(t *testing.T) {
	p := scriptParams()
	p.Dir = "testdata/postgres"
	setup := p.Setup
	p.Setup = func(env *testscript.Env) error {
		t := env.T().(testing.TB)
		u, err := url.Parse(emptyLedger(t))
		if err != nil {
			return err
		}
		env.Setenv("LEDGER", u.String())
		env.Setenv("EMPTY", postgrestest.New(t))
		password, _ := u.User.Password()
		env.Setenv("PASSWORD", password)
		env.Setenv("AT", u.Host+u.Path) // host, port and database of LEDGER
		env.Setenv("SERVER", u.Host)
		env.Setenv("SOCKET", postgrestest.Shared(t).Socket())
		return setup(env)
	}
	testscript.Run(t, p)
}

// The web and the passes of serve do the same on PostgreSQL.
func TestServeOnPostgreSQL(t *testing.T) { testServe(t, "ledger: "+emptyLedger(t)+"\n") }

func TestServeSignsUpOnPostgreSQL(t *testing.T) {
	testServeSignsUp(t, "ledger: "+emptyLedger(t)+"\n")
}

// Whoever comes after a serve that was killed settles what it was sending, once that is known to be dead.
func TestKilledWhileConfirmingOnPostgreSQL(t *testing.T) {
	testKilledWhileConfirming(t, 1, func() string { return "ledger: " + emptyLedger(t) + "\n" })
}

func TestConfirmationsDuringAnEditionOnPostgreSQL(t *testing.T) {
	testConfirmationsDuringAnEdition(t, "ledger: "+emptyLedger(t)+"\n")
}

// ledgerOnPostgreSQL returns a ledger that nobody has used.
func ledgerOnPostgreSQL(t *testing.T) testLedger {
	t.Helper()
	dsn := emptyLedger(t)
	server := postgrestest.Shared(t)
	return testLedger{dsn, func() {
		// What the process had asked for last may still be under way.
		waitUntil(t, "end of the connections of a killed process", func() bool {
			return server.Value(t, dsn, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") == "0"
		})
		expireLease(t, dsn)
	}}
}

func TestKilledWhileSendingOnPostgreSQL(t *testing.T) {
	for _, uncertain := range []string{"resend", "hold"} {
		t.Run(uncertain, func(t *testing.T) {
			t.Parallel()
			testKilledWhileSending(t, uncertain, 600, 3, ledgerOnPostgreSQL(t))
		})
	}
}

func TestSlowedDownStaysSoOnPostgreSQL(t *testing.T) {
	t.Parallel()
	testSlowedDownStaysSo(t, ledgerOnPostgreSQL(t))
}

// Digests and notices count for one rate, over passes and processes.
func TestRateOnPostgreSQL(t *testing.T) {
	t.Parallel()
	const rate, digests = 8, 5
	server := smtptest.Start(t, smtptest.Options{})
	at := ledgerOnPostgreSQL(t)
	c := newCrashIn(t, server, "resend", digests, at)
	c.edit("connections: 8", fmt.Sprintf("connections: 8, rate: %d/24h", rate))
	c.edit("mail:\n", "server: {url: https://news.example.com}\nmail:\n")
	if out, err := c.command("run").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l := at.open(t, c.dir)
	for i := range 2 * rate {
		now := time.Now().Truncate(time.Microsecond)
		s := signups.Signup{Email: fmt.Sprintf("new%d@example.net", i), How: signups.ByForm, At: now, Request: mailtoken.NewSecret()}
		if err := signups.Add(t.Context(), l, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := c.command("run")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	places := func(which string) string {
		return postgrestest.Shared(t).Value(t, at.dsn, "SELECT COALESCE(SUM(count), 0)::TEXT FROM place WHERE "+which)
	}
	waitUntil(t, "end of the rate", func() bool { return places("ended_at IS NOT NULL") == strconv.Itoa(rate) })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was stopped
	if n := server.Total(); n != rate || places("TRUE") != strconv.Itoa(rate) {
		t.Errorf("%d mails, %s places; %d are allowed", n, places("TRUE"), rate)
	}
}

func TestKilledWhileLeavingOnPostgreSQL(t *testing.T) {
	t.Parallel()
	testKilledWhileLeaving(t, 2, ledgerOnPostgreSQL(t))
}

// After a kill the next run waits until the lease expires by itself, and works.
func TestRunAfterKillOnPostgreSQL(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{Delay: 20 * time.Millisecond})
	c := newCrashIn(t, server, "resend", 100, testLedger{dsn: emptyLedger(t)})
	if !c.kill(10) {
		t.Fatal("the run ended before it was killed")
	}
	c.finish()
	c.compare("resend")
}

// Whoever is stopped for longer than a lease has lost it when it wakes, and ends; nobody is missed, and who
// gets a mail twice was uncertain.
func TestStoppedAndWokenOnPostgreSQL(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{Delay: 20 * time.Millisecond})
	at := ledgerOnPostgreSQL(t)
	c := newCrashIn(t, server, "resend", 600, at)
	first := c.command("run")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "mail", func() bool { return server.Total() >= 20 })
	if err := first.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	expireLease(t, at.dsn)
	c.note()
	second := c.command("run")
	var said bytes.Buffer
	second.Stdout, second.Stderr = &said, &said
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	total := server.Total()
	waitUntil(t, "mail of the second run", func() bool { return server.Total() >= total+50 })
	if err := first.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := first.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitLocked {
		t.Errorf("the run that was stopped: %v, want exit code %d", err, exitLocked)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("the other run: %v\n%s", err, &said)
	}
	c.finish()
	c.compare("resend")
}

// A server that crashes and starts again while mail goes out costs nobody a mail: what mail servers have
// answered is kept beside, and the next run goes on.
func TestServerCrashesOnPostgreSQL(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t, "fsync = on")
	mails := smtptest.Start(t, smtptest.Options{Delay: 20 * time.Millisecond})
	c := newCrashIn(t, mails, "resend", 400, testLedger{dsn: s.Database(t)})
	for _, disturb := range []func(){
		func() { s.Restart(t) },
		func() { s.Terminate(t, c.ledger.dsn) },
	} {
		goal := mails.Total() + 50
		cmd := c.command("run")
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitUntil(t, "mail", func() bool { return mails.Total() >= goal })
		disturb()
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != exitFailed) {
			t.Errorf("%v\n%s", err, &said)
		}
		t.Logf("%s", &said)
		c.note()
	}
	c.finish()
	c.compare("resend")
}
