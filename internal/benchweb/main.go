// Command benchweb measures how many requests a second the web server answers for a feed,
// beside a bare net/http handler that sends the same headers and body from memory, and beside
// nginx where that is installed.
//
// All three are processes of their own on this machine, and take turns, so that what else runs
// here slows them alike. The processor time that a server takes for one request is printed too.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 15, "how often the servers take turns; the medians are printed")
	slice := flag.Duration("time", 300*time.Millisecond, "how long each turn is")
	connections := flag.Int("connections", 16, "how many connections at once")
	bare := flag.String("bare", "", "be the bare handler that sends what this file describes")
	flag.Parse()
	var err error
	switch {
	case *bare != "":
		err = serveBare(*bare)
	case flag.NArg() == 1:
		err = (&bench{program: flag.Arg(0), rounds: *rounds, slice: *slice, connections: *connections}).run()
	default:
		fmt.Fprintln(os.Stderr, "usage: benchweb [flags] PROGRAM")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchweb:", err)
		os.Exit(1)
	}
}

type bench struct {
	program     string
	rounds      int
	slice       time.Duration
	connections int
}

// kinds are the requests that are measured. A condition is filled in with the entity tag of
// the server that is asked.
var kinds = []struct {
	name, headers string
	conditional   bool
}{
	{name: "304", conditional: true},
	{name: "200 plain"},
	{name: "200 gzip", headers: "Accept-Encoding: gzip\r\n"},
	{name: "304 gzip", headers: "Accept-Encoding: gzip\r\n", conditional: true},
	{name: "200 brotli", headers: "Accept-Encoding: gzip, deflate, br\r\n"},
}

func (b *bench) run() error {
	program, err := filepath.Abs(b.program)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "benchweb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := makeSite(dir); err != nil {
		return err
	}
	ours, err := startPublisher(program, dir)
	if err != nil {
		return err
	}
	defer ours.stop()
	bare, err := startBare(dir, ours.addr)
	if err != nil {
		return err
	}
	defer bare.stop()
	servers := []*server{bare, ours}
	switch nginx, err := startNginx(dir); {
	case err != nil:
		return err
	case nginx == nil:
		fmt.Println("nginx is not installed (Debian's package nginx-light)")
	default:
		defer nginx.stop()
		servers = append(servers, nginx)
	}
	for _, kind := range kinds {
		if err := b.compare(kind.name, kind.headers, kind.conditional, servers); err != nil {
			return err
		}
	}
	return nil
}

// compare prints what one kind of request takes each server.
func (b *bench) compare(name, headers string, conditional bool, servers []*server) error {
	requests := make([]request, len(servers))
	for i, s := range servers {
		var err error
		if requests[i], err = s.prepare(headers, conditional); err != nil {
			return fmt.Errorf("%s, %s: %w", s.name, name, err)
		}
	}
	rates, costs := make([][]float64, len(servers)), make([][]float64, len(servers))
	for round := range b.rounds + 1 {
		for i, s := range servers {
			rate, cost, err := b.turn(s, requests[i])
			if err != nil {
				return fmt.Errorf("%s, %s: %w", s.name, name, err)
			}
			if round > 0 { // the first is to warm up
				rates[i], costs[i] = append(rates[i], rate), append(costs[i], cost)
			}
		}
	}
	fmt.Printf("%s\n", name)
	for i, s := range servers {
		fmt.Printf("  %-16s %8.0f requests/s  %6.1f µs of processor time  %7d bytes", s.name, median(rates[i]), median(costs[i]), requests[i].body)
		if i > 0 {
			fmt.Printf("  %.2f of bare", median(ratios(rates[i], rates[0])))
		}
		if i == 1 && len(servers) > 2 {
			fmt.Printf(", %.2f of nginx", median(ratios(rates[i], rates[2])))
		}
		fmt.Println()
	}
	return nil
}

func ratios(of, to []float64) []float64 {
	all := make([]float64, len(of))
	for i := range of {
		all[i] = of[i] / to[i]
	}
	return all
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// freeAddress returns an address that nothing listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
