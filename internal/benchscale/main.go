// Command benchscale measures a ledger in PostgreSQL beside one in SQLite: what a million subscribers
// and deliveries take, and how many mails a second several processes send together. It starts
// PostgreSQL (Debian's package postgresql) in a temporary folder. The processes share the machine
// with the database and the mail server, so processor time tells more than time.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	var b bench
	flag.IntVar(&b.subscribers, "subscribers", 50_000, "how many subscribers the ledgers have")
	flag.IntVar(&b.slow, "slow", 2_000, "to how many each process mails while replies are slow; 0 leaves that out")
	flag.IntVar(&b.workers, "workers", 3, "how many processes send together")
	flag.IntVar(&b.connections, "connections", 20, "how many connections each of them has")
	flag.DurationVar(&b.delay, "delay", 50*time.Millisecond, "how long a slow reply takes")
	flag.StringVar(&b.folder, "dir", "", "where ledgers in SQLite are made (default the system's temporary folder)")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: benchscale [flags] PROGRAM")
		os.Exit(2)
	}
	b.program = flag.Arg(0)
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "benchscale:", err)
		os.Exit(1)
	}
}

type bench struct {
	program     string
	folder      string
	subscribers int
	slow        int
	workers     int
	connections int
	delay       time.Duration
}

// run prints each measurement as it is made.
func (b bench) run() (err error) {
	if b.program, err = filepath.Abs(b.program); err != nil {
		return err
	}
	if b.slow > 0 {
		if err := b.together(); err != nil {
			return fmt.Errorf("slow replies: %w", err)
		}
	}
	for _, kind := range []func() (database, error){b.postgres, b.sqlite} {
		if err := b.size(kind); err != nil {
			return err
		}
	}
	return nil
}

// together measures one process and several, against a server that takes its time.
func (b bench) together() error {
	var one float64
	for _, processes := range []int{1, b.workers} {
		mails, err := b.speed(processes)
		if err != nil {
			return err
		}
		possible := float64(processes*b.connections) / b.delay.Seconds()
		fmt.Printf("%d process(es)  %8.0f mails/s, replies after %v; %.2f of the %.0f possible", processes, mails, b.delay, mails/possible, possible)
		if processes == 1 {
			one = mails
			fmt.Println()
		} else {
			fmt.Printf(", %.2f times one\n", mails/one)
		}
	}
	return nil
}
