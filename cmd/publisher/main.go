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
	os.Exit(underSignals(system{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv, now: time.Now}))
}

// underSignals runs the program's command line and returns its exit code.
func underSignals(sys system) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	sys.hangups = earlysignal.Hangups()
	// The first signal asks for an orderly end; a second one finds no handler and ends at once.
	go func() {
		select {
		case <-earlysignal.Stops():
			signal.Reset(os.Interrupt, syscall.SIGTERM)
			stop()
		case <-ctx.Done():
		}
	}()
	governMemory(sys.lookup)
	return run(ctx, os.Args[1:], sys)
}
