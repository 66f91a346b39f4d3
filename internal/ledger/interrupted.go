package ledger

import "time"

// InterruptedResult returns what ends a delivery whose process died between the message's body and
// the server's reply: hold, or else another attempt that may be the second, unless the edition was
// canceled.
func InterruptedResult(edition, subscriber int64, canceled, hold bool, now time.Time) *Result {
	r := &Result{Edition: edition, Subscriber: subscriber, At: now}
	switch {
	case canceled:
		r.Status, r.Reply = Failed, "the program was stopped before the server's reply, and the edition was canceled"
	case hold:
		r.Status, r.Reply = Uncertain, "the program was stopped before the server's reply; mail.uncertain holds it"
	default:
		r.Status, r.Next, r.Resend = Deferred, now, true
		r.Reply = "the program was stopped before the server's reply; it is sent again with the same Message-ID"
	}
	return r
}
