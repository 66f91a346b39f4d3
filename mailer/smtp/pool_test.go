package smtp

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
	"publisher/internal/smtptest"
)

var abc = []string{"a@example.com", "b@example.com", "c@example.com"}

// on answers the verb for one recipient (or any, where to is "").
func on(verb, to, answer string) func(smtptest.Event) string {
	return func(e smtptest.Event) string {
		name, _, _ := strings.Cut(e.Arg, "@")
		if e.Verb == verb && (to == "" || name == to) {
			return answer
		}
		return ""
	}
}

// once is on, for the first time only.
func once(verb, to, answer string) func(smtptest.Event) string {
	var done atomic.Bool
	rule := on(verb, to, answer)
	return func(e smtptest.Event) string {
		if said := rule(e); said != "" && done.CompareAndSwap(false, true) {
			return said
		}
		return ""
	}
}

func rules(all ...func(smtptest.Event) string) func(smtptest.Event) string {
	return func(e smtptest.Event) string {
		for _, rule := range all {
			if said := rule(e); said != "" {
				return said
			}
		}
		return ""
	}
}

type conductTest struct {
	name   string
	script func(smtptest.Event) string
	want   map[string]string
	// accepted are the names of the recipients whose message the server took.
	accepted string
}

func conductTests() []conductTest {
	long := strings.Repeat("x", 10000)
	return []conductTest{
		{"all well", nil, map[string]string{"a": "sent", "b": "sent", "c": "sent"}, "a b c"},
		{"sender refused for good", once("MAIL", "", "550 5.7.1 not you"), map[string]string{"a": "failed 550", "b": "sent", "c": "sent"}, "b c"},
		{"sender refused for now", once("MAIL", "", "451 4.3.0 later"), map[string]string{"a": "deferred 451", "b": "sent", "c": "sent"}, "b c"},
		{"recipient unknown", on("RCPT", "b", "550 5.1.1 no such user"), map[string]string{"a": "sent", "b": "failed 550 address", "c": "sent"}, "a c"},
		{"recipient refused without status", on("RCPT", "b", "550 no"), map[string]string{"a": "sent", "b": "failed 550", "c": "sent"}, "a c"},
		{"recipient unknown in words", on("RCPT", "b", "550 no such user"), map[string]string{"a": "sent", "b": "failed 550 address", "c": "sent"}, "a c"},
		{"recipient refused for the sender", on("RCPT", "b", "550 5.1.1 sender unknown here"), map[string]string{"a": "sent", "b": "failed 550", "c": "sent"}, "a c"},
		{"recipient refused for a rate", on("RCPT", "b", "550 domain has exceeded the max emails per hour"), map[string]string{"a": "sent", "b": "deferred 550", "c": "sent"}, "a c"},
		{"sender refused with the recipient's code", once("MAIL", "", "550 5.1.1 no such user"), map[string]string{"a": "failed 550", "b": "sent", "c": "sent"}, "b c"},
		{"recipient refused by policy", on("RCPT", "b", "550 5.7.1 spam"), map[string]string{"a": "sent", "b": "failed 550", "c": "sent"}, "a c"},
		{"recipient deferred", on("RCPT", "b", "450 4.2.0 greylisted"), map[string]string{"a": "sent", "b": "deferred 450", "c": "sent"}, "a c"},
		{"recipient refused, yet 354", rules(on("RCPT", "b", "550 5.1.1 no"), on("DATA", "", "354 go")),
			map[string]string{"a": "sent", "b": "failed 550 address", "c": "sent"}, "a c"},
		{"last recipient refused, yet 354", rules(on("RCPT", "c", "550 5.1.1 no"), on("DATA", "", "354 go")),
			map[string]string{"a": "sent", "b": "sent", "c": "failed 550 address"}, "a b"},
		{"data refused", once("DATA", "", "451 4.3.0 no room"), map[string]string{"a": "deferred 451", "b": "sent", "c": "sent"}, "b c"},
		{"message refused", on("DOT", "b", "554 5.7.1 spam"), map[string]string{"a": "sent", "b": "failed 554", "c": "sent"}, "a c"},
		{"message refused without status", on("DOT", "b", "550 spam"), map[string]string{"a": "sent", "b": "failed 550", "c": "sent"}, "a c"},
		{"address refused after the message", on("DOT", "b", "550 5.1.1 no such user"), map[string]string{"a": "sent", "b": "failed 550 address", "c": "sent"}, "a c"},
		{"address refused after the message without words", on("DOT", "b", "550 5.1.1 no"), map[string]string{"a": "sent", "b": "failed 550", "c": "sent"}, "a c"},
		{"421 for an envelope", once("RCPT", "b", "421 4.7.0 enough"+smtptest.ThenClose), map[string]string{"a": "sent", "b": "sent", "c": "sent"}, "a b c"},
		{"421 for the first envelope", once("MAIL", "", "421 4.7.0 enough"+smtptest.ThenClose), map[string]string{"a": "deferred 421", "b": "sent", "c": "sent"}, "b c"},
		{"421 for DATA", once("DATA", "", "421 4.3.2 down"+smtptest.ThenClose), map[string]string{"a": "deferred 421", "b": "sent", "c": "sent"}, "b c"},
		{"421 for a message", on("DOT", "b", "421 4.3.2 down"+smtptest.ThenClose), map[string]string{"a": "sent", "b": "deferred 421", "c": "sent"}, "a c"},
		{"250 for a message, then closed", on("DOT", "b", "250 ok"+smtptest.ThenClose), map[string]string{"a": "sent", "b": "sent", "c": "sent"}, "a b c"},
		{"closed instead of a reply to an envelope", once("RCPT", "b", smtptest.Close), map[string]string{"a": "sent", "b": "sent", "c": "sent"}, "a b c"},
		{"closed after the dot", on("DOT", "b", smtptest.Close), map[string]string{"a": "sent", "b": "uncertain", "c": "sent"}, "a c"},
		{"no reply after the dot", on("DOT", "b", smtptest.Hang), map[string]string{"a": "sent", "b": "uncertain", "c": "sent"}, "a c"},
		{"no reply to an envelope", once("RCPT", "b", smtptest.Hang), map[string]string{"a": "sent", "b": "sent", "c": "sent"}, "a b c"},
		{"many lines", on("DOT", "b", "250-one\r\n250-two\r\n250 three"), map[string]string{"a": "sent", "b": "sent", "c": "sent"}, "a b c"},
		{"a very long line", on("DOT", "b", "554 5.6.0 "+long), map[string]string{"a": "sent", "b": "failed 554", "c": "sent"}, "a c"},
		{"no SMTP after the dot", on("DOT", "b", "HTTP/1.1 400 Bad Request"), map[string]string{"a": "sent", "b": "uncertain", "c": "sent"}, "a c"},
		{"no SMTP to an envelope", once("RCPT", "b", "<html>"), map[string]string{"a": "sent", "b": "sent", "c": "sent"}, "a b c"},
		{"endless reply", on("DOT", "b", "250-"+strings.Repeat(long+"\r\n250-", 100)), map[string]string{"a": "sent", "b": "uncertain", "c": "sent"}, "a b c"},
		{"354 for a message", on("DOT", "b", "354 what"), map[string]string{"a": "sent", "b": "uncertain", "c": "sent"}, "a c"},
	}
}

