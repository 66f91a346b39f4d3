package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// request is what is sent again and again, and how long each answer is.
type request struct {
	text         []byte
	answer, body int // bytes
}

// prepare asks once, and returns the request for the load.
func (s *server) prepare(headers string, conditional bool) (request, error) {
	text := "GET " + feedPath + " HTTP/1.1\r\nHost: blog.example\r\nUser-Agent: benchweb\r\nAccept: */*\r\n" + headers
	if conditional {
		tag, err := s.tag(text + "\r\n")
		if err != nil {
			return request{}, err
		}
		text += "If-None-Match: " + tag + "\r\n"
	}
	text += "\r\n"
	got, err := s.once(text)
	if err != nil {
		return request{}, err
	}
	if want := map[bool]string{true: "HTTP/1.1 304", false: "HTTP/1.1 200"}[conditional]; !bytes.HasPrefix(got, []byte(want)) {
		return request{}, fmt.Errorf("the answer is %.40q, want %s", got, want)
	}
	head := bytes.Index(got, []byte("\r\n\r\n")) + 4
	return request{[]byte(text), len(got), len(got) - head}, nil
}

func (s *server) tag(text string) (string, error) {
	got, err := s.once(text)
	if err != nil {
		return "", err
	}
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(got)), nil)
	if err != nil {
		return "", err
	}
	res.Body.Close()
	tag := res.Header.Get("ETag")
	if tag == "" {
		return "", errors.New("the answer has no ETag")
	}
	return tag, nil
}

// once sends a request on a new connection and returns the whole answer.
func (s *server) once(text string) ([]byte, error) {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return nil, err
	}
	var got bytes.Buffer
	res, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, &got)), nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return nil, err
	}
	return got.Bytes(), nil
}

// turn asks a server on all connections for a while. It returns the requests a second, and
// the microseconds of processor time that each took the server.
func (b *bench) turn(s *server, r request) (rate, cost float64, err error) {
	before, err := s.processorTime()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	var done atomic.Int64
	var group sync.WaitGroup
	faults := make(chan error, b.connections)
	for range b.connections {
		group.Go(func() {
			n, err := askFor(s.addr, r, began.Add(b.slice))
			done.Add(n)
			if err != nil {
				faults <- err
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	after, timeErr := s.processorTime()
	select {
	case err := <-faults:
		return 0, 0, err
	default:
	}
	n := float64(done.Load())
	return n / took.Seconds(), float64((after - before).Microseconds()) / n, timeErr
}

// askFor sends a request on one connection until a time. Each answer has the length of the
// first, so only its octets are counted.
func askFor(addr string, r request, until time.Time) (n int64, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(until.Add(patience)); err != nil {
		return 0, err
	}
	buffer := make([]byte, 256<<10)
	for time.Now().Before(until) {
		if _, err := conn.Write(r.text); err != nil {
			return n, err
		}
		for left := r.answer; left > 0; {
			got, err := conn.Read(buffer[:min(left, len(buffer))])
			if err != nil {
				return n, err
			}
			left -= got
		}
		n++
	}
	return n, nil
}

// processorTime returns what the server and its children have taken; 0 where the system does
// not say.
func (s *server) processorTime() (time.Duration, error) {
	total, err := processTime(strconv.Itoa(s.cmd.Process.Pid))
	if err != nil {
		return 0, nil
	}
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", s.cmd.Process.Pid))
	for _, file := range children {
		pids, _ := os.ReadFile(file)
		for _, pid := range strings.Fields(string(pids)) {
			t, err := processTime(pid)
			if err != nil {
				return 0, err
			}
			total += t
		}
	}
	return total, nil
}

// processTime reads the first field of schedstat of all threads: nanoseconds on a processor.
func processTime(pid string) (total time.Duration, err error) {
	threads, err := filepath.Glob("/proc/" + pid + "/task/*/schedstat")
	if err == nil && len(threads) == 0 {
		err = os.ErrNotExist
	}
	for _, file := range threads {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(ns)
	}
	return total, err
}
