// Command storm floods a running program from all sides at once: an edition goes out while
// connections are held open, a feed is polled and strangers sign up. It tells what of that was
// not as promised.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	s := storm{}
	flag.IntVar(&s.recipients, "recipients", 20_000, "how many get the edition")
	flag.IntVar(&s.held, "held", 1_100, "how many connections are held open")
	flag.IntVar(&s.polls, "polls", 50, "how many times a second the feed is polled")
	flag.IntVar(&s.signups, "signups", 10_000, "how many sign up in a minute, from half as many networks")
	flag.DurationVar(&s.lasts, "time", time.Minute, "how long it lasts at least")
	flag.DurationVar(&s.within, "within", 50*time.Millisecond, "the time in which 99 of 100 polls are answered")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: storm [flags] PROGRAM")
		os.Exit(2)
	}
	s.program = flag.Arg(0)
	r, err := s.run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		os.Exit(1)
	}
	fmt.Print(r)
	faults := r.faults(s)
	for _, fault := range faults {
		fmt.Println("NOT AS PROMISED:", fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
}
