// Package connlimit limits the connections of a web server, in total and by network.
package connlimit

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxConnections, or half of the file descriptors if that is less, leaves enough of them
	// for the ledger and the mail.
	maxConnections = 1024
	// maxPerNetwork prevents one client from taking all connections.
	maxPerNetwork = 100
)

// Listener is a listener that limits the number of connections, in total and per network.
// A new one is never refused. Instead, the worst of the others is closed, so that a client
// that holds connections open cannot lock others out.
type Listener struct {
	net.Listener
	most, mostPerNetwork int
	behind               []netip.Prefix // proxies, which connect on behalf of many clients

	mu   sync.Mutex
	open map[*connection]struct{}
	step atomic.Uint64 // a clock that orders events
}

// connection is an open connection of a client.
type connection struct {
	net.Conn
	of      *Listener
	network netip.Prefix // zero: counted in the total only

	busy    atomic.Bool // a request's header has been read, and its response is not fully sent
	writing deadline
	last    atomic.Uint64 // if busy, when a byte was last read or written; else when it became idle
}

// New returns a listener of the connections of l. behind are the proxies, which are counted in
// the total only.
func New(l net.Listener, behind []netip.Prefix) *Listener {
	return &Listener{Listener: l, most: min(maxConnections, descriptors()/2), mostPerNetwork: maxPerNetwork, behind: behind, open: map[*connection]struct{}{}}
}

// Accept makes room for each new connection.
func (c *Listener) Accept() (net.Conn, error) {
	accepted, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn := &connection{Conn: accepted, of: c, network: c.networkOf(accepted.RemoteAddr())}
	for _, victim := range c.add(conn) {
		victim.cut()
	}
	return conn, nil
}

// add counts a connection, and returns those to be closed for it.
func (c *Listener) add(conn *connection) (victims []*connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn.network.IsValid() {
		victims = c.makeRoom(victims, c.mostPerNetwork, func(other *connection) bool { return other.network == conn.network })
	}
	victims = c.makeRoom(victims, c.most, func(*connection) bool { return true })
	conn.last.Store(c.step.Add(1))
	c.open[conn] = struct{}{}
	return victims
}

// makeRoom appends the worst of those counted to victims if there are at least most.
func (c *Listener) makeRoom(victims []*connection, most int, counted func(*connection) bool) []*connection {
	if len(c.open) < most {
		return victims
	}
	n := 0
	var worst *connection
	for conn := range c.open {
		if !counted(conn) {
			continue
		}
		if n++; worst == nil || conn.worseThan(worst) {
			worst = conn
		}
	}
	if n >= most { // one is enough, since each new connection makes room for itself
		delete(c.open, worst)
		victims = append(victims, worst)
	}
	return victims
}

// worseThan reports whether closing c costs less than closing other: connections that wait
// for a request or its header come before those that are being answered, and among equals
// the one that has been so, or has been silent, for longer.
func (c *connection) worseThan(other *connection) bool {
	if busy := c.busy.Load(); busy != other.busy.Load() {
		return !busy
	}
	return c.last.Load() < other.last.Load()
}

// networkOf returns the IPv4 /24 or IPv6 /64 that counts as one client. It is zero for
// addresses that are not counted by network: proxies, this machine and private networks,
// where proxies are.
func (c *Listener) networkOf(addr net.Addr) netip.Prefix {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() {
		return netip.Prefix{}
	}
	for _, proxy := range c.behind {
		if proxy.Contains(ip) {
			return netip.Prefix{}
		}
	}
	bits := 64
	if ip.Is4() {
		bits = 24
	}
	network, _ := ip.Prefix(bits) // an address has that many bits
	return network
}

// Track is the server's ConnState hook: it records when a connection is busy.
func (c *Listener) Track(conn net.Conn, state http.ConnState) {
	ours, ok := conn.(*connection)
	if !ok {
		return
	}
	switch state {
	case http.StateActive, http.StateIdle:
		ours.busy.Store(state == http.StateActive)
		ours.last.Store(c.step.Add(1))
	case http.StateClosed, http.StateHijacked:
		c.forget(ours)
	}
}

func (c *Listener) forget(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

// cut closes a connection to make room for another. The kernel discards the rest of an
// unfinished response: its client was too slow.
func (c *connection) cut() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok && c.busy.Load() {
		_ = tcp.SetLinger(0) // closed either way
	}
	c.Conn.Close()
}

func (c *connection) Close() error {
	c.of.forget(c)
	return c.Conn.Close()
}

func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.moved(n)
	return n, err
}

func (c *connection) Write(p []byte) (written int, err error) {
	for {
		n, err := c.Conn.Write(p[written:])
		c.moved(n)
		written += n
		if !errors.Is(err, os.ErrDeadlineExceeded) || !c.writing.passed(c.Conn.SetWriteDeadline) {
			return written, err
		}
	}
}

// SetWriteDeadline sets the time by which what is written must be sent.
func (c *connection) SetWriteDeadline(t time.Time) error {
	return c.writing.set(t, c.Conn.SetWriteDeadline)
}

// SetDeadline sets the time for reading and for writing.
func (c *connection) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// moved records that bytes were read or written. A header that trickles in counts from its
// start.
func (c *connection) moved(n int) {
	if n > 0 && c.busy.Load() {
		c.last.Store(c.of.step.Add(1))
	}
}
