package web_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/web"
)

// elsewhere is a listener whose clients seem to come from the addresses that next gives.
type elsewhere struct {
	net.Listener
	next func() string
}

func (l *elsewhere) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &fromElsewhere{conn, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(l.next()), 4711))}, nil
}

type fromElsewhere struct {
	net.Conn
	addr net.Addr
}

func (c *fromElsewhere) RemoteAddr() net.Addr { return c.addr }

// pressed is a server under pressure. Who connects comes from the address that is set last.
type pressed struct {
	*world
	addr string
	link string // to unsubscribe Ann
	from atomic.Pointer[string]
}

func press(t *testing.T, timeouts web.Timeouts, proxies ...netip.Prefix) *pressed {
	t.Helper()
	p := &pressed{world: start(t, settings, nil)}
	p.write("feed.xml", longFeed)
	p.write("talk.mp3", strings.Repeat("0123456789abcdef", 1<<19))
	p.link = unsubscribeLink(p.world, ledger.Active)
	p.come("127.0.0.1")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = listener.Addr().String()
	p.run(&web.Server{Handler: p.handler, Timeouts: timeouts, Proxies: proxies}, &elsewhere{listener, func() string { return *p.from.Load() }})
	return p
}

func (p *pressed) come(from string) { p.from.Store(&from) }

// run serves until the test ends.
func (p *pressed) run(server *web.Server, listener net.Listener) {
	done := make(chan error, 1)
	ctx := p.t.Context() // ends before cleanups run
	go func() { done <- server.Serve(ctx, listener) }()
	p.t.Cleanup(func() {
		if err := <-done; err != nil {
			p.t.Error(err)
		}
	})
}

// hold opens a connection, sends something and keeps it.
func (p *pressed) hold(send string) net.Conn {
	p.t.Helper()
	conn := dial(p.t, p.addr)
	if _, err := io.WriteString(conn, send); err != nil {
		p.t.Fatal(err)
	}
	return conn
}

// ask asks for the feed on a connection and says how long the answer took.
func (p *pressed) ask(conn net.Conn) (answer string, took time.Duration) {
	p.t.Helper()
	began := time.Now()
	if _, err := io.WriteString(conn, "GET /feed.xml HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		return err.Error(), 0
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err.Error(), 0
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != longFeed {
		return fmt.Sprintf("%d bytes, %v", len(body), err), 0
	}
	return res.Status, time.Since(began)
}

// wantFeed wants a feed on a new connection, at once.
func (p *pressed) wantFeed(what string) {
	p.t.Helper()
	best := patience
	for range 5 { // the machine may be busy with something else
		answer, took := p.ask(dial(p.t, p.addr))
		if answer != "200 OK" {
			p.t.Fatalf("%s: %s", what, answer)
		}
		best = min(best, took)
	}
	if best > 100*time.Millisecond {
		p.t.Errorf("%s: a feed takes %v", what, best)
	}
}

// open counts those of the connections that the server has not closed.
func open(t *testing.T, conns []net.Conn) (n int) {
	t.Helper()
	for _, conn := range conns {
		if err := conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		_, err := io.Copy(io.Discard, conn)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			n++
		}
	}
	return n
}

// pressures are ways to hold connections open. %s is a valid link's path.
var pressures = map[string]string{
	"nothing sent":               "",
	"an octet":                   "G",
	"half a request line":        "GET /feed.x",
	"a request line":             "GET / HTTP/1.1\r\n",
	"half a header":              "GET / HTTP/1.1\r\nHost: a\r\nX-A:",
	"a header without its end":   "GET /feed.xml HTTP/1.1\r\nHost: a\r\n",
	"empty lines":                "\r\n\r\n",
	"idle after an answer":       "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
	"idle after an error":        "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n",
	"half a second request":      "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET / HT",
	"a body that does not come":  "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\n",
	"half a body":                "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\nList-Unsub",
	"half a chunk":               "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nList",
	"a chunk's size":             "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff",
	"a body after 100-continue":  "POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 26\r\n\r\n",
	"a large file, never read":   "GET /talk.mp3 HTTP/1.1\r\nHost: a\r\n\r\n",
	"many answers, never read":   strings.Repeat("GET /talk.mp3 HTTP/1.1\r\nHost: a\r\n\r\n", 20),
	"an upgrade":                 "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	"a preface of HTTP/2":        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"TLS":                        "\x16\x03\x01\x02\x00\x01\x00",
	"HTTP/1.0 with keep-alive":   "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	"a link's page, not read on": "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
}

