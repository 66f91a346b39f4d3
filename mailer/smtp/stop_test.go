package smtp

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/smtptest"

	"github.com/google/go-cmp/cmp"
)

// offers are the modes of SMTP that a stop must hold for.
var offers = map[string][]string{"pipelined": {"PIPELINING"}, "one by one": nil}

// The end of the context comes with the reply to a message, while the next envelope
// is on its way or already accepted: that message is neither intended nor sent.
func TestStopLeavesAnAcceptedEnvelope(t *testing.T) {
	for mode, offers := range offers {
		t.Run(mode, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			server := startScripted(t, func(e smtptest.Event) string {
				if e.Verb == "DOT" {
					cancel()
				}
				return ""
			}, offers...)
			q := newQueue(t, abc...)
			if err := newTestSender(t, server.config()).Deliver(ctx, q); !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v", err)
			}
			if diff := cmp.Diff(map[string]string{"a": "sent"}, q.summary()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if q.intended(abc[1]) {
				t.Error("b was intended after the end of the context")
			}
			if got := server.Verbs(1); strings.Count(got, "DOT") != 1 {
				t.Errorf("a second message was completed: %s", got)
			}
		})
	}
}

// The context ends while the intent of a message is being committed: it is deferred,
// and nothing of it goes out, not even a final dot.
func TestStopDefersWhatWasIntended(t *testing.T) {
	for mode, offers := range offers {
		t.Run(mode, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			server := startScripted(t, nil, offers...)
			q := newQueue(t, abc...)
			q.onCommit = func(_ *Outcome, next *Job) {
				if next != nil && next.To == abc[1] {
					cancel()
				}
			}
			if err := newTestSender(t, server.config()).Deliver(ctx, q); !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v", err)
			}
			if diff := cmp.Diff(map[string]string{"a": "sent", "b": "deferred"}, q.summary()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if got := q.outcomes[abc[1]].Reply; got != "stopped before it was sent" {
				t.Errorf("the reason is %q", got)
			}
			if got := server.Verbs(1); !strings.HasSuffix(got, "DOT MAIL RCPT DATA BODY") {
				t.Errorf("the connection was not left in the middle of DATA: %s", got)
			}
		})
	}
}

// Nothing more is due when the context ends: the good-bye is said all the same.
func TestStopSaysGoodbye(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := startScripted(t, func(e smtptest.Event) string {
		if e.Verb == "DOT" {
			cancel()
		}
		return ""
	}, "PIPELINING")
	q := newQueue(t, abc[0])
	if err := newTestSender(t, server.config()).Deliver(ctx, q); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	if got := server.Verbs(1); !strings.HasSuffix(got, "DOT QUIT") {
		t.Errorf("no good-bye: %s", got)
	}
}

// halfway is a server that has one message, for a, and answers it only when told to;
// over another connection it has an envelope, for b, and never answers that.
type halfway struct {
	*scriptedServer
	begun  sync.WaitGroup         // until it has both
	answer chan string            // to a's message
	idle   chan (<-chan struct{}) // closed when the client has left b's connection
}

func startHalfway(t *testing.T, offers ...string) *halfway {
	h := &halfway{answer: make(chan string), idle: make(chan (<-chan struct{}), 1)}
	h.begun.Add(2)
	var once sync.Once
	h.scriptedServer = startScripted(t, func(e smtptest.Event) string {
		switch {
		case e.Verb == "DOT" && e.Arg == abc[0]:
			h.begun.Done()
			return <-h.answer
		case e.Verb == "RCPT" && e.Arg == abc[1]:
			once.Do(func() {
				h.idle <- h.Ended(e.Conn)
				h.begun.Done()
			})
			return smtptest.Silent
		}
		return ""
	}, offers...)
	return h
}

// deliver sends to a and b until the server has both, and drains then. The sender's
// grace is so short that what is waited for in spite of it is waited for without end.
func (h *halfway) deliver(t *testing.T, stop context.Context) (*memoryQueue, <-chan error) {
	cfg := h.config()
	cfg.Connections, cfg.MessagesPerConnection, cfg.Timeout = 2, 1, time.Hour
	sender := newTestSender(t, cfg)
	sender.grace = 0
	q := newQueue(t, abc[:2]...)
	ctx, drain := context.WithCancelCause(t.Context())
	delivered := make(chan error, 1)
	go func() { delivered <- sender.Deliver(ctx, q) }()
	h.begun.Wait()
	drain(&Drain{Stop: stop})
	<-<-h.idle // at once, long before the reply to a comes
	return q, delivered
}

