package service_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/smtptest"
)

// patience limits the wait for something that processes do.
const patience = 90 * time.Second

// simulation is a blog on one or several machines with one ledger, whose clocks it moves to the next time
// at which anything happens.
type simulation struct {
	t        *testing.T
	ledger   string
	settings string // config.yaml
	zone     *time.Location
	now      time.Time
	machines []*machine
	led      *machine    // leads, or did last
	events   []happening // still to come, in order
	sink     *smtptest.Server
	news     chan struct{} // receives when a machine logged or the sink took something
	rng      *rand.Rand
	// afterMove is called when the clocks were moved; nil for nothing.
	afterMove func()

	mu   sync.Mutex
	took []taken
}

// happening is something that is done at a time.
type happening struct {
	at time.Time
	do func()
}

// machine is a folder with the blog, and a daemon that serves it.
type machine struct {
	folder string
	cmd    *exec.Cmd
	clock  io.WriteCloser
	ended  chan struct{} // closed when the process has ended, and its log was read

	// Guarded by the simulation.
	address       string // of the web server; "" until it serves
	mailed, waits time.Time
	until         time.Time
	failed        bool
	log           []string // the last lines
}

func newSimulation(t *testing.T, ledger, settings string, zone *time.Location, start time.Time) *simulation {
	seed := fromEnvironment(t, "PUBLISHER_SEED", 1) // others give other times
	s := &simulation{t: t, ledger: ledger, zone: zone, now: start, news: make(chan struct{}, 1), rng: rand.New(rand.NewPCG(seed, 18))}
	s.sink = smtptest.Start(t, smtptest.Options{Took: s.take})
	s.settings = fmt.Sprintf(`site: {url: https://blog.example.com, timezone: %s}
content: {dir: posts}
server: {listen: 127.0.0.1:0, url: https://news.example.com}
ledger: %q
mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none, connections: 4}}
%s`, zone, ledger, s.sink.Port(), settings)
	return s
}

// fromEnvironment returns the number that a variable says, or else another one.
func fromEnvironment(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text, ok := os.LookupEnv(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func (s *simulation) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *simulation) tell() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// await waits until something is true.
func (s *simulation) await(what string, is func() bool) {
	s.t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		done := is()
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-s.news:
		case <-late:
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, m := range s.machines {
				s.t.Logf("%s: mailed %s, waits %s:\n%s", m.folder, m.mailed, m.waits, strings.Join(m.log, "\n"))
			}
			s.t.Fatalf("%s: not %s", s.now, what)
		}
	}
}

// addMachine adds a machine with the posts so far, and starts it.
func (s *simulation) addMachine() {
	s.t.Helper()
	m := &machine{folder: s.t.TempDir()}
	s.writeOn(m, "config.yaml", s.settings)
	s.writeOn(m, "posts/old.md", "---\ntitle: Old\ndate: 2020-01-01\n---\nOld.\n")
	s.machines = append(s.machines, m)
	s.start(m)
}

func (s *simulation) writeOn(m *machine, name, text string) {
	s.t.Helper()
	path := filepath.Join(m.folder, name)
	s.check(os.MkdirAll(filepath.Dir(path), 0o755))
	s.check(os.WriteFile(path, []byte(text), 0o644))
	s.check(os.Chtimes(path, s.now, s.now))
}

// write writes a post on every machine.
func (s *simulation) write(title string, published time.Time, text string) {
	s.t.Helper()
	for _, m := range s.machines {
		s.writeOn(m, "posts/"+strings.ToLower(title)+".md", fmt.Sprintf("---\ntitle: %s\ndate: %s\n---\n%s\n", title, published.UTC().Format(time.RFC3339), text))
	}
}

// start starts a machine's daemon, and waits until it serves.
func (s *simulation) start(m *machine) {
	s.t.Helper()
	m.cmd = exec.Command(os.Args[0])
	m.cmd.Env = append(os.Environ(), daemonFolder+"="+m.folder, daemonTime+"="+s.now.Format(time.RFC3339Nano))
	m.cmd.Stderr = os.Stderr
	out, err := m.cmd.StdoutPipe()
	s.check(err)
	m.clock, err = m.cmd.StdinPipe()
	s.check(err)
	s.mu.Lock()
	m.address, m.mailed, m.waits, m.log, m.ended = "", time.Time{}, time.Time{}, nil, make(chan struct{})
	s.mu.Unlock()
	s.check(m.cmd.Start())
	ended := m.ended
	go func() {
		defer close(ended)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			s.hear(m, scanner.Bytes())
		}
	}()
	s.t.Cleanup(func() { s.kill(m) })
	s.await("serving", func() bool { return m.address != "" || m.failed })
	if m.failed {
		s.t.Fatalf("%s", strings.Join(m.log, "\n"))
	}
}

