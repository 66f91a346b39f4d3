//go:build postgres

package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/postgrestest"
	"publisher/internal/smtptest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const fleetConnections = 8 // of each process

// fleet is several machines with one ledger: each has a folder, a way to PostgreSQL and a way to the
// mail server of its own.
type fleet struct {
	t         *testing.T
	uncertain string // mail.uncertain
	networks  bool
	postgres  *postgrestest.Server
	dsn       string        // that no proxy is in the way of
	db        *pgxpool.Pool // the test's own
	ledger    *ledger.Ledger
	sink      *smtptest.Server
	editions  int // posts written

	mu      sync.Mutex
	members []*member
	known   []*member       // also those that have left
	mails   map[mailKey]int // that the mail server accepted
}

const oldPost = "---\ntitle: Old\ndate: 2019-01-01\n---\nOld.\n"

type mailKey struct {
	edition int64
	to      string
}

// member is a machine of a fleet, with one process that is started again whenever it ends.
type member struct {
	fleet   *fleet
	name    string
	command string // serve or work
	dir     string
	toDB    *proxy
	toSink  *proxy
	link    *link // instead of the proxies, in a network of its own; nil on this machine's

	mu     sync.Mutex
	cmd    *exec.Cmd
	leaves bool // it is not to be started again
	once   bool // nor when its process ends by itself
	code   int  // with which the last process ended
	busy   bool // something happens to it
	ended  chan struct{}
}

// newFleet returns a fleet with subscribers, and no machine yet.
func newFleet(t *testing.T, uncertain string, subscribers int) *fleet {
	t.Helper()
	return newFleetOn(t, uncertain, subscribers, false)
}

// newFleetOn is newFleet, with machines in networks of their own where that is possible.
func newFleetOn(t *testing.T, uncertain string, subscribers int, networks bool) *fleet {
	t.Helper()
	f := &fleet{t: t, uncertain: uncertain, networks: networks, mails: map[mailKey]int{}}
	f.postgres = postgrestest.Start(t, "listen_addresses = '*'")
	if networks {
		f.postgres.Encrypt(t, "localhost")
	}
	f.dsn = strings.Replace(f.postgres.Database(t), "sslmode=disable", "sslmode=prefer", 1)
	var err error
	f.sink, err = smtptest.Listen("0.0.0.0:0", smtptest.Options{Delay: 20 * time.Millisecond, Took: f.took})
	f.check(err)
	t.Cleanup(f.sink.Close)
	f.ledger, err = openLedger(f.dsn, t.TempDir())
	f.check(err)
	t.Cleanup(func() { f.ledger.Close() })
	f.connect(f.dsn)
	t.Cleanup(func() {
		if t.Failed() {
			f.tell()
		}
	})
	m := f.newMember("import", "")
	var list strings.Builder
	list.WriteString("email\n")
	for i := range subscribers {
		fmt.Fprintf(&list, "reader%d@example.net\n", i)
	}
	writeFile(t, filepath.Join(m.dir, "list.csv"), list.String())
	cmd := exec.Command("publisher", "subscribers", "import", "list.csv")
	cmd.Dir = m.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return f
}

// connect has the test's own queries go to a database.
func (f *fleet) connect(dsn string) {
	f.t.Helper()
	db, err := pgxpool.New(f.t.Context(), dsn)
	f.check(err)
	f.t.Cleanup(db.Close)
	f.db = db
}

func (f *fleet) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

var messageID = regexp.MustCompile(`(?m)^Message-ID: <(\d+)\.`)

