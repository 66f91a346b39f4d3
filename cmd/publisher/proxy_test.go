//go:build postgres

package main

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy passes TCP connections on to an address of this machine, and can be in the way of them.
type proxy struct {
	to       string
	listener net.Listener

	mu      sync.Mutex
	changed chan struct{} // closed when the mode is another one
	mode    proxyMode
	conns   map[net.Conn]bool
}

// proxyMode is what a proxy does with connections.
type proxyMode string

const (
	passes proxyMode = "passes"
	holes  proxyMode = "black-holes" // nothing arrives on either side, and nobody is told
	cuts   proxyMode = "cuts"        // connections end at once
	delays proxyMode = "delays"      // what is sent arrives five seconds later
	mutes  proxyMode = "mutes"       // no answer arrives
)

const proxyDelay = 5 * time.Second

func startProxy(t testing.TB, port int) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{to: fmt.Sprintf("127.0.0.1:%d", port), listener: l, changed: make(chan struct{}), mode: passes, conns: map[net.Conn]bool{}}
	go p.serve()
	t.Cleanup(func() {
		l.Close()
		p.set(cuts)
	})
	return p
}

func (p *proxy) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// set changes the mode.
func (p *proxy) set(mode proxyMode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = mode
	close(p.changed)
	p.changed = make(chan struct{})
	if mode == cuts {
		for conn := range p.conns {
			conn.(*net.TCPConn).SetLinger(0) // a reset, not an end
			conn.Close()
		}
		clear(p.conns)
	}
}

func (p *proxy) now() (proxyMode, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode, p.changed
}

// keep reports whether a connection may go on; it is closed when the mode becomes cuts.
func (p *proxy) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == cuts {
		conn.Close()
		return false
	}
	p.conns[conn] = true
	return true
}

func (p *proxy) serve() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			if !p.keep(from) {
				return
			}
			p.await(holes)
			to, err := net.Dial("tcp", p.target())
			if err != nil || !p.keep(to) {
				from.Close()
				return
			}
			go p.pass(from, to, mutes)
			p.pass(to, from, holes)
		}()
	}
}

// await waits while nothing may pass.
func (p *proxy) await(also proxyMode) {
	for {
		mode, changed := p.now()
		if mode != holes && mode != also {
			return
		}
		<-changed
	}
}

func (p *proxy) target() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.to
}

// retarget has connections from now on go elsewhere, and ends the others.
func (p *proxy) retarget(port int) {
	p.set(cuts)
	p.mu.Lock()
	p.to = fmt.Sprintf("127.0.0.1:%d", port)
	p.mu.Unlock()
	p.set(passes)
}

// pass passes on what one side sends, and its end, but not while the mode is also.
func (p *proxy) pass(to, from net.Conn, also proxyMode) {
	defer from.Close()
	defer to.Close()
	type piece struct {
		bytes []byte
		due   time.Time
	}
	pieces := make(chan piece, 1000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for one := range pieces {
			time.Sleep(time.Until(one.due))
			p.await(also)
			if _, err := to.Write(one.bytes); err != nil {
				from.Close()
				for range pieces {
				}
				return
			}
		}
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			one := piece{bytes: append([]byte(nil), buffer[:n]...)}
			if mode, _ := p.now(); mode == delays {
				one.due = time.Now().Add(proxyDelay)
			}
			pieces <- one
		}
		if err != nil {
			break
		}
	}
	close(pieces)
	<-ended
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, from)
	delete(p.conns, to)
}
