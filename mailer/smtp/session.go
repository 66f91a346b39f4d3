package smtp

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"publisher/mailer/address"
	"publisher/mailer/dkim"
	"publisher/mailer/message"
	"publisher/mailer/refusal"

	"github.com/wneessen/go-mail/smtp"
)

const (
	reset   = "RSET\r\n"
	loneDot = ".\r\n"
)

var errOutOfStep = errors.New("the server's replies are out of step with the commands")

// session is a logged-in connection over which messages are sent one by one. It is used by one
// goroutine.
type session struct {
	client     *smtp.Client
	addr       string
	signer     *dkim.Signer
	pipelining bool
	smtputf8   bool
	sizes      bool  // it offers SIZE (RFC 1870)
	max        int64 // octets of the longest message that it accepts; 0: it does not say
	deadline   *deadline
	observer   Observer // nil: nobody
	// undo is what the server needs before the next envelope after it has refused
	// one: a lone dot where it waits for a body, else RSET.
	undo string      // "", reset or loneDot
	out  []byte      // what goes out in one write
	body pendingBody // what out holds already
}

// pendingBody is a body to be sent, up to its final dot.
type pendingBody struct {
	job *Job // nil: there is none
	dot int  // where the final dot stands: the message is not complete before that octet has gone out
	err error
}

// roundTrip is the result of a round trip: the reply to a body, and those to the envelope of
// the next message.
type roundTrip struct {
	body *Outcome // nil where no body was to go out
	// refused is why the envelope was; ready, that the server waits for the body. If
	// neither, the envelope was not tried.
	refused *Outcome
	ready   bool
	// lost is why the connection is of no use any more.
	lost error
	// slow tells that the server asked for less.
	slow bool
}

// envelope is the addresses of a job as written in SMTP.
type envelope struct {
	job      *Job
	from, to string // in angle brackets
	ascii    bool
	size     int64 // octets at most; 0: not to be declared
}

const data = "DATA\r\n"

func (e *envelope) appendMail(dst []byte) []byte {
	dst = append(append(dst, "MAIL FROM:"...), e.from...)
	if !e.ascii {
		dst = append(dst, " SMTPUTF8"...)
	}
	if e.size > 0 {
		dst = strconv.AppendInt(append(dst, " SIZE="...), e.size, 10)
	}
	return append(dst, "\r\n"...)
}

func (e *envelope) appendRcpt(dst []byte) []byte {
	return append(append(append(dst, "RCPT TO:"...), e.to...), "\r\n"...)
}

// address returns the envelope of a job, or the outcome if it cannot be addressed.
func (s *session) address(job *Job) (*envelope, *Outcome) {
	refuse := func(status string, about refusal.About, err error) (*envelope, *Outcome) {
		return nil, &Outcome{Job: job, Verdict: Permanent, About: about, Enhanced: status, Reply: err.Error()}
	}
	to, ascii, err := address.Path(job.To)
	if err != nil {
		return refuse("5.1.3", refusal.AboutMailbox, err)
	}
	from := "<>"
	if job.ReturnPath != "" {
		var fromASCII bool
		if from, fromASCII, err = address.Path(job.ReturnPath); err != nil {
			return refuse("5.1.7", refusal.AboutUs, err)
		}
		ascii = ascii && fromASCII
	}
	if !ascii && !s.smtputf8 {
		return refuse("5.6.7", refusal.AboutUs, fmt.Errorf("the address %s is not ASCII before the @, and %s does not support SMTPUTF8", job.To, s.addr))
	}
	e := &envelope{job: job, from: from, to: to, ascii: ascii}
	if s.sizes {
		if e.size, err = s.measure(job); err != nil {
			return nil, &Outcome{Job: job, Verdict: Temporary, Reply: err.Error()}
		}
		if s.max > 0 && e.size > s.max {
			return nil, s.tooLarge(job, e.size)
		}
	}
	return e, nil
}

// exchange sends the body of a message and the envelope of the next one, in one write if the
// server offers PIPELINING (RFC 2920 §3.1 allows a group to begin with message content).
// Either may be nil.
func (s *session) exchange(body *Job, next *envelope) roundTrip {
	if s.pipelining {
		return s.group(body, next)
	}
	return s.oneByOne(body, next)
}

