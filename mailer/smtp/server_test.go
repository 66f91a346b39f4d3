package smtp

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/smtptest"
	"publisher/mailer/refusal"
)

// scriptedServer is a server that behaves until its script says otherwise.
type scriptedServer struct{ *smtptest.Server }

func startScripted(t *testing.T, script func(smtptest.Event) string, keywords ...string) *scriptedServer {
	t.Helper()
	if keywords == nil {
		keywords = []string{} // not even PIPELINING
	}
	return &scriptedServer{smtptest.Start(t, smtptest.Options{Script: script, Keywords: keywords, Record: true})}
}

// config returns a config that reaches the server over one connection.
func (s *scriptedServer) config() config.SMTP {
	return config.SMTP{Host: "127.0.0.1", Port: s.Port(), TLS: "none", Auth: "auto", Connections: 1, Timeout: 5 * time.Second}
}

// memoryQueue keeps its records in memory, and fails the test where the sender
// breaks the queue's rules.
type memoryQueue struct {
	t *testing.T
	// allow is asked about each next; nil allows all.
	allow func(*Job) bool
	// onCommit is called with each commit.
	onCommit func(done *Outcome, next *Job)

	mu       sync.Mutex
	jobs     []*Job
	out      map[*Job]bool
	intents  map[string]bool
	outcomes map[string]*Outcome
	commits  int
	again    int // outcomes that put their job back
}

const testBody = "From: a@example.com\r\nSubject: x\r\n\r\n.hidden dot\r\nbody of %s\r\n"

func newQueue(t *testing.T, addresses ...string) *memoryQueue {
	q := &memoryQueue{t: t, out: map[*Job]bool{}, intents: map[string]bool{}, outcomes: map[string]*Outcome{}}
	for _, a := range addresses {
		q.jobs = append(q.jobs, &Job{ReturnPath: "bounces@example.com", To: a, Append: func(dst []byte) []byte {
			return fmt.Appendf(dst, testBody, a)
		}})
	}
	return q
}

func (q *memoryQueue) Next(context.Context) (*Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.jobs) == 0 {
		return nil, io.EOF
	}
	job := q.jobs[0]
	q.jobs = q.jobs[1:]
	q.out[job] = true
	return job, nil
}

func (q *memoryQueue) Commit(_ context.Context, done *Outcome, next *Job) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.commits++
	if q.onCommit != nil {
		q.onCommit(done, next)
	}
	if done != nil {
		if q.outcomes[done.Job.To] != nil {
			q.t.Errorf("%s ended twice", done.Job.To)
		}
		if !q.out[done.Job] {
			q.t.Errorf("%s ended, but was never handed out", done.Job.To)
		}
		if !q.intents[done.Job.To] && (done.Verdict == Sent || done.Verdict == Uncertain) {
			q.t.Errorf("%s is %v without an intent", done.Job.To, done.Verdict)
		}
		if done.Again {
			q.again++
			q.intents[done.Job.To] = false
			q.jobs = append(q.jobs, done.Job)
		} else {
			q.outcomes[done.Job.To] = done
		}
	}
	if next != nil {
		if q.intents[next.To] {
			q.t.Errorf("%s was intended twice", next.To)
		}
		if q.allow != nil && !q.allow(next) {
			return false, nil
		}
		q.intents[next.To] = true
	}
	return true, nil
}

// intended tells whether the body for the address may go out.
func (q *memoryQueue) intended(address string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.intents[address]
}

// summary is each recipient's outcome in short, in the order of addresses.
func (q *memoryQueue) summary() map[string]string {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := map[string]string{}
	for to, o := range q.outcomes {
		name, _, _ := strings.Cut(to, "@")
		text := o.Verdict.String()
		if o.Code != 0 && o.Verdict != Sent {
			text += fmt.Sprintf(" %d", o.Code)
		}
		if o.About == refusal.AboutMailbox {
			text += " address"
		}
		out[name] = text
	}
	return out
}

func newTestSender(t *testing.T, cfg config.SMTP) *Sender {
	t.Helper()
	s, err := NewSender(cfg, "client.example.com")
	if err != nil {
		t.Fatal(err)
	}
	s.pause = time.Millisecond
	return s
}
