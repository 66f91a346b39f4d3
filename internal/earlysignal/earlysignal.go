// Package earlysignal keeps signals from ending a program that is still being
// initialized.
//
// SIGHUP asks the daemon to reload, and SIGTERM and SIGINT ask for an orderly end. They can
// arrive at any moment, and by default they kill the process. Most of the time before main is
// spent in packages that prepare tables of grammars and the like. Go initializes the first
// package by import path whose own imports are ready, so this one, which imports almost
// nothing, comes before them.
package earlysignal

import (
	"os"
	"os/signal"
	"syscall"
)

// The signals caught before main. Each is set once.
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

// Hangups returns a channel that receives the first SIGHUP since the program started, unless
// the parent process made the program ignore them.
func Hangups() <-chan os.Signal { return hangups }

// Stops returns a channel that receives the first SIGTERM or SIGINT in the same way.
func Stops() <-chan os.Signal { return stops }
