// Package smtptest is an SMTP server for tests and measurements: it accepts mail as fast as
// it arrives, misbehaves on request, and remembers what it accepted.
package smtptest

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Event is one thing that a client does.
type Event struct {
	Conn int // number of the connection, from 1
	// Verb is a command, or CONNECT; BODY when a message begins; DOT when it is complete,
	// before it is accepted; ACCEPTED after that, when no reply has been sent yet.
	Verb string
	// Arg is what follows the verb. For RCPT, BODY, DOT and ACCEPTED it is the bare
	// address of the recipient.
	Arg string
	// Tries is how many times the recipient was tried before.
	Tries int
}

// What a script may return beside a reply and "" for the usual one.
const (
	Close  = "!close"  // close the connection
	Hang   = "!hang"   // send nothing until the server is closed
	Silent = "!silent" // send nothing until the client closes the connection
	// ThenClose at the end of a reply closes the connection after it.
	ThenClose = "!thenclose"
)

// Options say how the server behaves.
type Options struct {
	// Script returns what to answer to an event. A nil one answers everything as usual.
	Script func(Event) string
	// Keywords are what EHLO offers; nil for PIPELINING.
	Keywords []string
	// MaxOctets is the length of the longest message that is accepted, offered as SIZE; 0
	// for any length.
	MaxOctets int64
	// Delay is how long each group of replies takes.
	Delay time.Duration
	// PerConnection is after how many messages a connection ends with 421; 0 for never.
	PerConnection int
	// MaxConnections is how many connections may be open: while there are more, every
	// message is refused with 432. 0 is for any number.
	MaxConnections int
	// Record keeps every event and message, and makes the server answer each command by
	// itself. Without it, the replies to pipelined commands go out together.
	Record bool
	// Dir is the directory to write every accepted message to, as an .eml file.
	Dir string
	// Took, unless nil, is called with every message that is accepted, before the reply is sent.
	Took func(to string, message []byte)
}

// Server is a running server.
type Server struct {
	Options
	listener net.Listener
	closed   chan struct{}
	open     sync.WaitGroup

	mu       sync.Mutex
	conns    map[net.Conn]bool
	ended    []chan struct{} // by connection
	accepted map[string]int  // by recipient
	tries    map[string]int
	total    int
	octets   int64
	most     int // connections at once

	// Only with Record.
	events   []Event
	order    []string // recipients of accepted messages
	messages map[string]string
}

// Start starts a server for a test, on a free port of the loopback interface.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Listen starts a server on an address.
func Listen(address string, o Options) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("starting the SMTP server: %w", err)
	}
	if o.Keywords == nil {
		o.Keywords = []string{"PIPELINING"}
	}
	s := &Server{Options: o, listener: listener, closed: make(chan struct{}), conns: map[net.Conn]bool{},
		accepted: map[string]int{}, tries: map[string]int{}, messages: map[string]string{}}
	s.open.Go(s.serve)
	return s, nil
}

// Port returns the port that the server listens on.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Close ends all connections. Only the first call has an effect.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	_ = s.listener.Close() // nothing depends on it
	for conn := range s.conns {
		_ = conn.Close() // likewise
	}
	s.mu.Unlock()
	s.open.Wait()
}

func (s *Server) serve() {
	for n := 1; ; n++ {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		ended := make(chan struct{})
		s.mu.Lock()
		s.conns[conn] = true
		s.ended = append(s.ended, ended)
		s.most = max(s.most, len(s.conns))
		s.mu.Unlock()
		s.open.Go(func() {
			defer close(ended)
			newConnection(s, n, conn).serve()
			_ = conn.Close() // the client may have closed it
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

// Total returns how many messages were accepted.
func (s *Server) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// Octets returns how long the accepted messages are in total.
func (s *Server) Octets() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.octets
}

// Accepted returns how many messages to each recipient were accepted.
func (s *Server) Accepted() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.accepted)
}

// Open returns how many connections there are.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Most returns the highest number of connections at once since the last call.
func (s *Server) Most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.most
	s.most = len(s.conns)
	return most
}

// Ended returns a channel that is closed when the connection has ended.
func (s *Server) Ended(conn int) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended[conn-1]
}

// Events returns what clients did so far. The server must Record.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Verbs waits for the end of a connection and returns the verbs of its events. The server
// must Record.
func (s *Server) Verbs(conn int) string {
	<-s.Ended(conn)
	var verbs []string
	for _, e := range s.Events() {
		if e.Conn == conn {
			verbs = append(verbs, e.Verb)
		}
	}
	return strings.Join(verbs, " ")
}

// Recipients returns the recipients of accepted messages, in order. The server must Record.
func (s *Server) Recipients() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.order)
}

// Messages returns the last message of each recipient, accepted or not. The server must
// Record.
func (s *Server) Messages() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.messages)
}
