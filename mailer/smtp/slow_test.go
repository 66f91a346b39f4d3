package smtp

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"publisher/internal/smtptest"
	"publisher/mailer/refusal"
)

// A server bears three connections; that is found out, and nobody waits for it.
func TestDeliverFindsHowManyConnectionsAreBorne(t *testing.T) {
	for _, test := range []struct{ name, verb, reply string }{
		{"after the message", "DOT", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"},
		{"to MAIL", "MAIL", "451 4.7.0 too many concurrent sessions"},
		{"to RCPT", "RCPT", "450 4.3.2 connection limit exceeded"},
	} {
		for _, offers := range [][]string{{"PIPELINING"}, nil} {
			t.Run(test.name+" "+strings.Join(offers, ""), func(t *testing.T) {
				t.Parallel()
				const borne = 3
				var mu sync.Mutex
				open := 0
				server := startScripted(t, func(e smtptest.Event) string {
					mu.Lock()
					defer mu.Unlock()
					switch {
					case e.Verb == "CONNECT":
						open++
					case e.Verb == "QUIT":
						open--
					case e.Verb == test.verb && open > borne:
						return test.reply
					}
					return ""
				}, offers...)
				cfg := server.config()
				cfg.Connections = 10
				q := newQueue(t, addresses(1000)...)
				sender := newTestSender(t, cfg)
				if err := sender.Deliver(t.Context(), q); err != nil {
					t.Fatal(err)
				}
				if got := len(server.Recipients()); got != 1000 {
					t.Errorf("%d of 1000 messages went out", got)
				}
				for to, o := range q.outcomes {
					if o.Verdict != Sent {
						t.Errorf("%s is %v", to, o.Verdict)
					}
				}
				if got := sender.Connections(); got < borne-1 || got > borne+1 {
					t.Errorf("%d connections in the end, want about %d", got, borne)
				}
				if q.again > 300 {
					t.Errorf("%d messages were refused before it was known", q.again)
				}
			})
		}
	}
}

// One connection is too fast: it pauses, and everything goes out.
func TestDeliverPausesWhereOneConnectionIsTooFast(t *testing.T) {
	var mu sync.Mutex
	n := 0
	server := startScripted(t, func(e smtptest.Event) string {
		if e.Verb != "DOT" {
			return ""
		}
		mu.Lock()
		defer mu.Unlock()
		if n++; n%4 != 0 {
			return "454 Throttling failure: Maximum sending rate exceeded."
		}
		return ""
	}, "PIPELINING")
	cfg := server.config()
	cfg.Connections = 4
	q := newQueue(t, addresses(25)...)
	if err := newTestSender(t, cfg).Deliver(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if got := len(server.Recipients()); got != 25 {
		t.Errorf("%d of 25 messages went out", got)
	}
}

// A server that takes not even one message at a time, or nothing more today, ends the
// delivery; what was not tried stays with the queue, and nobody has failed.
func TestDeliverEndsWhereTheServerTakesNoMore(t *testing.T) {
	for _, test := range []struct {
		name, verb, reply string
		charged           int
		want              []string
	}{
		{"not even one at a time", "DOT", "432 4.3.2 Concurrent connections limit exceeded", 0, []string{"432 4.3.2 Concurrent", "not accept even one", "next pass"}},
		{"an hour's quota", "RCPT", "550 Domain has exceeded the max emails per hour (5/5) allowed", 10, []string{"550 Domain has exceeded", "sending limit is reached", "mail.smtp.rate"}},
		{"a day's quota", "DOT", "550 5.4.5 Daily user sending limit exceeded", 10, []string{"550 5.4.5", "next pass"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := startScripted(t, on(test.verb, "", test.reply), "PIPELINING")
			cfg := server.config()
			cfg.Connections = 3
			q := newQueue(t, addresses(200)...)
			err := newTestSender(t, cfg).Deliver(t.Context(), q)
			var failed *ConnectError
			if !errors.As(err, &failed) || failed.AuthFailed {
				t.Fatalf("got error %v, want a ConnectError", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if got := len(q.outcomes); got < test.charged || got > test.charged+2*cfg.Connections {
				t.Errorf("%d recipients were charged for it, want about %d", got, test.charged)
			}
			for to, o := range q.outcomes {
				if o.Verdict != Temporary || o.About == refusal.AboutMailbox {
					t.Errorf("%s is %v, %v", to, o.Verdict, o.About)
				}
			}
			if len(server.Recipients()) > 0 {
				t.Error("a message was taken")
			}
		})
	}
}