func (s *session) group(body *Job, next *envelope) roundTrip {
	undo := s.undo
	s.undo = ""
	var t roundTrip
	var dot int
	if body != nil {
		s.make(body)
		if dot = s.body.dot; s.body.err != nil {
			return s.unmade(body, s.body.err)
		}
		if !s.deadline.beginBody() {
			return s.unsent(body)
		}
	} else {
		s.out = append(s.out[:0], undo...)
	}
	if next != nil {
		s.out = append(next.appendRcpt(next.appendMail(s.out)), data...)
	}
	written, err := s.write(s.out)
	sent := time.Now()
	s.body = pendingBody{}
	if next != nil && err == nil {
		s.make(next.job) // while the server works
	}
	if body != nil {
		s.finish(&t, body, sent, err != nil && written <= dot, err)
		s.deadline.endBody()
	}
	if t.lost == nil {
		t.lost = err
	}
	if t.lost != nil {
		return t
	}
	if undo != "" {
		if _, t.lost = s.read(&t); t.lost != nil {
			return t
		}
	}
	if next != nil {
		s.readEnvelope(&t, next.job)
	}
	return t
}

// make appends the complete, signed body to out.
func (s *session) make(body *Job) {
	if s.body.job == body {
		return
	}
	out, err := s.signer.Sign(body.Append(s.out[:0]))
	if !body.Stuffed {
		out = message.Stuff(out)
	}
	s.body = pendingBody{job: body, dot: len(out), err: err}
	s.out = append(out, ".\r\n"...)
}

// unmade ends a connection whose server waits for a body that could not be composed.
func (s *session) unmade(body *Job, err error) roundTrip {
	return roundTrip{body: &Outcome{Job: body, Verdict: Temporary, Reply: err.Error()}, lost: err}
}

// unsent ends a connection whose server waits for a body that must not be started anymore. A
// final dot alone would be an empty message.
func (s *session) unsent(body *Job) roundTrip {
	return roundTrip{body: &Outcome{Job: body, Verdict: Temporary, Stopped: true, Reply: errStopped.Error()}, lost: errStopped}
}

// write sends everything at once and returns how many octets were sent. bufio writes directly
// what does not fit its buffer, and keeps what it could not flush.
func (s *session) write(out []byte) (int, error) {
	s.deadline.renew()
	w := s.client.Text.W
	n, err := w.Write(out)
	if err == nil {
		err = w.Flush()
	}
	return n - w.Buffered(), err
}

// finish reads the reply to a body. cut means that the write broke before the final dot, so
// that the server cannot have accepted the message. The write ended at sent.
func (s *session) finish(t *roundTrip, body *Job, sent time.Time, cut bool, broken error) {
	if cut && errors.Is(broken, os.ErrDeadlineExceeded) {
		t.body, t.lost = s.fault(body, Temporary, broken), broken
		return
	}
	rep, err := s.read(t)
	if s.observer != nil && err == nil {
		s.observer.Replied(time.Since(sent))
	}
	switch {
	case cut && (err != nil || rep.code < 400):
		t.body, t.lost = s.fault(body, Temporary, broken), broken
	case cut: // the server said why it would not listen to the end
		t.body, t.lost = answered(body, rep, toBody), broken
	case err != nil:
		t.body, t.lost = s.fault(body, Uncertain, err), err
	case rep.code/100 == 3:
		t.body, t.lost = s.fault(body, Uncertain, errOutOfStep), errOutOfStep
	default:
		t.body = answered(body, rep, toBody)
		t.lost = rep.closing()
	}
}

