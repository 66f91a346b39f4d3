// Package bounce reads mail that comes back: bounces, complaints, requests to unsubscribe and
// what people write, and the logs of mail servers. It returns what a report is about and which of our tokens it
// contains. It does not decide what to believe.
package bounce

import (
	"bufio"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"publisher/mailer/refusal"

	"github.com/emersion/go-message"
)

// Kind is the meaning of a mail that came back.
type Kind int

const (
	Ignored    Kind = iota // an auto-reply, a receipt, a notice of delay, or nothing known
	HardBounce             // the address does not exist, or not any more
	SoftBounce             // given up for a reason that may pass
	Refused                // for reasons that concern us: sender, relay, policy, rate, the message itself
	Complaint              // the reader called it spam (RFC 5965)
	OptOut                 // the reader asks to be unsubscribed
	Written                // a person wrote it, who may want to subscribe or to confirm
)

func (k Kind) String() string {
	return [...]string{"ignored", "hard bounce", "soft bounce", "message refused", "complaint", "unsubscribe", "mail of a person"}[k]
}

// Report is a mail that came back: a bounce, a complaint, or a request to unsubscribe. It can be
// believed only if something in it contains a valid token.
type Report struct {
	Kind   Kind
	About  refusal.About // of a bounce, what the refusal is about
	Status string        // RFC 3463; "" for none
	Reason string        // in the words of whoever reports it
	// Token is that of a request to be unsubscribed.
	Token string
	// What may bear a token: addresses that the report or the returned mail name,
	// and the returned mail's Message-IDs and unsubscribe addresses.
	Addresses, MessageIDs, Links []string

	Author *mail.Address // of a mail that is Written
	To     []string      // to whom it was sent, in fields of the header and the envelope
}

const (
	maxMail    = 1 << 20   // octets of a mail that are looked at
	maxDrained = 256 << 20 // octets behind them that are read and passed over
	maxParts   = 50
	maxDepth   = 5
	maxReason  = 500
)

// NotMailError means that the input is not a mail, so that a retry is useless.
type NotMailError struct{}

func (*NotMailError) Error() string { return "not a mail" } // a stranger's words are not repeated

// Read reads a mail that came back. It reads all of r, as a mail server expects of a command to
// which it pipes mail. If the input is not a mail, the error is a *NotMailError; any other
// error means that r cannot be read.
func Read(r io.Reader) (*Report, error) {
	in := &faultReader{r: r}
	returned := parseReport(io.LimitReader(in, maxMail))
	_, _ = io.CopyN(io.Discard, in, maxDrained) // in remembers the error
	if in.err != nil {
		return nil, fmt.Errorf("reading the mail: %w", in.err)
	}
	if returned == nil {
		return nil, &NotMailError{}
	}
	return returned, nil
}

// faultReader remembers why reading failed, since parsers treat it as the end.
type faultReader struct {
	r   io.Reader
	err error // nil at the end
}

