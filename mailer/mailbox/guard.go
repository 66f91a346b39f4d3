package mailbox

import (
	"errors"
	"net"
)

const (
	// maxLine is how long a response may be, beside literals.
	maxLine = 64 << 10
	// maxNesting is how deep its lists may be nested. Ours need two.
	maxNesting = 32
)

var (
	errTooLong = errors.New("a response of the server is too long")
	errTooDeep = errors.New("a response of the server is nested too deeply")
)

// guardedConn ends at responses that would cost the parser too much memory or time. It follows
// the syntax of IMAP only as far as that needs (RFC 9051 §9).
type guardedConn struct {
	net.Conn
	skip    int64 // octets left of a literal
	length  int   // of the response so far
	nesting int
	quoted  bool
	escaped bool
	literal int64 // the number in {…} that ends the line so far; -1 if there is none
	open    bool  // within {…}
}

func (g *guardedConn) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	for i := 0; i < n; {
		if g.skip > 0 {
			step := min(g.skip, int64(n-i))
			g.skip -= step
			i += int(step)
			continue
		}
		if fault := g.octet(p[i]); fault != nil {
			g.Close()
			return i, fault // what came before it may be read
		}
		i++
	}
	return n, err
}

// octet takes one octet outside of literals.
func (g *guardedConn) octet(c byte) error {
	if g.length++; g.length > maxLine {
		return errTooLong
	}
	switch {
	case c == '\r':
		return nil
	case c == '\n':
		g.endLine()
		return nil
	case g.quoted:
		g.quoted = c != '"' || g.escaped
		g.escaped = c == '\\' && !g.escaped
		return nil
	}
	switch c {
	case '"':
		g.quoted, g.escaped = true, false
	case '(':
		if g.nesting++; g.nesting > maxNesting {
			return errTooDeep
		}
	case ')':
		g.nesting = max(g.nesting-1, 0)
	}
	return g.size(c)
}

// size reads the size of a literal.
func (g *guardedConn) size(c byte) error {
	switch {
	case c == '{':
		g.open, g.literal = true, 0
	case c == '}' && g.open:
		g.open = false
	case '0' <= c && c <= '9' && g.open:
		if g.literal = g.literal*10 + int64(c-'0'); g.literal > maxMail {
			return errTooLong
		}
	default:
		g.open, g.literal = false, -1
	}
	return nil
}

func (g *guardedConn) endLine() {
	if g.literal >= 0 && !g.open && !g.quoted {
		g.skip = g.literal // the response goes on behind it
	} else {
		g.length, g.nesting = 0, 0
	}
	g.quoted, g.open, g.literal = false, false, -1
}
