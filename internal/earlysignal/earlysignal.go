// Package earlysignal keeps signals from ending a program that is still being
// initialized.
//
// SIGHUP asks the daemon to reload, SIGTERM and SIGINT ask for an orderly end, and they
// may come at any moment, while their default is to end the process. Most of the time
// before main is spent in the packages that prepare tables of grammars and the like. Go
// initializes the first package by import path whose own imports are ready, so that this
// one, which imports next to nothing, comes before them.
package earlysignal

import (
	"os"
	"os/signal"
	"syscall"
)

// What was caught before main; each is set once, and never again.
var (
	hangups = catch(syscall.SIGHUP)
	stops   = catch(syscall.SIGTERM, os.Interrupt)
)

func catch(signals ...os.Signal) <-chan os.Signal {
	c := make(chan os.Signal, 1)
	for _, s := range signals {
		if !signal.Ignored(s) { // as nohup has it
			signal.Notify(c, s)
		}
	}
	return c
}

// Hangups receives the first SIGHUP that has come since the program began. Where the
// parent had the program ignore them, there are none.
func Hangups() <-chan os.Signal { return hangups }

// Stops receives the first SIGTERM or SIGINT likewise.
func Stops() <-chan os.Signal { return stops }