func (f *faultReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// parseReport returns nil if the input is not a mail.
func parseReport(r io.Reader) (returned *Report) {
	defer func() {
		if recover() != nil { // a mail that a parser fails at is as good as none
			returned = nil
		}
	}()
	e, err := message.Read(pastEnvelope(r))
	if err != nil && !known(err) || e == nil || e.Header.Len() == 0 {
		return nil
	}
	in := &reading{Report: &Report{}, own: e.Header}
	for _, name := range []string{"To", "Delivered-To", "X-Original-To", "Envelope-To"} {
		in.Addresses = append(in.Addresses, in.own.Values(name)...)
	}
	in.To = append(slices.Clone(in.Addresses), in.own.Values("Cc")...)
	in.walk(e, 0)
	in.judge()
	return in.Report
}

// pastEnvelope skips the line "From SENDER DATE" of an mbox, which Postfix and Sendmail also add
// to mail that they pipe into an alias's command.
func pastEnvelope(r io.Reader) io.Reader {
	lines := bufio.NewReader(r)
	if start, _ := lines.Peek(len("From ")); string(start) == "From " {
		_, _ = lines.ReadString('\n') // where there is no more, message.Read says so
	}
	return lines
}

func known(err error) bool { return message.IsUnknownCharset(err) || message.IsUnknownEncoding(err) }

// reading is a mail being read.
type reading struct {
	*Report
	own      message.Header
	parts    int
	status   []fields // of RFC 3464, a group for each recipient
	feedback fields   // of RFC 5965
	returned bool     // the mail that it is about is attached
	text     strings.Builder
}

// walk collects the contents of the parts. It skips parts that cannot be read.
func (in *reading) walk(e *message.Entity, depth int) {
	if in.parts++; in.parts > maxParts || depth > maxDepth {
		return
	}
	if parts := e.MultipartReader(); parts != nil {
		for in.parts <= maxParts {
			part, err := parts.NextPart()
			if err != nil && !known(err) || part == nil {
				return
			}
			in.walk(part, depth+1)
		}
		return
	}
	body, _ := io.ReadAll(e.Body) // cut short is as good
	kind, _, _ := e.Header.ContentType()
	switch strings.ToLower(kind) {
	case "message/delivery-status", "message/global-delivery-status":
		in.status = append(in.status, groups(string(body))...)
	case "message/feedback-report":
		in.feedback = slices.Concat(groups(string(body))...)
		in.Addresses = append(in.Addresses, in.feedback.all("Original-Mail-From")...)
	case "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers":
		in.returned = true
		in.original(string(body))
	case "text/plain", "":
		in.say(string(body))
	case "text/html":
		in.say(wordsOfHTML(body))
	}
}

// say collects the text of a part. Text after the returned mail is not about the failure.
func (in *reading) say(text string) {
	if !in.returned {
		in.text.WriteString(text)
		in.text.WriteString("\n\n")
	}
}

// original collects the fields of the returned mail's header that may contain a token.
func (in *reading) original(text string) {
	if blocks := groups(text); len(blocks) > 0 {
		in.take(blocks[0])
	}
}

func (in *reading) take(f fields) {
	in.Addresses = append(in.Addresses, f.all("Return-Path")...)
	in.MessageIDs = append(in.MessageIDs, f.all("Message-ID")...)
	in.Links = append(in.Links, f.all("List-Unsubscribe")...)
}

// judge decides what the mail means.
func (in *reading) judge() {
	switch {
	case in.feedback != nil:
		in.judgeFeedback()
	case in.status != nil:
		in.judgeStatus()
	case in.optOut():
	case in.returned && strings.HasPrefix(in.subject(), "complaint about message from"): // as Outlook.com reports them
		in.Kind, in.Reason = Complaint, "reported as junk mail"
	case in.fromMailer():
		in.quoted()
		in.Kind, in.Status, in.Reason = in.judgeText(in.text.String())
	case in.fromPerson():
		in.Kind = Written
	}
	in.Reason = refusal.OneLine(in.Reason[:min(len(in.Reason), maxReason)])
}

func (in *reading) judgeFeedback() {
	kind := strings.ToLower(in.feedback.get("Feedback-Type"))
	switch kind {
	case "abuse", "fraud", "virus", "other":
		in.Kind, in.Reason = Complaint, "feedback of the type "+kind
	case "opt-out", "opt-out-list":
		in.Kind, in.Reason = Complaint, "the reader opted out at "+in.feedback.get("Reporting-MTA")
	}
}

// judgeStatus uses the first recipient whose delivery failed: our mails have only one.
func (in *reading) judgeStatus() {
	for _, recipient := range in.status {
		if !strings.EqualFold(recipient.get("Action"), "failed") {
			continue
		}
		in.Status = statusCode(recipient.get("Status"))
		diagnostic := recipient.get("Diagnostic-Code")
		if diagnostic == "" { // Exchange's name for it
			diagnostic = strings.Trim(recipient.get("X-Supplementary-Info"), "<>")
		}
		if _, words, found := strings.Cut(diagnostic, ";"); found {
			diagnostic = strings.TrimSpace(words)
		}
		if in.Reason = diagnostic; in.Reason == "" {
			in.Reason = in.Status
		}
		r, _ := findReply(diagnostic)
		if r.Enhanced == "" || refusal.ClassifyCode(0, r.Enhanced) == refusal.Unclear {
			r.Enhanced = in.Status
		}
		in.envelope(&r)
		r.Recipients = recipientsOf(recipient)
		about, _ := r.Classify()
		in.Kind = in.failed(about)
		if about == refusal.Unclear && diagnostic == "" {
			if kind, _, reason := in.judgeText(in.text.String()); kind != Ignored {
				in.Kind, in.Reason = kind, reason
			}
		}
		return
	}
}

// statusCode returns the code at the beginning of a Status field (RFC 3463 §2), or "".
func statusCode(text string) string {
	code, _, _ := strings.Cut(text, " ")
	if len(code) > len("5.999.999") || strings.Trim(code, ".0123456789") != "" {
		return ""
	}
	return code
}

// recipientsOf returns the addresses that a group of fields is about (RFC 3464 §2.3).
func recipientsOf(f fields) (addresses []string) {
	for _, name := range []string{"Original-Recipient", "Final-Recipient"} {
		if _, address, found := strings.Cut(f.get(name), ";"); found {
			addresses = append(addresses, strings.TrimSpace(address))
		}
	}
	return addresses
}

// envelope fills in the envelope of the returned mail. Its sender is our return path, to which
// the report was sent.
func (in *reading) envelope(r *refusal.Refusal) {
	if to, err := mail.ParseAddress(in.own.Get("To")); err == nil {
		r.Sender = to.Address
	}
	r.Recipients = strings.FieldsFunc(in.own.Get("X-Failed-Recipients"), func(c rune) bool { return c == ',' || unicode.IsSpace(c) })
}

// optOut recognizes the mail that our List-Unsubscribe asks for.
func (in *reading) optOut() bool {
	subject, err := in.own.Text("Subject")
	if err != nil {
		return false
	}
	words := strings.Fields(subject)
	for i := 0; i+1 < len(words); i++ {
		if strings.EqualFold(words[i], "unsubscribe") {
			in.Kind, in.Token, in.Reason = OptOut, words[i+1], "asked for by mail"
			return true
		}
	}
	return false
}

// fromMailer reports whether a mail system wrote the mail, as it does bounces, and not a person's
// auto-responder (RFC 3834 §2), which uses the person's address.
func (in *reading) fromMailer() bool {
	if in.own.Has("X-Failed-Recipients") {
		return true
	}
	from := strings.ToLower(in.own.Get("From"))
	if refusal.ContainsAny(from, "mailer-daemon", "postmaster@", "mail delivery sub", "mdaemon", "microsoftexchange") {
		return true
	}
	return strings.TrimSpace(in.own.Get("Return-Path")) == "<>" && refusal.ContainsAny(in.subject(), "undeliver", "delivery fail", "could not be delivered",
		"delivery status", "delivery error", "returned mail", "returned to sender", "failure notice")
}

func (in *reading) subject() string {
	subject, _ := in.own.Text("Subject") // in an unknown charset it is none that is known here
	return strings.ToLower(subject)
}

// quoted looks for the returned mail's header in the text.
func (in *reading) quoted() {
	for _, block := range groups(in.text.String()) {
		in.take(block)
	}
}
