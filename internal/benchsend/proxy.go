package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// proxy passes requests on to the daemon like a web server in front: over connections that it
// keeps. It shares the processors with the daemon, so it does no more than it has to.
type proxy struct {
	to string // host:port

	mu   sync.Mutex
	idle []*kept
}

type kept struct {
	net.Conn
	answers *bufio.Reader
}

// post posts a form for a client, and returns the status of the answer.
func (p *proxy) post(path, form, client string) (status int, err error) {
	conn, err := p.take()
	if err != nil {
		return 0, err
	}
	status, err = conn.post(p.to, path, form, client)
	if err != nil {
		conn.Close()
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, conn)
	return status, nil
}

func (p *proxy) take() (*kept, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		conn := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return conn, nil
	}
	p.mu.Unlock()
	conn, err := net.Dial("tcp", p.to)
	if err != nil {
		return nil, err
	}
	return &kept{conn, bufio.NewReaderSize(conn, 16<<10)}, nil // a page at once
}

func (k *kept) post(host, path, form, client string) (status int, err error) {
	if err := k.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(k, "POST %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, host, client, len(form), form)
	if err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(k.answers, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err == nil && answer.Close {
		err = fmt.Errorf("%s: the daemon does not keep connections", path)
	}
	return answer.StatusCode, err
}

func (p *proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.idle {
		conn.Close()
	}
	p.idle = nil
}
