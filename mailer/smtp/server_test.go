package smtp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/mailer/refusal"
)

// event is one thing that a client does to a scriptedServer.
type event struct {
	conn int    // from 1
	verb string // CONNECT, EHLO, MAIL, RCPT, DATA, BODY, DOT, RSET, QUIT
	arg  string // for RCPT, BODY and DOT the bare address
}

// What a script may answer beside a reply: nothing is sent, and the connection is
// closed or left hanging. A reply that ends in closeAfter is sent first.
const (
	closeNow   = "!close"
	hang       = "!hang"
	silent     = "!silent" // until the client closes the connection
	closeAfter = "!bye"
)

// scriptedServer is an SMTP server that behaves until its script says otherwise.
type scriptedServer struct {
	t        *testing.T
	listener net.Listener
	offers   []string
	// script returns the answer to an event, "" for the usual one.
	script func(event) string

	mu       sync.Mutex
	events   []event
	accepted []string // recipients of accepted messages
	bodies   map[string]string
	ended    map[int]chan struct{} // by connection
	open     sync.WaitGroup
	closed   chan struct{}
	conns    []net.Conn
}

func startScripted(t *testing.T, script func(event) string, offers ...string) *scriptedServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scriptedServer{t: t, listener: listener, offers: offers, script: script, bodies: map[string]string{}, ended: map[int]chan struct{}{}, closed: make(chan struct{})}
	s.open.Add(1)
	go s.serve()
	t.Cleanup(func() {
		close(s.closed)
		listener.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.open.Wait()
	})
	return s
}

func (s *scriptedServer) serve() {
	defer s.open.Done()
	for n := 1; ; n++ {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		ended := make(chan struct{})
		s.ended[n] = ended
		s.mu.Unlock()
		s.open.Add(1)
		go func() {
			defer s.open.Done()
			defer close(ended)
			defer conn.Close()
			(&scriptedConn{server: s, n: n, conn: conn, r: bufio.NewReader(conn)}).run()
		}()
	}
}

// config reaches the server, over one connection unless a test wants more.
func (s *scriptedServer) config() config.SMTP {
	addr := s.listener.Addr().(*net.TCPAddr)
	return config.SMTP{Host: "127.0.0.1", Port: addr.Port, TLS: "none", Auth: "auto", Connections: 1, Timeout: 5 * time.Second}
}

// verbs are the events of one connection, in order, once the client has closed it.
func (s *scriptedServer) verbs(conn int) string {
	s.mu.Lock()
	ended := s.ended[conn]
	s.mu.Unlock()
	<-ended
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, e := range s.events {
		if e.conn == conn {
			out = append(out, e.verb)
		}
	}
	return strings.Join(out, " ")
}

func (s *scriptedServer) acceptedMail() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.accepted)
}

type scriptedConn struct {
	server *scriptedServer
	n      int
	conn   net.Conn
	r      *bufio.Reader
	mail   bool
	rcpt   string
}

// answer sends the script's reply to an event or else the usual one. It returns
// what was said, "" where the connection is over.
func (c *scriptedConn) answer(verb, arg, usual string) string {
	s := c.server
	e := event{c.n, verb, arg}
	s.mu.Lock()
	s.events = append(s.events, e)
	s.mu.Unlock()
	reply := usual
	if s.script != nil {
		if said := s.script(e); said != "" {
			reply = said
		}
	}
	switch reply {
	case closeNow:
		return ""
	case hang:
		<-s.closed
		return ""
	case silent:
		_, _ = io.Copy(io.Discard, c.r) // however it ends, it has ended
		return ""
	}
	reply, bye := strings.CutSuffix(reply, closeAfter)
	if verb == "DOT" && strings.HasPrefix(reply, "2") {
		s.mu.Lock()
		s.accepted = append(s.accepted, arg)
		s.mu.Unlock()
	}
	if _, err := io.WriteString(c.conn, reply+"\r\n"); err != nil || bye {
		return ""
	}
	return reply
}

