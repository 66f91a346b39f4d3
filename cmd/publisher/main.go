// Command publisher turns a folder of Markdown posts into feeds and mailed
// digests. See `publisher help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"publisher/internal/earlysignal"
)

func main() {
	os.Exit(runWithSignals(system{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv, now: time.Now}))
}

// runWithSignals runs the program's command line and returns its exit code.
func runWithSignals(sys system) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	sys.hangups = earlysignal.Hangups()
	// The first signal asks for an orderly end. A second one finds no handler and kills.
	go func() {
		select {
		case <-earlysignal.Stops():
			signal.Reset(os.Interrupt, syscall.SIGTERM)
			stop()
		case <-ctx.Done():
		}
	}()
	tuneGC(sys.lookup)
	return run(ctx, os.Args[1:], sys)
}