// readEnvelope reads the replies to MAIL, RCPT and DATA sent together. It reads all of them,
// whatever the first one says (RFC 2920 §3.1).
func (s *session) readEnvelope(t *roundTrip, job *Job) {
	var reps [3]reply
	for i := range reps {
		if reps[i], t.lost = s.read(t); t.lost != nil {
			return
		}
		if t.lost = reps[i].closing(); t.lost != nil {
			return
		}
	}
	mail, rcpt, data := reps[0], reps[1], reps[2]
	waiting := data.code == 354
	switch {
	case mail.code/100 == 3, rcpt.code/100 == 3, data.code/100 == 3 && !waiting, data.positive():
		t.lost = errOutOfStep
	case !mail.positive():
		t.refused = answered(job, mail, toMAIL)
		if waiting && rcpt.positive() {
			// A lone dot would be an empty message to that recipient.
			t.lost = errOutOfStep
		}
	case !rcpt.positive():
		t.refused = answered(job, rcpt, toRCPT)
	case !waiting:
		t.refused = answered(job, data, toDATA)
	case s.client.Text.R.Buffered() > 0:
		t.lost = errOutOfStep // one reply too many: the next would be taken for the body's
	default:
		t.ready = true
	}
	if t.refused != nil {
		s.undo = reset
		if waiting {
			s.undo = loneDot
		}
	}
}

// oneByOne is like exchange, for a server that does not offer PIPELINING.
func (s *session) oneByOne(body *Job, next *envelope) roundTrip {
	var t roundTrip
	if body != nil {
		s.make(body)
		dot := s.body.dot
		if s.body.err != nil {
			return s.unmade(body, s.body.err)
		}
		if !s.deadline.beginBody() {
			return s.unsent(body)
		}
		written, err := s.write(s.out)
		if s.finish(&t, body, time.Now(), err != nil && written <= dot, err); t.lost == nil {
			t.lost = err
		}
		s.deadline.endBody()
	}
	if next == nil || t.lost != nil {
		return t
	}
	if s.undo != "" {
		if _, t.lost = s.command(&t, []byte(s.undo)); t.lost != nil {
			return t
		}
		s.undo = ""
	}
	for _, step := range []struct {
		at      stage
		command []byte
		want    int
	}{{toMAIL, next.appendMail(nil), 2}, {toRCPT, next.appendRcpt(nil), 2}, {toDATA, []byte(data), 3}} {
		var rep reply
		if rep, t.lost = s.command(&t, step.command); t.lost != nil {
			return t
		}
		if t.lost = rep.closing(); t.lost != nil {
			return t
		}
		switch class := rep.code / 100; {
		case class == step.want:
		case class < 4:
			t.lost = errOutOfStep
			return t
		default:
			t.refused = answered(next.job, rep, step.at)
			s.undo = reset
			return t
		}
	}
	t.ready = true
	return t
}

func (s *session) command(t *roundTrip, line []byte) (reply, error) {
	if _, err := s.write(line); err != nil {
		return reply{}, err
	}
	return s.read(t)
}

func (s *session) read(t *roundTrip) (reply, error) {
	if s.client.Text.R.Buffered() == 0 {
		s.deadline.renew()
	}
	rep, err := readReply(s.client.Text.R)
	t.slow = t.slow || rep.slowDown()
	return rep, err
}

// quit sends QUIT if the server is ready for it, and closes the connection.
func (s *session) quit() {
	s.deadline.quit()
	if s.undo == loneDot { // or QUIT would be taken for the message
		var t roundTrip
		if _, err := s.command(&t, []byte(s.undo)); err != nil {
			s.close()
			return
		}
	}
	if _, err := s.write([]byte("QUIT\r\n")); err == nil {
		_, _ = readReply(s.client.Text.R) // whatever it says, the connection ends
	}
	s.close()
}

func (s *session) close() { _ = s.client.Close() } // all that mattered has been read

func (s *session) fault(job *Job, verdict Verdict, err error) *Outcome {
	return &Outcome{Job: job, Verdict: verdict, Reply: fmt.Sprintf("the connection to %s broke: %v", s.addr, err)}
}

func answered(job *Job, rep reply, at stage) *Outcome {
	return &Outcome{
		Job: job, Verdict: rep.verdict(), About: rep.About(at, job), Again: rep.crowded(),
		Code: rep.code, Enhanced: rep.enhanced, Reply: rep.text, exhausted: rep.exhausted(),
	}
}