// took counts a mail that the mail server has accepted.
func (f *fleet) took(to string, message []byte) {
	found := messageID.FindSubmatch(message)
	if found == nil {
		f.t.Errorf("a mail to %s is of no edition", to)
		return
	}
	edition, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		f.t.Error(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mails[mailKey{edition, to}]++
}

// newMember returns another machine, whose process does not run yet.
func (f *fleet) newMember(name, command string) *member {
	f.t.Helper()
	m := &member{fleet: f, name: name, command: command, dir: filepath.Join(f.t.TempDir(), name), toDB: startProxy(f.t, f.postgres.Port), toSink: startProxy(f.t, f.sink.Port())}
	u, err := url.Parse(f.dsn)
	f.check(err)
	u.Host = fmt.Sprintf("127.0.0.1:%d", m.toDB.port())
	mailHost, mailPort := "127.0.0.1", m.toSink.port()
	if f.networks && command != "" {
		if m.link, err = newLink(f.t, len(f.known)); err == nil {
			mailHost, mailPort = m.link.address, f.sink.Port()
			u.Host, u.RawQuery = fmt.Sprintf("%s:%d", mailHost, f.postgres.Port), "sslmode=require"
		} else {
			m.link = nil
			f.t.Logf("cut off by proxies: %v", err)
		}
	}
	writeFile(f.t, filepath.Join(m.dir, "config.yaml"), fmt.Sprintf(`site: {title: Blog, url: https://blog.example.com}
content: {dir: posts}
server: {listen: 127.0.0.1:0, url: https://news.example.com}
digest: {cadences: {immediate: ""}, default: immediate, start: 2020-01-01, settle: 0s}
ledger: %q
mail:
  from: Blog <news@example.com>
  uncertain: %s
  smtp: {host: %s, port: %d, tls: none, connections: %d, timeout: 30s}
`, u, f.uncertain, mailHost, mailPort, fleetConnections))
	writeFile(f.t, filepath.Join(m.dir, "posts", "old.md"), oldPost)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known = append(f.known, m)
	return m
}

// join has another machine work.
func (f *fleet) join(name, command string) *member {
	f.t.Helper()
	m := f.newMember(name, command)
	f.mu.Lock()
	f.members = append(f.members, m)
	f.mu.Unlock()
	m.run()
	return m
}

// run starts the process again and again until the machine leaves.
func (m *member) run() {
	m.ended = make(chan struct{})
	started := make(chan struct{})
	begun := sync.OnceFunc(func() { close(started) })
	go func() {
		defer close(m.ended)
		for m.runOnce(begun) {
			time.Sleep(300 * time.Millisecond)
		}
	}()
	<-started
	m.fleet.t.Cleanup(func() { m.leave(syscall.SIGKILL) })
}

// runOnce runs the process once, and reports whether it is to be started again.
func (m *member) runOnce(begun func()) bool {
	t := m.fleet.t
	log, err := os.OpenFile(m.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Error(err)
		return false
	}
	defer log.Close()
	m.mu.Lock()
	if m.leaves {
		m.mu.Unlock()
		return false
	}
	args := []string{"publisher", m.command, "--log-level", "warn"}
	if m.cmd = exec.Command(args[0], args[1:]...); m.link != nil {
		m.cmd = m.link.command(args...)
	}
	m.cmd.Dir, m.cmd.Stdout, m.cmd.Stderr = m.dir, log, log
	err = m.cmd.Start()
	fmt.Fprintf(log, "%s started: process %d\n", time.Now().UTC().Format("15:04:05.000"), m.cmd.Process.Pid)
	m.mu.Unlock()
	begun()
	if err == nil {
		err = m.cmd.Wait()
	}
	fmt.Fprintf(log, "%s ended: %v\n", time.Now().UTC().Format("15:04:05.000"), err)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.code = m.cmd.ProcessState.ExitCode(); {
	case m.once, slices.Contains([]int{exitDone, exitFailed, exitLocked, -1}, m.code):
	default:
		t.Errorf("%s ended with exit code %d", m.name, m.code)
	}
	return !m.leaves && !m.once
}

func (m *member) log() string { return filepath.Join(m.dir, "log") }

// signal sends a signal to the process, if it runs.
func (m *member) signal(s os.Signal) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cmd != nil {
		_ = m.cmd.Process.Signal(s) // it may have ended by itself
	}
}

// leave ends the process for good, and waits for that.
func (m *member) leave(s os.Signal) {
	m.mu.Lock()
	m.leaves = true
	m.mu.Unlock()
	m.signal(s)
	if s == syscall.SIGKILL {
		m.signal(syscall.SIGCONT)
	}
	<-m.ended
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	m.fleet.members = slices.DeleteFunc(m.fleet.members, func(one *member) bool { return one == m })
}

func (m *member) pid() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cmd == nil {
		return 0
	}
	return m.cmd.Process.Pid
}

// leads reports whether the machine has the lease of the passes.
func (m *member) leads() bool {
	var holder string
	err := m.fleet.db.QueryRow(context.Background(), "SELECT holder FROM lease WHERE role = 'pass'").Scan(&holder)
	return err == nil && strings.Contains(holder, fmt.Sprintf("(process %d on", m.pid()))
}

