// Command benchsend measures how many mails a second the program sends, from a
// ledger on disk to a sink on this machine, beside Postfix's smtp-source, which
// keeps no record at all.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	recipients := flag.Int("recipients", 50_000, "how many get the mail")
	rounds := flag.Int("rounds", 3, "how often publisher and smtp-source take turns; the medians are printed")
	connections := flag.Int("connections", 20, "how many connections at once")
	web := flag.Bool("web", false, "measure only the daemon beside web requests, without smtp-source, slow replies and signatures")
	folder := flag.String("dir", "", "where the ledger is made (default the system's temporary folder)")
	alone := flag.Bool("alone", false, "measure importing and sending alone, without smtp-source, slow replies and signatures")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: benchsend [flags] PROGRAM")
		os.Exit(2)
	}
	b := bench{program: flag.Arg(0), connections: *connections, folder: *folder, rounds: *rounds, mailsPerHour: usualMailsPerHour}
	if err := b.run(*recipients, *alone, *web); err != nil {
		fmt.Fprintln(os.Stderr, "benchsend:", err)
		os.Exit(1)
	}
}

type bench struct {
	program      string
	folder       string
	connections  int
	rounds       int
	mailsPerHour int // signup.mails_per_hour
}

// run prints each measurement as it is made.
func (b bench) run(recipients int, alone, web bool) error {
	program, err := filepath.Abs(b.program)
	if err != nil {
		return err
	}
	b.program = program
	if alone {
		ours, err := b.ours(recipients, 0, "")
		if err == nil {
			b.print(ours)
		}
		return err
	}
	if web {
		return b.besideWeb(recipients)
	}
	if err := b.beside(recipients); err != nil {
		return err
	}
	if err := b.besideWeb(recipients); err != nil {
		return err
	}
	if err := b.slow(min(recipients, 5_000)); err != nil {
		return err
	}
	return b.signed(min(recipients, 5_000))
}

// beside measures publisher and smtp-source in turns, since a machine is not always
// as fast.
func (b bench) beside(recipients int) error {
	var ours, theirs []outcome
	var ratios []float64
	for range max(1, b.rounds) {
		o, err := b.ours(recipients, 0, "")
		if err != nil {
			return err
		}
		ours = append(ours, o)
		t, err := b.smtpSource(recipients, o.octets/int64(recipients))
		if errors.Is(err, exec.ErrNotFound) {
			b.print(o)
			fmt.Println("smtp-source   not installed (Debian's package postfix)")
			return nil
		}
		if err != nil {
			return err
		}
		theirs, ratios = append(theirs, t), append(ratios, o.perSecond()/t.perSecond())
	}
	b.print(median(ours))
	t := median(theirs)
	fmt.Printf("smtp-source   %8.0f mails/s; %s\n", t.perSecond(), t.cpu())
	fmt.Printf("ratio         %8.2f (median of %d; %.2f to %.2f)\n", middle(ratios), len(ratios), slices.Min(ratios), slices.Max(ratios))
	return nil
}

func median(all []outcome) outcome {
	slices.SortFunc(all, func(a, b outcome) int { return cmp.Compare(a.perSecond(), b.perSecond()) })
	return all[len(all)/2]
}

func middle[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}

func (b bench) print(ours outcome) {
	fmt.Printf("import        %8.1f s for %d subscribers, at most %d MB\n", ours.imported.Seconds(), ours.mails, ours.importing.memory>>20)
	fmt.Printf("publisher     %8.0f mails/s, %d recipients, %d connections, at most %d MB; %s\n",
		ours.perSecond(), ours.mails, b.connections, ours.sender.memory>>20, ours.cpu())
	fmt.Printf("one commit    %8.2f ms (median, synced)\n", ours.commit.Seconds()*1000)
}

// slow measures against a server that takes its time.
func (b bench) slow(recipients int) error {
	const delay = 50 * time.Millisecond
	ours, err := b.ours(recipients, delay, "")
	if err != nil {
		return err
	}
	fmt.Printf("replies after %v: %.0f mails/s of %.0f possible\n", delay, ours.perSecond(), float64(b.connections)/delay.Seconds())
	return nil
}

// signed measures each kind of signature, in turns with what the processors can do
// of them.
func (b bench) signed(recipients int) error {
	for _, algorithm := range []string{"rsa", "ed25519"} {
		var mails, signatures []float64
		for range max(1, b.rounds) {
			ours, err := b.ours(recipients, 0, algorithm)
			if err != nil {
				return err
			}
			possible, err := signaturesPerSecond(algorithm)
			if err != nil {
				return err
			}
			mails, signatures = append(mails, ours.perSecond()), append(signatures, possible)
		}
		fmt.Printf("signed (%s) %.0f mails/s; the processors alone make %.0f signatures/s\n", algorithm, middle(mails), middle(signatures))
	}
	return nil
}
