package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// timeout is when a client gives up.
const timeout = 20 * time.Second

// holder holds connections open with requests whose headers never end, and opens those anew
// that the server closes.
type holder struct {
	addr     string
	reopened atomic.Int64
}

// start opens so many connections, and returns a function that waits until ctx has ended and
// they are closed.
func (h *holder) start(ctx context.Context, many int) (wait func()) {
	var group sync.WaitGroup
	for range many {
		conn := h.open()
		group.Go(func() {
			for {
				h.hold(ctx, conn)
				if !pause(ctx, time.Second) {
					return
				}
				h.reopened.Add(1)
				conn = h.open()
			}
		})
	}
	return group.Wait
}

// open sends half a request. It returns nil if the server cannot be reached.
func (h *holder) open() net.Conn {
	conn, err := net.DialTimeout("tcp", h.addr, timeout)
	if err != nil {
		return nil
	}
	_, _ = io.WriteString(conn, "GET /feed.xml HTTP/1.1\r\nHost: a\r\nX-Slow: ") // closed ones are opened anew
	return conn
}

// hold keeps a connection until the server closes it.
func (h *holder) hold(ctx context.Context, conn net.Conn) {
	if conn == nil {
		return
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_, _ = io.Copy(io.Discard, conn)
	conn.Close()
}

// pause waits, and returns false if ctx ends meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// answer is the answer to a request: its status, or 0 if there was none, and how long it took.
type answer struct {
	status int
	took   time.Duration
	fault  error
}

// ask sends a request on a connection of its own and reads the whole answer.
func ask(req *http.Request) answer {
	transport := &http.Transport{DisableKeepAlives: true}
	began := time.Now()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return answer{took: time.Since(began), fault: err}
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return answer{res.StatusCode, time.Since(began), err}
}

// repeat calls do so many times a second, each time beside the others, and returns what all
// calls returned.
func repeat(ctx context.Context, perSecond float64, do func(n int) answer) (all []answer) {
	if perSecond <= 0 {
		return nil
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	began := time.Now()
	for n := 0; ; n++ {
		due := began.Add(time.Duration(float64(n) / perSecond * float64(time.Second)))
		if !pause(ctx, time.Until(due)) {
			break
		}
		group.Go(func() {
			a := do(n)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, a)
		})
	}
	group.Wait()
	return all
}

// poll asks for the feed, as feed readers do.
func poll(ctx context.Context, addr string, perSecond int) []answer {
	return repeat(ctx, float64(perSecond), func(int) answer {
		req, err := http.NewRequest(http.MethodGet, "http://"+addr+"/feed.xml", nil)
		if err != nil {
			return answer{fault: err}
		}
		req.Header.Set("Accept-Encoding", "gzip")
		return ask(req)
	})
}

// signUp signs addresses up, each twice, from networks of their own.
func signUp(ctx context.Context, addr string, perMinute int) []answer {
	first := rand.IntN(1 << 20)
	return repeat(ctx, float64(perMinute)/60, func(n int) answer {
		who := n / 2
		form := url.Values{"email": {fmt.Sprintf("stranger%d.%d@gmail.com", first, who)}}
		req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/subscribe", strings.NewReader(form.Encode()))
		if err != nil {
			return answer{fault: err}
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept", "application/json")
		network := who % 5000
		req.Header.Set("X-Forwarded-For", fmt.Sprintf("%d.%d.%d.7", 20+network/2500, network/250%10*25, network%250))
		return ask(req)
	})
}
