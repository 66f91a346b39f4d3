package smtp

import (
	"context"

	"publisher/mailer/refusal"
)

// Job is one message to deliver.
type Job struct {
	ReturnPath string // "" for the null return path
	To         string
	// Append appends the whole message to dst.
	Append func(dst []byte) []byte
	// Stuffed tells that it can go out as it is, as Message.Append makes it: lines end
	// in CRLF, and none begins with a dot (RFC 5321 §4.5.2).
	Stuffed bool
	// Size is how many octets Append appends at most; 0 where nobody has reckoned.
	Size int
	// Urgent tells that no other job overtakes this one: see UrgentQueue.
	Urgent bool
	// Ref is the queue's own record; the mailer does not look at it.
	Ref any
}

// Verdict is the result of an attempt.
type Verdict int

const (
	Sent      Verdict = iota
	Temporary         // 4xx, or a connection fault before the body was complete
	Permanent         // 5xx, save those that only ask for less
	Uncertain         // the connection broke after the body, before the reply
)

func (v Verdict) String() string {
	switch v {
	case Sent:
		return "sent"
	case Temporary:
		return "deferred"
	case Permanent:
		return "failed"
	}
	return "uncertain"
}

// Outcome is the result of a job.
type Outcome struct {
	Job     *Job
	Verdict Verdict
	// About is what a refusal is about. Only AboutMailbox means that the recipient's
	// address does not work.
	About refusal.About
	// Again reports that the server refused (Temporary) only because it was sent too much
	// at once, which says nothing about the job: it can be handed out again right away.
	Again bool
	// Stopped tells that the message was not begun since delivery was to end, or since a
	// Limiter does not count it any more: nothing is wrong with it, and it can be tried again
	// at once.
	Stopped bool
	// TooLarge tells that the message is longer than the server says that it accepts, and
	// was not sent.
	TooLarge bool
	Code     int    // SMTP reply code; 0 for a connection fault
	Enhanced string // RFC 3463, such as "5.1.1"; "" for none
	Reply    string // the server's words, one line, or the fault's

	exhausted bool // a quota is used up
}

// Words returns the server's reply with its codes, or the text of the error.
func (o *Outcome) Words() string {
	if o.Code == 0 {
		return o.Reply
	}
	return reply{code: o.Code, enhanced: o.Enhanced, text: o.Reply}.String()
}

// Queue provides jobs and records their results. Its methods are called concurrently by many
// connections.
type Queue interface {
	// Next returns the next job, or io.EOF. Nothing is written down yet: a job that
	// was handed out and never given to Commit has not been tried. Next must not wait
	// for time to pass, since a connection that has a message to finish calls it too.
	Next(ctx context.Context) (*Job, error)
	// Commit writes down, durably and in one step, how done ended and that next's
	// body is about to go out; either may be nil. False: next must not be sent. A job
	// whose envelope was refused comes as done without ever having been next.
	Commit(ctx context.Context, done *Outcome, next *Job) (bool, error)
}

// UrgentQueue is a Queue some of whose jobs overtake the others, and that can get new jobs
// while it is delivered.
type UrgentQueue interface {
	Queue
	// Urgent returns a job that goes out before those that were handed out and not begun;
	// nil if there is none. It is called for each message, and has to be quick.
	Urgent(ctx context.Context) (*Job, error)
	// Pending reports whether Urgent would probably return a job.
	Pending() bool
	// Refilled receives after the queue got jobs: connections that ended for want of jobs
	// are opened again.
	Refilled() <-chan struct{}
}
