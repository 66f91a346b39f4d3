//go:build postgres

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/internal/postgrestest"
	"publisher/internal/smtptest"
)

const leading = "leading: this process makes the passes"

// machines is machines with the same config and one ledger.
type machines struct {
	t    *testing.T
	dsn  string
	sink *smtptest.Server
	// config is the rest of config.yaml.
	config string
}

func newMachines(t *testing.T, dsn string, sink *smtptest.Server, settings string) *machines {
	return &machines{t, dsn, sink, fmt.Sprintf(`digest: {default: immediate, settle: 0s}
subscribers: {file: list.csv}
ledger: %s
mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none, connections: 4}%s}
`, dsn, sink.Port(), settings)}
}

// add returns a machine that is not running yet.
func (m *machines) add(subscribers string) *served {
	m.t.Helper()
	return newServed(m.t, m.config, subscribers)
}

// addPost writes a post on machines.
func addPost(title string, all ...*served) {
	for _, s := range all {
		s.write("posts/"+strings.ToLower(title)+".md", fmt.Sprintf("---\ntitle: %s\ndate: 2024-01-01\n---\nText of %[1]s.\n", title))
	}
}

// feedHas waits until a machine's feed has some text.
func feedHas(s *served, text string) {
	s.t.Helper()
	waitUntil(s.t, "post in the feed: "+text, func() bool {
		feed, err := os.ReadFile(filepath.Join(s.dir, "public", "feed.xml"))
		return err == nil && strings.Contains(string(feed), text)
	})
}

// run runs a command in a machine's folder.
func runOn(s *served, args ...string) (code int, said string) {
	s.t.Helper()
	cmd := exec.Command("publisher", args...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), s.env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (s *served) kill() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Wait()
}

func expireLease(t *testing.T, dsn string) {
	t.Helper()
	postgrestest.Shared(t).Exec(t, dsn, "UPDATE lease SET expires_at = 1")
}

// Of two daemons with one ledger the first leads; the other one keeps its own feeds up to date, and leads when
// the first one is dead. Whoever was stopped meanwhile stands by when it wakes.
func TestRolesOnPostgreSQL(t *testing.T) {
	t.Parallel()
	sink := smtptest.Start(t, smtptest.Options{})
	m := newMachines(t, emptyLedger(t), sink, "")
	const list = "email\nada@example.com\ngrace@example.com\n"
	first, second := m.add(list), m.add(list)
	first.start()
	first.await(leading, nil)
	first.await("feeds", nil) // the first look is over
	second.start()
	standing := second.await("standing by", nil)
	if holder := fmt.Sprint(standing["leader"]); !strings.HasPrefix(holder, fmt.Sprintf("publisher serve (process %d on ", first.cmd.Process.Pid)) {
		t.Errorf("it stands by for %s", holder)
	}
	if code, said := runOn(second, "run"); code != exitLocked || !strings.Contains(said, fmt.Sprintf("publisher serve (process %d on ", first.cmd.Process.Pid)) {
		t.Errorf("run beside it: exit code %d\n%s", code, said)
	}
	addPost("One", first, second)
	feedHas(first, "<title>One</title>")
	feedHas(second, "<title>One</title>")
	waitUntil(t, "mail", func() bool { return sink.Total() == 2 })
	first.await("edition", nil) // nothing is uncertain

	// A post that only the other machine has is not in the ledger yet.
	addPost("Two", second)
	first.kill()
	died := time.Now()
	second.await(leading, nil)
	if took := time.Since(died); took > 20*time.Second {
		t.Errorf("the other one led after %v", took)
	}
	waitUntil(t, "mail of the new leader", func() bool { return sink.Total() == 4 })
	second.await("edition", nil)
	if feed, err := os.ReadFile(filepath.Join(second.dir, "public", "feed.xml")); err != nil || !strings.Contains(string(feed), "<title>Two</title>") {
		t.Errorf("no new post in the feed: %v", err)
	}

	addPost("Two", first)
	first.start()
	first.await("standing by", nil)
	feedHas(first, "<title>Two</title>")
	second.signal(syscall.SIGSTOP)
	expireLease(t, m.dsn)
	first.await(leading, nil)
	addPost("Three", first, second)
	waitUntil(t, "mail of the first one", func() bool { return sink.Total() == 6 })
	second.signal(syscall.SIGCONT)
	second.await("no longer leading", nil)
	second.await("standing by", nil)
	feedHas(second, "<title>Three</title>")
	first.stop()
	second.await(leading, nil)
	second.stop()
	for to, n := range sink.Accepted() {
		if n != 3 {
			t.Errorf("%s got %d mails, want 3", to, n)
		}
	}
}

// deliversAs matches the lines of `publisher status` about processes that deliver.
func deliversAs(command string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^delivers +publisher ` + command + ` `)
}

// worker returns a machine with nothing but a config, on which `publisher work` delivers.
func (m *machines) worker(config string) *served {
	m.t.Helper()
	s := &served{t: m.t, dir: m.t.TempDir()}
	s.write("config.yaml", "site: {url: https://blog.example.com}\ncontent: {dir: posts}\nserver: {listen: 127.0.0.1:0, url: https://news.example.com}\n"+config)
	s.command = exec.Command("publisher", "work", "--log-format", "json")
	return s
}

// Whoever would make other mail than the leader delivers nothing, says so, and goes on when that has changed.
func TestOtherSettingsOnPostgreSQL(t *testing.T) {
	t.Parallel()
	sink := smtptest.Start(t, smtptest.Options{})
	m := newMachines(t, emptyLedger(t), sink, "")
	leader := m.add("email\nada@example.com\n")
	leader.start()
	leader.await("feeds", nil) // the first look is over
	other := strings.Replace(m.config, "from: news@example.com", "from: other@example.com, reply_to: x@example.com", 1)
	worker := m.worker(other)
	worker.launch()
	const differ = "mail.from, mail.reply_to differ from the leader's, so that nothing is delivered from here"
	worker.await(differ, nil)
	var said string
	waitUntil(t, "status of that", func() (held bool) {
		var code int
		code, said = runOn(leader, "status")
		return code == exitHeld && strings.Contains(said, differ)
	})
	if !strings.Contains(said, fmt.Sprintf("decide  publisher work (process %d on ", worker.cmd.Process.Pid)) {
		t.Errorf("status says\n%s", said)
	}
	addPost("One", leader)
	waitUntil(t, "mail", func() bool { return sink.Total() == 1 })
	for _, message := range sink.Messages() {
		if !strings.Contains(message, "From: news@example.com") {
			t.Errorf("a mail is not the leader's:\n%s", message)
		}
	}
	config, err := os.ReadFile(filepath.Join(leader.dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	leader.write("config.yaml", strings.Replace(string(config), m.config, other, 1))
	worker.await("the settings are those of the leader again; delivering", nil)
	worker.stop()
	waitUntil(t, "status without it", func() bool {
		code, said := runOn(leader, "status")
		return code == exitDone && deliversAs("serve").MatchString(said) && !deliversAs("work").MatchString(said)
	})
	leader.stop()
}
