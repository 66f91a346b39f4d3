package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"publisher/internal/web/connlimit"
)

const maxHeader = 16 << 10

// Timeouts limit every phase of a connection. Zero means the default.
type Timeouts struct {
	Header time.Duration // to read a request's headers: 10 s by default
	Read   time.Duration // to read the whole request: 30 s
	Write  time.Duration // from then to send the response: 60 s, longer for large files
	Idle   time.Duration // between two requests: 2 min
	Grace  time.Duration // for requests in flight when Serve's context ends: 8 s
}

// Server runs a handler on a listener.
type Server struct {
	Handler  http.Handler
	Timeouts Timeouts
	Proxies  []netip.Prefix // counted in the total only: server.trusted_proxies of the config
	Log      *slog.Logger   // nil discards it
}

// Serve answers requests until ctx ends. It then accepts no more, lets requests in flight and
// the changes they asked for finish within the grace period, cuts off the rest, and returns
// nil. It closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	// Requests outlive ctx by the grace period at most.
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	limited := connlimit.New(listener, s.Proxies)
	server := s.server(requests)
	server.ConnState = limited.Track
	h, ours := s.Handler.(*Handler)
	var saving sync.WaitGroup
	if ours {
		saving.Go(func() { h.saveReaders(ctx) })
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(limited) }()
	select {
	case err := <-failed:
		server.Close()
		return fmt.Errorf("serving on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, done := context.WithTimeout(requests, cmp.Or(s.Timeouts.Grace, 8*time.Second))
	defer done()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if ours {
		saving.Wait()
		h.Drain(grace)
	}
	if err != nil {
		return fmt.Errorf("stopping the web server on %s: %w", listener.Addr(), err)
	}
	return nil
}

func (s *Server) server(requests context.Context) *http.Server {
	log := s.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	t := s.Timeouts
	return &http.Server{
		Handler:           s.Handler,
		ReadHeaderTimeout: cmp.Or(t.Header, 10*time.Second),
		ReadTimeout:       cmp.Or(t.Read, 30*time.Second),
		WriteTimeout:      cmp.Or(t.Write, 60*time.Second),
		IdleTimeout:       cmp.Or(t.Idle, 2*time.Minute),
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return requests },
		// net/http's complaints are about clients, and contain addresses.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