// hear takes in a line of a machine's log.
func (s *simulation) hear(m *machine, line []byte) {
	var l struct {
		Msg, Address  string
		Looked, Until time.Time
	}
	if err := json.Unmarshal(line, &l); err != nil {
		l.Msg = ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.log = append(m.log, string(line)); len(m.log) > 40 {
		m.log = m.log[1:]
	}
	switch l.Msg {
	case "serving":
		m.address = l.Address
	case logMailed:
		m.mailed = l.Looked
	case logEnded:
		m.failed = true
	case logWaits:
		m.waits, m.until = l.Looked, l.Until
	}
	s.tell()
}

// kill is kill -9.
func (s *simulation) kill(m *machine) {
	m.cmd.Process.Kill()
	<-m.ended
	m.cmd.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	m.mailed, m.waits = time.Time{}, time.Time{}
}

// leader waits until whoever leads has done all that is due, and returns it.
func (s *simulation) leader() (leader *machine) {
	s.t.Helper()
	s.await("all mail of this time is out", func() bool {
		for _, m := range s.machines {
			if m.mailed.Equal(s.now) && m.waits.Equal(s.now) {
				leader = m
			}
		}
		return leader != nil
	})
	return leader
}

// run moves the clocks until the end.
func (s *simulation) run(end time.Time) {
	s.t.Helper()
	for s.now.Before(end) {
		s.led = s.leader()
		s.mu.Lock()
		next := s.led.until
		s.mu.Unlock()
		for _, at := range []time.Time{s.next(), end} {
			if at.Before(next) {
				next = at
			}
		}
		if !next.After(s.now) {
			s.t.Fatalf("%s: the next time is %s", s.now, next)
		}
		s.now = next.UTC().Truncate(time.Microsecond)
		for len(s.events) > 0 && !s.events[0].at.After(s.now) {
			do := s.events[0].do
			s.events = s.events[1:]
			do()
		}
		for _, m := range s.machines {
			fmt.Fprintln(m.clock, s.now.Format(time.RFC3339Nano)) // one that is gone does not need it
		}
		if s.afterMove != nil {
			s.afterMove()
		}
	}
	s.leader()
}

// next returns when the next event is.
func (s *simulation) next() time.Time {
	if len(s.events) == 0 {
		return s.now.AddDate(1, 0, 0)
	}
	return s.events[0].at
}

// plan adds events.
func (s *simulation) plan(all ...happening) {
	s.events = append(s.events, all...)
	slices.SortStableFunc(s.events, func(a, b happening) int { return a.at.Compare(b.at) })
}

// post sends a form to any machine.
func (s *simulation) post(path, contentType, body string) {
	s.t.Helper()
	m := s.machines[s.rng.IntN(len(s.machines))]
	s.mu.Lock()
	address := m.address
	s.mu.Unlock()
	r, err := http.NewRequestWithContext(s.t.Context(), "POST", address+path, strings.NewReader(body))
	s.check(err)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.%d.%d", s.rng.IntN(256), s.rng.IntN(256)))
	answer, err := http.DefaultClient.Do(r)
	s.check(err)
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		page, _ := io.ReadAll(answer.Body)
		s.t.Errorf("%s: %s: %s\n%s", s.now, path, answer.Status, page)
	}
}

// subscribe signs somebody up, waits for the mail, and confirms.
func (s *simulation) subscribe(address, cadence string) {
	s.t.Helper()
	s.post("/subscribe", "application/json", fmt.Sprintf(`{"email":%q,"cadence":%q}`, address, cadence))
	var path string
	s.await("a mail that asks "+address+" to confirm", func() bool {
		path = s.last(address, func(m taken) string { return m.confirm })
		return path != ""
	})
	s.post(path, "application/x-www-form-urlencoded", "")
}

// leave unsubscribes somebody by one click, once there is a mail to do so by: the welcome, or a digest.
func (s *simulation) leave(address string) {
	s.t.Helper()
	var path string
	s.await("a mail by which "+address+" can leave", func() bool {
		path = s.last(address, func(m taken) string { return m.leave })
		return path != ""
	})
	s.post(path, "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click")
}
