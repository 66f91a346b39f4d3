package web

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
)

const (
	// maxConnections, or half of the file descriptors where these are fewer, leaves some
	// to the ledger and the mail.
	maxConnections = 1024
	// maxPerNetwork keeps one client from taking all connections.
	maxPerNetwork = 100
)

// connections is a listener whose connections are bounded, in all and for each network. A
// new one is never refused: another is closed for it, as worst says, so that whoever
// holds connections open locks nobody out.
type connections struct {
	net.Listener
	most, mostPerNetwork int
	behind               []netip.Prefix // proxies, each of which stands for many clients

	mu   sync.Mutex
	open map[*connection]struct{}
	step uint64 // counts what happens, which orders it
}

// connection is one that a client has open.
type connection struct {
	net.Conn
	of      *connections
	network netip.Prefix // zero: not counted by itself

	// Under of.mu.
	busy bool   // a request's header has been read, and its answer is not all sent
	last uint64 // busy: when a byte last came or went; else since when it has been waiting
}

func limitConnections(l net.Listener, behind []netip.Prefix) *connections {
	return &connections{Listener: l, most: min(maxConnections, descriptors()/2), mostPerNetwork: maxPerNetwork, behind: behind, open: map[*connection]struct{}{}}
}

// Accept makes room for each connection that comes.
func (c *connections) Accept() (net.Conn, error) {
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

// add counts a connection, and returns those that have to be closed for it.
func (c *connections) add(conn *connection) (victims []*connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if conn.network.IsValid() {
		victims = c.makeRoom(victims, c.mostPerNetwork, func(other *connection) bool { return other.network == conn.network })
	}
	victims = c.makeRoom(victims, c.most, func(*connection) bool { return true })
	c.step++
	conn.last = c.step
	c.open[conn] = struct{}{}
	return victims
}

// makeRoom takes the worst out of those counted until there are fewer than most.
func (c *connections) makeRoom(victims []*connection, most int, counted func(*connection) bool) []*connection {
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
	if n >= most { // each that is added makes room for itself, so one is enough
		delete(c.open, worst)
		victims = append(victims, worst)
	}
	return victims
}

// worseThan orders by whom closing costs least: who waits for a request or is in the
// middle of its header before who is being answered, and of these who has been so longest,
// or has been silent longest.
func (c *connection) worseThan(other *connection) bool {
	if c.busy != other.busy {
		return !c.busy
	}
	return c.last < other.last
}

// networkOf is the IPv4 /24 or IPv6 /64 that counts as one client; zero for what is not
// counted by network: proxies, and this machine and private networks, where they stand.
func (c *connections) networkOf(addr net.Addr) netip.Prefix {
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

// track is the server's ConnState: it says when a connection is busy.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	ours, ok := conn.(*connection)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step++
	switch state {
	case http.StateActive, http.StateIdle:
		ours.busy, ours.last = state == http.StateActive, c.step
	case http.StateClosed, http.StateHijacked:
		delete(c.open, ours)
	}
}

// cut closes a connection whose place another takes. Of an answer that is not all sent the
// kernel keeps nothing: its client was too slow.
func (c *connection) cut() {
	c.of.mu.Lock()
	busy := c.busy
	c.of.mu.Unlock()
	if tcp, ok := c.Conn.(*net.TCPConn); ok && busy {
		_ = tcp.SetLinger(0) // it is closed either way
	}
	c.Conn.Close()
}

func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.moved(n)
	return n, err
}

func (c *connection) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.moved(n)
	return n, err
}

// moved notes that bytes came or went. A header that trickles in counts from its start.
func (c *connection) moved(n int) {
	if n <= 0 {
		return
	}
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.busy {
		c.of.step++
		c.last = c.of.step
	}
}
