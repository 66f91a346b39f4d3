package smtptest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// connection is one connection of a client. Its methods return whether it goes on.
type connection struct {
	server *Server
	n      int
	r      *bufio.Reader
	w      *bufio.Writer
	mail   bool   // MAIL was accepted
	to     string // the recipient that was accepted
	count  int    // of messages
}

func newConnection(s *Server, n int, conn net.Conn) *connection {
	return &connection{server: s, n: n, r: bufio.NewReaderSize(conn, 1<<17), w: bufio.NewWriter(conn)}
}

func (c *connection) serve() {
	defer c.w.Flush()
	if _, ok := c.answer("CONNECT", "", "220 smtptest ESMTP"); !ok {
		return
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil || !c.command(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (c *connection) command(line string) (ok bool) {
	verb, arg, _ := strings.Cut(line, " ")
	var reply string
	switch verb = strings.ToUpper(verb); verb {
	case "EHLO":
		_, ok = c.answer(verb, arg, ehlo(c.server))
	case "HELO":
		_, ok = c.answer(verb, arg, "250 smtptest")
	case "MAIL":
		usual := "250 2.1.0 ok"
		if c.mail {
			usual = "503 5.5.1 nested MAIL command"
		}
		reply, ok = c.answer(verb, arg, usual)
		c.mail = c.mail || strings.HasPrefix(reply, "2")
	case "RCPT":
		ok = c.rcpt(arg)
	case "DATA":
		usual := "354 go ahead"
		if c.to == "" {
			usual = "554 5.5.1 no valid recipients"
		}
		reply, ok = c.answer(verb, arg, usual)
		if ok && strings.HasPrefix(reply, "354") {
			ok = c.body()
		}
	case "RSET":
		c.mail, c.to = false, ""
		_, ok = c.answer(verb, arg, "250 2.0.0 ok")
	case "QUIT":
		c.answer(verb, arg, "221 2.0.0 bye")
	default:
		_, ok = c.answer(verb, arg, "500 5.5.2 unknown command")
	}
	return ok
}

// ehlo returns the reply to EHLO.
func ehlo(s *Server) string {
	lines := append([]string{"smtptest"}, s.Keywords...)
	if s.MaxOctets > 0 {
		lines = append(lines, fmt.Sprintf("SIZE %d", s.MaxOctets))
	}
	last := len(lines) - 1
	var reply strings.Builder
	for _, line := range lines[:last] {
		reply.WriteString("250-" + line + "\r\n")
	}
	return reply.String() + "250 " + lines[last]
}

func (c *connection) rcpt(arg string) bool {
	_, rest, _ := strings.Cut(arg, "<")
	to, _, _ := strings.Cut(rest, ">")
	usual := "250 2.1.5 ok"
	switch most := c.server.PerConnection; {
	case most > 0 && c.count >= most:
		return c.send("421 4.7.0 too many messages over one connection" + ThenClose)
	case !c.mail:
		usual = "503 5.5.1 need MAIL first"
	}
	reply, ok := c.answer("RCPT", to, usual)
	if strings.HasPrefix(reply, "2") {
		c.to = to
	}
	return ok
}

// answer sends the script's reply to an event, or else the usual one, and returns it.
func (c *connection) answer(verb, arg, usual string) (reply string, ok bool) {
	if reply = c.ask(verb, arg); reply == "" {
		reply = usual
	}
	return reply, c.send(reply)
}

// ask returns what the script says of an event, "" for nothing.
func (c *connection) ask(verb, arg string) string {
	s := c.server
	e := Event{Conn: c.n, Verb: verb, Arg: arg}
	s.mu.Lock()
	switch verb {
	case "RCPT":
		e.Tries = s.tries[arg]
		s.tries[arg]++
	case "BODY", "DOT", "ACCEPTED":
		e.Tries = s.tries[arg] - 1
	}
	if s.Record && verb != "ACCEPTED" {
		s.events = append(s.events, e)
	}
	s.mu.Unlock()
	if s.Script == nil {
		return ""
	}
	return s.Script(e)
}

// send sends a reply, or does what it says instead.
func (c *connection) send(reply string) bool {
	switch reply {
	case Close:
		return false
	case Hang, Silent:
		_ = c.w.Flush() // the client may be gone
		if reply == Hang {
			<-c.server.closed
		} else {
			_, _ = io.Copy(io.Discard, c.r) // until the client closes it, in whatever way
		}
		return false
	}
	reply, end := strings.CutSuffix(reply, ThenClose)
	if _, err := c.w.WriteString(reply + "\r\n"); err != nil || end {
		return false
	}
	if c.r.Buffered() > 0 && !c.server.Record {
		return true
	}
	if c.server.Delay > 0 {
		time.Sleep(c.server.Delay)
	}
	return c.w.Flush() == nil
}

// body reads a message and answers it.
func (c *connection) body() bool {
	s, to := c.server, c.to
	if c.ask("BODY", to) != "" {
		_, _ = c.r.Peek(1) // until the client has begun
		return false
	}
	octets, message, err := c.readBody()
	if err != nil {
		return false
	}
	c.mail, c.to = false, ""
	c.count++
	if s.Record {
		s.mu.Lock()
		s.messages[to] = string(message)
		s.mu.Unlock()
	}
	reply := c.ask("DOT", to)
	switch {
	case reply != "":
	case to == "":
		reply = "554 5.5.1 no valid recipients"
	case s.MaxOctets > 0 && octets > s.MaxOctets:
		reply = "552 5.3.4 message too large"
	case s.MaxConnections > 0 && s.Open() > s.MaxConnections:
		reply = "432 4.3.2 concurrent connections limit exceeded"
	default:
		reply = "250 2.0.0 queued"
	}
	if !strings.HasPrefix(reply, "2") {
		return c.send(reply)
	}
	if err := s.accept(to, octets, message); err != nil {
		return c.send("451 4.3.0 " + err.Error())
	}
	if s.Took != nil {
		s.Took(to, message)
	}
	if instead := c.ask("ACCEPTED", to); instead != "" {
		reply = instead
	}
	return c.send(reply)
}

// readBody reads up to the lone dot. The message is nil where nobody wants it.
func (c *connection) readBody() (octets int64, message []byte, err error) {
	keep := c.server.Record || c.server.Dir != "" || c.server.Took != nil
	begin := true // of a line
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return 0, nil, err
		}
		if begin && bytes.Equal(line, []byte(".\r\n")) {
			return octets, message, nil
		}
		octets += int64(len(line))
		if keep {
			if begin {
				line = bytes.TrimPrefix(line, []byte("."))
			}
			message = append(message, line...)
		}
		begin = err == nil
	}
}

func (s *Server) accept(to string, octets int64, message []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted[to]++
	s.total++
	s.octets += octets
	if s.Record {
		s.order = append(s.order, to)
	}
	if s.Dir == "" {
		return nil
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.Dir, "*.eml")
	if err != nil {
		return err
	}
	_, err = f.Write(message)
	return errors.Join(err, f.Close())
}