func (c *scriptedConn) run() {
	if c.answer("CONNECT", "", "220 test ESMTP") == "" {
		return
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		if !c.command(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (c *scriptedConn) command(line string) bool {
	verb, arg, _ := strings.Cut(line, " ")
	switch verb {
	case "EHLO":
		lines := append([]string{"test"}, c.server.offers...)
		var usual []string
		for i, l := range lines {
			sep := "-"
			if i == len(lines)-1 {
				sep = " "
			}
			usual = append(usual, "250"+sep+l)
		}
		return c.answer(verb, arg, strings.Join(usual, "\r\n")) != ""
	case "MAIL":
		usual := "250 2.1.0 ok"
		if c.mail {
			usual = "503 5.5.1 nested MAIL command"
		}
		said := c.answer(verb, arg, usual)
		c.mail = c.mail || strings.HasPrefix(said, "2")
		return said != ""
	case "RCPT":
		to := strings.Trim(strings.TrimPrefix(arg, "TO:"), "<>")
		usual := "250 2.1.5 ok"
		if !c.mail {
			usual = "503 5.5.1 need MAIL first"
		}
		said := c.answer(verb, to, usual)
		if strings.HasPrefix(said, "2") {
			c.rcpt = to
		}
		return said != ""
	case "DATA":
		usual := "354 go ahead"
		if c.rcpt == "" {
			usual = "554 5.5.1 no valid recipients"
		}
		said := c.answer(verb, arg, usual)
		return said != "" && (!strings.HasPrefix(said, "354") || c.body())
	case "RSET":
		c.mail, c.rcpt = false, ""
		return c.answer(verb, arg, "250 2.0.0 ok") != ""
	case "QUIT":
		c.answer(verb, arg, "221 2.0.0 bye")
		return false
	}
	return c.answer("UNKNOWN", line, "500 5.5.2 what?") != ""
}

func (c *scriptedConn) body() bool {
	to := c.rcpt
	if c.answerBody(to) == "" {
		return false
	}
	var body strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		body.WriteString(strings.TrimPrefix(line, "."))
	}
	c.mail, c.rcpt = false, ""
	usual := "250 2.0.0 queued"
	if to == "" {
		usual = "554 5.5.1 no valid recipients"
	}
	c.server.mu.Lock()
	c.server.bodies[to] = body.String()
	c.server.mu.Unlock()
	return c.answer("DOT", to, usual) != ""
}

// answerBody lets a script end the connection in the middle of a message.
func (c *scriptedConn) answerBody(to string) string {
	s := c.server
	s.mu.Lock()
	s.events = append(s.events, event{c.n, "BODY", to})
	s.mu.Unlock()
	said := ""
	if s.script != nil {
		said = s.script(event{c.n, "BODY", to})
	}
	if said == "" {
		return "go on"
	}
	if _, err := c.r.Peek(1); err != nil { // the client has begun
		return ""
	}
	return ""
}

// memoryQueue keeps its records in memory, and fails the test where the sender
// breaks the queue's rules.
type memoryQueue struct {
	t *testing.T
	// allow is asked about each next; nil allows all.
	allow func(*Job) bool
	// onCommit is called with each commit.
	onCommit func(done *Outcome, next *Job)

	mu       sync.Mutex
	jobs     []*Job
	out      map[*Job]bool
	intents  map[string]bool
	outcomes map[string]*Outcome
	commits  int
	again    int // outcomes that put their job back
}

const testBody = "From: a@example.com\r\nSubject: x\r\n\r\n.hidden dot\r\nbody of %s\r\n"

func newQueue(t *testing.T, addresses ...string) *memoryQueue {
	q := &memoryQueue{t: t, out: map[*Job]bool{}, intents: map[string]bool{}, outcomes: map[string]*Outcome{}}
	for _, a := range addresses {
		q.jobs = append(q.jobs, &Job{ReturnPath: "bounces@example.com", To: a, Append: func(dst []byte) []byte {
			return fmt.Appendf(dst, testBody, a)
		}})
	}
	return q
}

func (q *memoryQueue) Next(context.Context) (*Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.jobs) == 0 {
		return nil, io.EOF
	}
	job := q.jobs[0]
	q.jobs = q.jobs[1:]
	q.out[job] = true
	return job, nil
}

func (q *memoryQueue) Commit(_ context.Context, done *Outcome, next *Job) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.commits++
	if q.onCommit != nil {
		q.onCommit(done, next)
	}
	if done != nil {
		if q.outcomes[done.Job.To] != nil {
			q.t.Errorf("%s ended twice", done.Job.To)
		}
		if !q.out[done.Job] {
			q.t.Errorf("%s ended, but was never handed out", done.Job.To)
		}
		if !q.intents[done.Job.To] && (done.Verdict == Sent || done.Verdict == Uncertain) {
			q.t.Errorf("%s is %v without an intent", done.Job.To, done.Verdict)
		}
		if done.Again {
			q.again++
			q.intents[done.Job.To] = false
			q.jobs = append(q.jobs, done.Job)
		} else {
			q.outcomes[done.Job.To] = done
		}
	}
	if next != nil {
		if q.intents[next.To] {
			q.t.Errorf("%s was intended twice", next.To)
		}
		if q.allow != nil && !q.allow(next) {
			return false, nil
		}
		q.intents[next.To] = true
	}
	return true, nil
}

// intended tells whether the body for the address may go out.
func (q *memoryQueue) intended(address string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.intents[address]
}

// summary is each recipient's outcome in short, in the order of addresses.
func (q *memoryQueue) summary() map[string]string {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := map[string]string{}
	for to, o := range q.outcomes {
		name, _, _ := strings.Cut(to, "@")
		text := o.Verdict.String()
		if o.Code != 0 && o.Verdict != Sent {
			text += fmt.Sprintf(" %d", o.Code)
		}
		if o.About == refusal.AboutMailbox {
			text += " address"
		}
		out[name] = text
	}
	return out
}

func newTestSender(t *testing.T, cfg config.SMTP) *Sender {
	t.Helper()
	s, err := NewSender(cfg, "client.example.com")
	if err != nil {
		t.Fatal(err)
	}
	s.pause = time.Millisecond
	return s
}