// flood opens connections that each do one of the kinds of pressure, in turn.
func (p *pressed) flood(many int, from func(n int) string, kinds ...string) (held []net.Conn) {
	p.t.Helper()
	for n := range many {
		p.come(from(n))
		conn := dial(p.t, p.addr)
		if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil { // so that little is sent to who does not read
			p.t.Fatal(err)
		}
		// Who has been closed meanwhile cannot be written to; the others count.
		_, _ = io.WriteString(conn, strings.ReplaceAll(pressures[kinds[n%len(kinds)]], "%s", p.link))
		held = append(held, conn)
	}
	return held
}

// Whatever holds connections open, a feed is answered at once: beside one network that is at
// its limit, and in it.
func TestPressureOfOneNetwork(t *testing.T) {
	p := press(t, web.Timeouts{})
	for kind := range pressures {
		for _, conn := range p.flood(110, func(n int) string { return fmt.Sprintf("203.0.113.%d", n) }, kind) {
			defer conn.Close()
		}
		p.wantFeed("in the network, " + kind)
		p.come("192.0.2.1")
		p.wantFeed("elsewhere, " + kind)
	}
	wantSubscription(t, p.world, ledger.Active)
}

// So it is with more connections than the server takes, through one proxy or from as many
// networks as that needs.
func TestPressureOfAll(t *testing.T) {
	half := []string{"a header without its end"}
	all := slices.Sorted(maps.Keys(pressures))
	for _, where := range []struct {
		name  string
		from  func(n int) string
		kinds []string
	}{
		{"half-open, one network", func(n int) string { return fmt.Sprintf("203.0.113.%d", n%250) }, half},
		{"half-open, one address", func(int) string { return "2001:db8:1:2::7" }, half},
		{"half-open, one proxy", func(int) string { return "127.0.0.1" }, half},
		{"half-open, a proxy that is trusted", func(int) string { return "198.51.100.7" }, half},
		{"half-open, many networks", func(n int) string { return fmt.Sprintf("198.51.%d.1", 101+n%100) }, half},
		{"bodies, one proxy", func(int) string { return "127.0.0.1" }, []string{"half a body"}},
		{"readers, many networks", func(n int) string { return fmt.Sprintf("2001:db8:0:%x::1", n%100) }, []string{"a large file, never read"}},
		{"all kinds, one proxy", func(int) string { return "127.0.0.1" }, all},
		{"all kinds, many networks", func(n int) string { return fmt.Sprintf("198.51.%d.1", 101+n%100) }, all},
	} {
		t.Run(where.name, func(t *testing.T) {
			p := press(t, web.Timeouts{}, netip.MustParsePrefix("198.51.100.0/24"))
			p.flood(1100, where.from, where.kinds...)
			p.wantFeed("one of them")
			p.come("192.0.2.1")
			p.wantFeed("another")
			wantSubscription(t, p.world, ledger.Active)
		})
	}
}

// One network has 100 connections, whatever its addresses; others are not closed for it.
func TestConnectionsOfOneNetwork(t *testing.T) {
	half := "GET /feed.xml HTTP/1.1\r\nHost: a\r\n"
	for _, test := range []struct {
		name, from, other string
		stays             bool // the other is of another network
	}{
		{"one address", "203.0.113.7", "203.0.114.7", true},
		{"IPv6", "2001:db8:1:2::7", "2001:db8:1:3::7", true},
		{"IPv4 in IPv6", "::ffff:203.0.113.7", "203.0.113.8", false},
		{"a neighbor", "203.0.113.7", "203.0.113.250", false},
		{"an IPv6 neighbor", "2001:db8:1:2::7", "2001:db8:1:2:ffff:ffff:ffff:ffff", false},
		{"a private network", "10.0.0.1", "10.0.0.2", true},
		{"loopback of IPv6", "::1", "::1", true},
		{"a container's bridge", "172.17.0.1", "172.17.0.1", true},
		{"a private network of IPv6", "fd00::1", "fd00::1", true},
		{"a proxy that is trusted", "198.51.100.7", "198.51.100.8", true},
		{"beside a proxy that is trusted", "198.51.101.7", "198.51.101.8", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := press(t, web.Timeouts{}, netip.MustParsePrefix("198.51.100.0/24"))
			p.come(test.other)
			first := p.hold(half) // the oldest of all
			p.wantFeed("another network")
			p.come(test.from)
			for range 100 {
				p.hold(half)
			}
			p.wantFeed("the same network")
			if got := open(t, []net.Conn{first}) == 1; got != test.stays {
				t.Errorf("the oldest connection is open: %v, want %v", got, test.stays)
			}
		})
	}
}