// all returns the machines.
func (f *fleet) all() []*member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.members)
}

// post brings another post, which is due to everybody at once, and returns the number of its edition.
func (f *fleet) post() (edition int64) {
	f.t.Helper()
	f.editions++
	for _, m := range f.all() {
		if m.command != "serve" {
			continue
		}
		// At once, so that no half of it is read.
		writeFile(f.t, filepath.Join(m.dir, "new.md"), fmt.Sprintf("---\ntitle: Post %d\ndate: 2024-01-01\nid: post%d\n---\nWords.\n", f.editions, f.editions))
		f.check(os.Rename(filepath.Join(m.dir, "new.md"), filepath.Join(m.dir, "posts", fmt.Sprintf("post%d.md", f.editions))))
	}
	f.await("the edition", time.Minute, func() bool {
		closed := 0
		err := f.db.QueryRow(f.t.Context(), "SELECT COALESCE(MAX(number), 0), COUNT(*) FROM edition").Scan(&edition, &closed)
		return err == nil && closed >= f.editions
	})
	return edition
}

// count returns a number from the database; -1 while that is away.
func (f *fleet) count(query string, args ...any) (n int) {
	if err := f.db.QueryRow(f.t.Context(), query, args...).Scan(&n); err != nil {
		return -1
	}
	return n
}

// await waits until something is so.
func (f *fleet) await(what string, within time.Duration, is func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(within); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("waited %v for %s", within, what)
		}
	}
}

// awaitEnd waits until an edition is over: nothing of it is open.
func (f *fleet) awaitEnd(edition int64, within time.Duration) {
	f.t.Helper()
	looked := time.Now()
	f.await(fmt.Sprintf("the end of edition %d", edition), within, func() bool {
		if time.Since(looked) > 2*time.Second {
			looked = time.Now()
			f.hurry()
		}
		return f.count("SELECT COUNT(*) FROM edition WHERE number = $1 AND done_at IS NOT NULL", edition) == 1 &&
			f.count("SELECT COUNT(*) FROM delivery WHERE edition = $1 AND progress IN ('sending', 'deferred')", edition) == 0
	})
}

// hurry has whatever is deferred be due now, and the leader look for it.
func (f *fleet) hurry() {
	f.t.Helper()
	_, err := f.db.Exec(context.Background(), "UPDATE delivery SET next_at = 0 WHERE progress = 'deferred'")
	if err != nil {
		return // the database is away
	}
	for _, m := range f.all() {
		if m.command == "serve" {
			writeFile(f.t, filepath.Join(m.dir, "posts", "old.md"), oldPost)
		}
	}
}

// tell logs what is known after a failure.
func (f *fleet) tell() {
	for _, query := range []string{
		"SELECT progress || ' ' || COUNT(*) FROM delivery GROUP BY progress",
		"SELECT 'edition ' || number || ' done ' || COALESCE(done_at, 0) FROM edition ORDER BY number DESC LIMIT 2",
		"SELECT 'batch ' || id || ' of edition ' || edition || ' ' || kind || ' ' || after_id || '-' || upto_id || ' ' || state || ' fence ' || fence || ' worker ' || COALESCE(worker, 0) FROM batch WHERE state <> 'done' ORDER BY id LIMIT 20",
		"SELECT 'job ' || id || ' ' || args || ' ' || state || ' ' || COALESCE(attempted_by::TEXT, '') || ' at ' || COALESCE(attempted_at::TEXT, '') FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded') ORDER BY id LIMIT 20",
		"SELECT 'worker ' || id || ' process ' || process || ' beats ' || beats || ' dead ' || dead FROM worker ORDER BY id DESC LIMIT 8",
		"SELECT 'lease ' || holder || ' ' || expires_at FROM lease",
	} {
		rows, err := f.db.Query(context.Background(), query)
		if err != nil {
			f.t.Log(err)
			continue
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		f.t.Log(strings.Join(lines, "\n"), err)
	}
	for _, m := range f.known {
		text, _ := os.ReadFile(m.log())
		f.t.Logf("%s:\n%s", m.name, text[max(0, len(text)-6000):])
	}
}
