// Package hangup keeps SIGHUP from ending a program that is still being initialized.
//
// SIGHUP asks the daemon to reload, and it may come at any moment, while its default
// is to end the process. Most of the time before main is spent in the packages that
// prepare tables of grammars and the like. Go initializes the first package by import
// path whose own imports are ready, so that this one, which imports next to nothing,
// comes before them.
package hangup

import (
	"os"
	"os/signal"
	"syscall"
)

// caught is set once, and never again.
var caught = catch()

func catch() <-chan os.Signal {
	c := make(chan os.Signal, 1)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(c, syscall.SIGHUP)
	}
	return c
}

// Caught receives the first SIGHUP that has come since the program began. Where the
// parent had the program ignore them, there are none.
func Caught() <-chan os.Signal { return caught }