// Who waits longest is closed first, and who is being answered last. For answered connections see
// package connlimit.
func TestWhoIsClosedFirst(t *testing.T) {
	p := press(t, web.Timeouts{})
	p.come("203.0.113.1")
	busy := p.hold("POST " + p.link + " HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\nExpect: 100-continue\r\n\r\n")
	busyAnswers := bufio.NewReader(busy)
	if res, err := http.ReadResponse(busyAnswers, nil); err != nil || res.StatusCode != http.StatusContinue {
		t.Fatalf("who will send a body got %v, %v", res, err)
	}
	reading := p.hold("GET /talk.mp3 HTTP/1.1\r\nHost: a\r\n\r\n")
	readingAnswers := bufio.NewReader(reading)
	if _, err := readingAnswers.Peek(1); err != nil {
		t.Fatal(err)
	}
	var halves []net.Conn
	for range 98 {
		halves = append(halves, p.hold("GET / HTTP/1.1\r\n"))
	}
	asked := dial(t, p.addr) // the hundred and first: the oldest of them goes
	if answer, _ := p.ask(asked); answer != "200 OK" {
		t.Fatal(answer)
	}
	if n := open(t, halves[:1]); n != 0 {
		t.Error("the oldest half-open connection is open")
	}
	if n := open(t, halves[1:]); n != 97 {
		t.Errorf("%d of 97 half-open connections are open", n)
	}
	for range 97 {
		p.hold("GET / HTTP/1.1\r\n")
	}
	p.wantFeed("after the second wave")
	if n := open(t, halves); n != 0 {
		t.Errorf("%d of the older half-open connections are open", n)
	}
	if _, err := io.WriteString(busy, "List-Unsubscribe=One-Click"); err != nil {
		t.Fatal(err)
	}
	if res, err := http.ReadResponse(busyAnswers, nil); err != nil || res.StatusCode != 200 {
		t.Errorf("who was sending a body got %v, %v", res, err)
	}
	if res, err := http.ReadResponse(readingAnswers, nil); err != nil || res.StatusCode != 200 {
		t.Errorf("who was reading got %v", err)
	} else if n, err := io.Copy(io.Discard, res.Body); n != 8<<20 || err != nil {
		t.Errorf("who was reading got %d bytes, %v", n, err)
	}
}

// A client that is answered keeps its connection while others press.
func TestKeepAliveUnderPressure(t *testing.T) {
	p := press(t, web.Timeouts{})
	p.come("192.0.2.1")
	kept := dial(t, p.addr)
	for wave := range 20 {
		if answer, _ := p.ask(kept); answer != "200 OK" {
			t.Fatalf("wave %d: %s", wave, answer)
		}
		p.come("203.0.113.1")
		for range 120 {
			dial(t, p.addr)
		}
	}
}

// A link that is nobody's is refused before its body is waited for.
func TestBodyBehindABadLink(t *testing.T) {
	p := press(t, web.Timeouts{})
	for _, path := range []string{"/unsubscribe/x", "/preferences/x", "/unsubscribe/", "/feed.xml", "/", "/nothing"} {
		for _, head := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked", "Content-Length: 1000000000", "Content-Length: 1000\r\nExpect: 100-continue"} {
			began := time.Now()
			conn := p.hold("POST " + path + " HTTP/1.1\r\nHost: a\r\n" + head + "\r\n\r\n")
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || res.StatusCode < 404 || res.StatusCode > 413 {
				t.Errorf("%s, %s: %v, %v", path, head, res, err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s, %s: answered after %v", path, head, took)
			}
		}
	}
}
