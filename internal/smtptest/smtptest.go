// Package smtptest is an SMTP server for tests and measurements: it takes mail as fast
// as it comes, misbehaves as told, and remembers what it took.
package smtptest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// Stage is when a Fault is asked for.
type Stage int

const (
	Rcpt  Stage = iota
	Body        // the message is complete, and not taken yet
	Taken       // it is taken, and the reply not sent yet
)

// Fault is what the server does instead of going on: "" nothing, a reply such as
// "451 later", Drop or Hang. After Taken only these two have a meaning.
type Fault string

const (
	Drop Fault = "drop" // close the connection
	Hang Fault = "hang" // never answer
)

// Options say how the server behaves.
type Options struct {
	// Delay is how long each group of replies takes.
	Delay time.Duration
	// Fault is asked at each stage for the recipient, and how often the recipient was
	// tried before; nil for a server that never fails.
	Fault func(stage Stage, to string, tries int) Fault
	// PerConnection is after how many messages a connection ends with 421; 0: never.
	PerConnection int
	// Bears is how many connections may be open: while there are more, every message is
	// refused with 432; 0: any number.
	Bears int
	// Plain leaves PIPELINING out.
	Plain bool
}

// Server is one that runs.
type Server struct {
	Options
	listener net.Listener
	closed   chan struct{}
	open     sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
	taken map[string]int // by recipient
	tries map[string]int
	total int
	// octets are those of the messages taken.
	octets int64
	most   int // connections at once
}

// Start listens on a free port of the loopback interface.
func Start(o Options) (*Server, error) {
	return Listen("127.0.0.1:0", o)
}

// Listen listens on an address.
func Listen(address string, o Options) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("starting the sink: %w", err)
	}
	s := &Server{Options: o, listener: listener, closed: make(chan struct{}),
		conns: map[net.Conn]bool{}, taken: map[string]int{}, tries: map[string]int{}}
	s.open.Go(s.serve)
	return s, nil
}

// Port is where it listens.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Close ends all connections.
func (s *Server) Close() {
	close(s.closed)
	_ = s.listener.Close() // nothing hangs on it
	s.mu.Lock()
	for conn := range s.conns {
		_ = conn.Close() // likewise
	}
	s.mu.Unlock()
	s.open.Wait()
}

// Total is how many messages it took.
func (s *Server) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// Octets are those of the messages that it took.
func (s *Server) Octets() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.octets
}

// Open is how many connections there are.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Most is how many connections there were at once since it was last asked.
func (s *Server) Most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.most
	s.most = len(s.conns)
	return most
}

// Taken is how often it took a message to each recipient.
func (s *Server) Taken() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := make(map[string]int, len(s.taken))
	for to, n := range s.taken {
		taken[to] = n
	}
	return taken
}

func (s *Server) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[conn] = true
		s.most = max(s.most, len(s.conns))
		s.mu.Unlock()
		s.open.Go(func() {
			c := &client{server: s, conn: conn, r: bufio.NewReaderSize(conn, 1<<17), w: bufio.NewWriter(conn)}
			c.talk()
			_ = conn.Close() // whatever comes of it, the talk is over
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

func (s *Server) fault(stage Stage, to string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	tries := s.tries[to]
	if stage == Rcpt {
		s.tries[to]++
	} else {
		tries--
	}
	if s.Bears > 0 && len(s.conns) > s.Bears && stage == Body {
		return "432 4.3.2 concurrent connections limit exceeded"
	}
	if s.Fault == nil {
		return ""
	}
	return s.Fault(stage, to, tries)
}

// client is one connection.
type client struct {
	server *Server
	conn   net.Conn
	r      *bufio.Reader
	w      *bufio.Writer
	to     string
	count  int
}

// say answers; what is pipelined is answered together.
func (c *client) say(reply string) bool {
	_, err := c.w.WriteString(reply + "\r\n")
	if err != nil || c.r.Buffered() > 0 {
		return err == nil
	}
	if c.server.Delay > 0 {
		time.Sleep(c.server.Delay)
	}
	return c.w.Flush() == nil
}

func (c *client) talk() {
	if !c.say("220 sink ESMTP") {
		return
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil || !c.command(strings.TrimRight(line, "\r\n")) {
			_ = c.w.Flush() // the client may be gone
			return
		}
	}
}

func (c *client) command(line string) bool {
	verb := strings.ToUpper(line[:min(4, len(line))])
	switch verb {
	case "EHLO":
		if c.server.Plain {
			return c.say("250 sink")
		}
		return c.say("250-sink\r\n250 PIPELINING")
	case "MAIL":
		c.to = ""
		return c.say("250 2.1.0 ok")
	case "RCPT":
		return c.rcpt(line)
	case "DATA":
		if c.to == "" {
			return c.say("554 5.5.1 no valid recipients")
		}
		return c.say("354 go ahead") && c.body()
	case "RSET":
		c.to = ""
		return c.say("250 2.0.0 ok")
	case "QUIT":
		c.say("221 2.0.0 bye")
		return false
	}
	return c.say("250 2.0.0 ok")
}

func (c *client) rcpt(line string) bool {
	_, rest, _ := strings.Cut(line, "<")
	to, _, _ := strings.Cut(rest, ">")
	if c.server.PerConnection > 0 && c.count >= c.server.PerConnection {
		c.say("421 4.7.0 enough for one connection")
		return false
	}
	if f := c.server.fault(Rcpt, to); f != "" {
		return c.fail(f)
	}
	c.to = to
	return c.say("250 2.1.5 ok")
}

func (c *client) fail(f Fault) bool {
	switch f {
	case Drop:
		return false
	case Hang:
		<-c.server.closed
		return false
	}
	return c.say(string(f))
}

func (c *client) body() bool {
	var octets int64
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return false
		}
		if bytes.Equal(line, []byte(".\r\n")) {
			break
		}
		octets += int64(len(line))
	}
	to := c.to
	c.to = ""
	c.count++
	if f := c.server.fault(Body, to); f != "" {
		return c.fail(f)
	}
	c.server.mu.Lock()
	c.server.taken[to]++
	c.server.total++
	c.server.octets += octets
	c.server.mu.Unlock()
	if f := c.server.fault(Taken, to); f != "" {
		return c.fail(f)
	}
	return c.say("250 2.0.0 queued")
}
