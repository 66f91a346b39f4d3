// Command benchsend measures how many mails a second the program sends, from a
// ledger on disk to a sink on this machine, beside Postfix's smtp-source, which
// keeps no record at all.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	recipients := flag.Int("recipients", 50_000, "how many get the mail")
	connections := flag.Int("connections", 20, "how many connections at once")
	folder := flag.String("dir", "", "where the ledger is made (default the system's temporary folder)")
	alone := flag.Bool("alone", false, "measure importing and sending alone, without smtp-source, slow replies and signatures")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: benchsend [flags] PROGRAM")
		os.Exit(2)
	}
	b := bench{program: flag.Arg(0), connections: *connections, folder: *folder}
	if err := b.run(*recipients, *alone); err != nil {
		fmt.Fprintln(os.Stderr, "benchsend:", err)
		os.Exit(1)
	}
}

type bench struct {
	program     string
	folder      string
	connections int
}

// run prints each measurement as it is made.
func (b bench) run(recipients int, alone bool) error {
	program, err := filepath.Abs(b.program)
	if err != nil {
		return err
	}
	b.program = program
	ours, err := b.ours(recipients, 0, "")
	if err != nil {
		return err
	}
	fmt.Printf("import        %8.1f s for %d subscribers, at most %d MB\n", ours.imported.Seconds(), recipients, ours.importing.memory>>20)
	fmt.Printf("publisher     %8.0f mails/s, %d recipients, %d connections, at most %d MB; %s\n",
		ours.perSecond(), recipients, b.connections, ours.sender.memory>>20, ours.cpu())
	fmt.Printf("one commit    %8.2f ms (median, synchronous=FULL)\n", ours.commit.Seconds()*1000)
	if alone {
		return nil
	}
	theirs, err := b.smtpSource(recipients, ours.octets/int64(recipients))
	switch {
	case errors.Is(err, exec.ErrNotFound):
		fmt.Println("smtp-source   not installed (Debian's package postfix)")
	case err != nil:
		return err
	default:
		fmt.Printf("smtp-source   %8.0f mails/s; %s; ratio %.2f\n", theirs.perSecond(), theirs.cpu(), ours.perSecond()/theirs.perSecond())
	}
	if err := b.slow(min(recipients, 5_000)); err != nil {
		return err
	}
	return b.signed(min(recipients, 10_000))
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

// signed measures each kind of signature, and what the processors can do of them.
func (b bench) signed(recipients int) error {
	for _, algorithm := range []string{"rsa", "ed25519"} {
		ours, err := b.ours(recipients, 0, algorithm)
		if err != nil {
			return err
		}
		possible, err := signaturesPerSecond(algorithm)
		if err != nil {
			return err
		}
		fmt.Printf("signed (%s) %.0f mails/s; the processors alone make %.0f signatures/s\n", algorithm, ours.perSecond(), possible)
	}
	return nil
}
