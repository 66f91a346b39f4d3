package service_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/publish"
	"publisher/internal/service"
)

// The test binary runs itself as a daemon whose clock the test moves: the variables are the folder of its
// config, and what time it is, as in RFC 3339.
const (
	daemonFolder = "SERVICE_TEST_FOLDER"
	daemonTime   = "SERVICE_TEST_TIME"
)

func TestMain(m *testing.M) {
	folder, ok := os.LookupEnv(daemonFolder)
	if !ok {
		os.Exit(m.Run())
	}
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	now, err := time.Parse(time.RFC3339Nano, os.Getenv(daemonTime))
	if err == nil {
		err = serveByClock(ctx, folder, now, log)
	}
	if err != nil {
		log.Error(logEnded, "error", err)
		os.Exit(1)
	}
}

// What a daemon whose clock the test moves logs: the mail of a look is done, it waits after a look, and it
// failed.
const (
	logEnded  = "ended"
	logMailed = "mailed"
	logWaits  = "waits"
)

// serveByClock serves until ctx ends. Standard input has the times, a line each.
func serveByClock(ctx context.Context, folder string, now time.Time, log *slog.Logger) error {
	c := &clock{now: now, moved: make(chan struct{}), looked: map[context.Context]time.Time{}, log: log}
	go c.follow(os.Stdin)
	file := filepath.Join(folder, "config.yaml")
	s := &service.Service{File: file, Load: func() (*config.Config, error) { return config.Load(file, os.LookupEnv) },
		Lookup: os.LookupEnv, Now: c.read, Log: log, Build: "test",
		Passes: publish.DaemonOptions{Every: 30 * 24 * time.Hour, Wait: c.wait, Poll: 50 * time.Millisecond,
			Mailed: func(looked time.Time) { log.Info(logMailed, "looked", looked) }}}
	return s.Run(ctx)
}

// clock is moved by the test.
type clock struct {
	log *slog.Logger

	mu     sync.Mutex
	now    time.Time
	moved  chan struct{}
	looked map[context.Context]time.Time // when the last look began, or before, by who waits
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// follow moves the clock as the lines say.
func (c *clock) follow(lines io.Reader) {
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		if to, err := time.Parse(time.RFC3339Nano, scanner.Text()); err == nil {
			c.mu.Lock()
			c.now = to
			close(c.moved)
			c.moved = make(chan struct{})
			c.mu.Unlock()
		}
	}
}

// wait returns once the clock has moved since the last look began.
func (c *clock) wait(ctx context.Context, until time.Time, _ <-chan struct{}) error {
	c.mu.Lock()
	looked, known := c.looked[ctx]
	c.mu.Unlock()
	if known {
		c.log.Info(logWaits, "looked", looked, "until", until)
	}
	for {
		c.mu.Lock()
		now, moved := c.now, c.moved
		if now.After(looked) { // the first time it is not known when the look began
			c.looked[ctx] = now
			c.mu.Unlock()
			return nil
		}
		c.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