func TestDeliverConduct(t *testing.T) {
	for _, offers := range [][]string{{"PIPELINING", "ENHANCEDSTATUSCODES"}, nil} {
		for _, test := range conductTests() {
			mode := "one by one"
			if offers != nil {
				mode = "pipelined"
			}
			t.Run(mode+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				q := newQueue(t, abc...)
				server := startScripted(t, func(e smtptest.Event) string {
					if e.Verb == "DOT" && e.Arg != "" && !q.intended(e.Arg) {
						t.Errorf("the body for %s went out before its intent", e.Arg)
					}
					if test.script == nil {
						return ""
					}
					return test.script(e)
				}, offers...)
				cfg := server.config()
				cfg.Timeout = 300 * time.Millisecond
				if err := newTestSender(t, cfg).Deliver(t.Context(), q); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, q.summary()); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
				var accepted []string
				for _, to := range server.Recipients() {
					name, _, _ := strings.Cut(to, "@")
					accepted = append(accepted, name)
				}
				if got := strings.Join(accepted, " "); got != test.accepted {
					t.Errorf("the server took %q, want %q", got, test.accepted)
				}
				for to, body := range server.Messages() {
					if to != "" && body != fmt.Sprintf(testBody, to) {
						t.Errorf("the body for %s came as %q", to, body)
					}
				}
			})
		}
	}
}