// A drain waits for the reply to a message, however long that takes, and for no more.
func TestDrainCutsNothingOff(t *testing.T) {
	for mode, offers := range offers {
		t.Run(mode, func(t *testing.T) {
			server := startHalfway(t, offers...)
			q, delivered := server.deliver(t, t.Context())
			select {
			case err := <-delivered:
				t.Fatalf("Deliver did not wait for the reply: %v, %v", err, q.summary())
			case server.answer <- "250 2.0.0 queued":
			}
			var drain *Drain
			if err := <-delivered; !errors.As(err, &drain) || !errors.Is(err, context.Canceled) {
				t.Errorf("got error %v, want the drain", err)
			}
			if diff := cmp.Diff(map[string]string{"a": "sent"}, q.summary()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

// A stop that comes while a drain waits leaves only the grace period.
func TestStopDuringDrain(t *testing.T) {
	server := startHalfway(t, "PIPELINING")
	ctx, stop := context.WithCancel(t.Context())
	q, delivered := server.deliver(t, ctx)
	stop()
	if err := <-delivered; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	if diff := cmp.Diff(map[string]string{"a": "uncertain"}, q.summary()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	server.answer <- "250 too late"
}

// A stop waits for the reply to a message for the grace period, and no longer.
func TestStopGrace(t *testing.T) {
	for _, test := range []struct {
		grace time.Duration
		want  string
	}{{time.Millisecond, "uncertain"}, {time.Hour, "sent"}} {
		ctx, stop := context.WithCancel(t.Context())
		answer := make(chan string)
		server := startScripted(t, func(e smtptest.Event) string {
			if e.Verb != "DOT" {
				return ""
			}
			stop()
			return <-answer
		}, "PIPELINING")
		cfg := server.config()
		cfg.Timeout = time.Hour
		sender := newTestSender(t, cfg)
		sender.grace = test.grace
		q := newQueue(t, abc...)
		delivered := make(chan error, 1)
		go func() { delivered <- sender.Deliver(ctx, q) }()
		if test.want == "uncertain" {
			<-delivered
			answer <- "250 too late"
		} else {
			answer <- "250 2.0.0 queued"
			<-delivered
		}
		if diff := cmp.Diff(map[string]string{"a": test.want}, q.summary()); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
	}
}

// The context ends while the first envelope of a connection is being accepted. Whether
// the reply still arrives is a matter of luck, hence many rounds; the message is left
// untried either way.
func TestStopWithTheFirstEnvelope(t *testing.T) {
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		server := startScripted(t, func(e smtptest.Event) string {
			if e.Verb == "DATA" {
				cancel()
			}
			return ""
		}, "PIPELINING")
		q := newQueue(t, abc...)
		if err := newTestSender(t, server.config()).Deliver(ctx, q); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v", err)
		}
		if q.commits != 0 {
			t.Fatalf("%d commits after the end of the context: %v", q.commits, q.summary())
		}
	}
}

// revoked is a limiter that counts nothing any more once a message is intended.
type revoked struct {
	*RateLimiter
	mu   sync.Mutex
	lost bool
}

func (r *revoked) Holds() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.lost
}

func (r *revoked) set(lost bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = lost
}

// A message that does not count any more once it is intended does not go out. It is tried again over
// another connection.
func TestNothingIsSentThatDoesNotCount(t *testing.T) {
	for mode, offers := range offers {
		t.Run(mode, func(t *testing.T) {
			server := startScripted(t, nil, offers...)
			limiter := &revoked{RateLimiter: NewRateLimiter(nil, time.Now)}
			q := newQueue(t, abc...)
			q.onCommit = func(done *Outcome, next *Job) {
				limiter.set(next != nil && next.To == abc[1])
			}
			sender := newTestSender(t, server.config())
			sender.Limit(limiter)
			if err := sender.Deliver(t.Context(), q); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(map[string]string{"a": "sent", "b": "deferred", "c": "sent"}, q.summary()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if o := q.outcomes[abc[1]]; !o.Stopped || server.Accepted()[abc[1]] != 0 {
				t.Errorf("b: %+v, and the server has %v", o, server.Accepted())
			}
		})
	}
}