func TestDeliverPipelines(t *testing.T) {
	q := newQueue(t, abc...)
	server := startScripted(t, nil, "PIPELINING")
	if err := newTestSender(t, server.config()).Deliver(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	want := "CONNECT EHLO MAIL RCPT DATA BODY DOT MAIL RCPT DATA BODY DOT MAIL RCPT DATA BODY DOT QUIT"
	if got := server.Verbs(1); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// The first intent, two results with the next intent, the last result.
	if q.commits != 4 {
		t.Errorf("%d commits for 3 messages, want 4", q.commits)
	}
}

// A break while the body is still going out cannot have delivered anything.
func TestDeliverBreakBeforeTheDot(t *testing.T) {
	server := startScripted(t, once("BODY", "a", smtptest.Close), "PIPELINING")
	q := newQueue(t, "a@example.com", "b@example.com")
	huge := strings.Repeat("0123456789\r\n", 4<<20/12*8) // more than the socket's buffers take
	q.jobs[0].Append = func(dst []byte) []byte { return append(dst, huge...) }
	if err := newTestSender(t, server.config()).Deliver(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "deferred", "b": "sent"}, q.summary()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestDeliverCommitSaysNo(t *testing.T) {
	for _, offers := range [][]string{{"PIPELINING"}, nil} {
		server := startScripted(t, nil, offers...)
		q := newQueue(t, abc...)
		q.allow = func(j *Job) bool { return !strings.HasPrefix(j.To, "b@") }
		if err := newTestSender(t, server.config()).Deliver(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{abc[0], abc[2]}, server.Recipients()); diff != "" {
			t.Errorf("accepted (-want +got):\n%s", diff)
		}
		if got := server.Verbs(1); !strings.HasSuffix(got, "MAIL RCPT DATA BODY") {
			t.Errorf("the connection was not left in the middle of DATA: %s", got)
		}
	}
}

func TestDeliverCommitFails(t *testing.T) {
	server := startScripted(t, nil, "PIPELINING")
	broken := errors.New("disk full")
	q := &brokenQueue{memoryQueue: newQueue(t, abc...), err: broken, after: 2}
	err := newTestSender(t, server.config()).Deliver(t.Context(), q)
	if !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
	if got := server.Recipients(); len(got) != 1 {
		t.Errorf("%d messages went out, want the one whose intent was recorded", len(got))
	}
}

type brokenQueue struct {
	*memoryQueue
	after int
	err   error
}

func (q *brokenQueue) Commit(ctx context.Context, done *Outcome, next *Job) (bool, error) {
	if q.after--; q.after <= 0 {
		return false, q.err
	}
	return q.memoryQueue.Commit(ctx, done, next)
}

func TestDeliverMessagesPerConnection(t *testing.T) {
	server := startScripted(t, nil, "PIPELINING")
	cfg := server.config()
	cfg.MessagesPerConnection = 2
	q := newQueue(t, abc...)
	if err := newTestSender(t, cfg).Deliver(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	for conn, want := range map[int]string{
		1: "CONNECT EHLO MAIL RCPT DATA BODY DOT MAIL RCPT DATA BODY DOT QUIT",
		2: "CONNECT EHLO MAIL RCPT DATA BODY DOT QUIT",
	} {
		if got := server.Verbs(conn); got != want {
			t.Errorf("connection %d: got  %s\nwant %s", conn, got, want)
		}
	}
}

// Connections beyond what the server allows are refused; the others do the work.
func TestDeliverSomeConnectionsRefused(t *testing.T) {
	var mu sync.Mutex
	open := 0
	server := startScripted(t, func(e smtptest.Event) string {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case e.Verb == "CONNECT" && open == 2:
			return "421 4.7.0 too many connections" + smtptest.ThenClose
		case e.Verb == "CONNECT":
			open++
		case e.Verb == "QUIT":
			open--
		}
		return ""
	}, "PIPELINING")
	cfg := server.config()
	cfg.Connections = 8
	q := newQueue(t, addresses(300)...)
	if err := newTestSender(t, cfg).Deliver(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if got := len(server.Recipients()); got != 300 {
		t.Errorf("%d of 300 messages went out", got)
	}
}

func TestDeliverServerGoesAway(t *testing.T) {
	server := startScripted(t, func(e smtptest.Event) string {
		if e.Conn > 1 {
			return smtptest.Close
		}
		if e.Verb == "DOT" {
			return "250 ok" + smtptest.ThenClose
		}
		return ""
	}, "PIPELINING")
	q := newQueue(t, abc...)
	err := newTestSender(t, server.config()).Deliver(t.Context(), q)
	var failed *ConnectError
	if !errors.As(err, &failed) || failed.AuthFailed {
		t.Fatalf("got error %v, want a ConnectError", err)
	}
	if diff := cmp.Diff(map[string]string{"a": "sent"}, q.summary()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// A server that takes no message at all is given up, not run through the list.
func TestDeliverGivesUpOnAServerThatTakesNothing(t *testing.T) {
	server := startScripted(t, on("MAIL", "", "421 4.3.2 shutting down"+smtptest.ThenClose), "PIPELINING")
	q := newQueue(t, addresses(100)...)
	err := newTestSender(t, server.config()).Deliver(t.Context(), q)
	var failed *ConnectError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "421 4.3.2 shutting down") {
		t.Fatalf("got error %v, want a ConnectError", err)
	}
	if got := len(q.outcomes); got != attempts+1 {
		t.Errorf("%d recipients were charged for it", got)
	}
}

func TestDeliverManyConnectionsUnderFaults(t *testing.T) {
	before := runtime.NumGoroutine()
	var n atomic.Int64
	server := startScripted(t, func(e smtptest.Event) string {
		if e.Verb != "MAIL" && e.Verb != "RCPT" && e.Verb != "DATA" && e.Verb != "DOT" {
			return ""
		}
		switch n.Add(1) % 101 {
		case 13:
			return "421 4.3.2 busy" + smtptest.ThenClose
		case 37:
			return smtptest.Close
		case 53:
			return "450 4.2.0 later"
		case 71:
			return "550 5.7.1 no"
		}
		return ""
	}, "PIPELINING")
	cfg := server.config()
	cfg.Connections = 10
	q := newQueue(t, addresses(1000)...)
	if err := newTestSender(t, cfg).Deliver(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if len(q.outcomes) != 1000 {
		t.Errorf("%d of 1000 recipients have an outcome", len(q.outcomes))
	}
	sent := map[string]bool{}
	for to, o := range q.outcomes {
		if o.Verdict == Sent {
			sent[to] = true
		}
	}
	for _, to := range server.Recipients() {
		if !sent[to] {
			t.Errorf("the server took the message for %s, which is %v", to, q.outcomes[to].Verdict)
		}
		delete(sent, to)
	}
	if len(sent) > 0 {
		t.Errorf("%d messages count as sent that the server has not", len(sent))
	}
	for _, e := range server.Events() {
		<-server.Ended(e.Conn) // the server has seen the end of every connection
	}
	server.Close()
	for range 10000 {
		if runtime.NumGoroutine() <= before+2 {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func TestDeliverRate(t *testing.T) {
	var mu sync.Mutex
	var taken []time.Time
	server := startScripted(t, func(e smtptest.Event) string {
		if e.Verb == "DOT" {
			mu.Lock()
			taken = append(taken, time.Now())
			mu.Unlock()
		}
		return ""
	}, "PIPELINING")
	cfg := server.config()
	cfg.Connections = 4
	cfg.Rate = []config.Rate{{Count: 5, Per: 200 * time.Millisecond}}
	if err := newTestSender(t, cfg).Deliver(t.Context(), newQueue(t, addresses(18)...)); err != nil {
		t.Fatal(err)
	}
	for i := 5; i < len(taken); i++ {
		if d := taken[i].Sub(taken[i-5]); d < 200*time.Millisecond {
			t.Errorf("messages %d to %d came within %v", i-5, i, d)
		}
	}
	if len(taken) != 18 {
		t.Errorf("%d messages", len(taken))
	}
}

func TestDeliverInternationalAddresses(t *testing.T) {
	for _, test := range []struct {
		name, to, rcpt, mail string
		offers               []string
		want                 string
	}{
		{"domain", "jörg@bücher.example", "", "", []string{"PIPELINING"}, "failed"},
		{"domain only", "joerg@bücher.example", "joerg@xn--bcher-kva.example", "FROM:<bounces@example.com>", []string{"PIPELINING", "SMTPUTF8"}, "sent"},
		{"local part", "jörg@bücher.example", "jörg@xn--bcher-kva.example", "FROM:<bounces@example.com> SMTPUTF8", []string{"PIPELINING", "SMTPUTF8"}, "sent"},
		{"quoted", `"ada lovelace"@example.com`, `"ada lovelace"@example.com`, "FROM:<bounces@example.com>", nil, "sent"},
		{"injection", "a@example.com>\r\nRCPT TO:<b@example.com", "", "", nil, "failed address"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := startScripted(t, nil, test.offers...)
			q := newQueue(t, test.to)
			if err := newTestSender(t, server.config()).Deliver(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			var rcpt, mail string
			for _, e := range server.Events() {
				switch e.Verb {
				case "MAIL":
					mail = e.Arg
				case "RCPT":
					rcpt = e.Arg
				}
			}
			name, _, _ := strings.Cut(test.to, "@")
			if got := q.summary()[name]; got != test.want || rcpt != test.rcpt || mail != test.mail {
				t.Errorf("%s over MAIL %s RCPT %s; %v", got, mail, rcpt, q.outcomes[test.to])
			}
		})
	}
}

func addresses(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("r%d@example.com", i)
	}
	return out
}
