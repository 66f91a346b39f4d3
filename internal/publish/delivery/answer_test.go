package delivery

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/mail"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/internal/ledger/signups"
	"publisher/internal/ledger/sqlite"
	"publisher/mailer/bounce"
)

// answerBench is an empty ledger of a blog that mail comes back to.
type answerBench struct {
	*ledger.Ledger
	t   *testing.T
	cfg *config.Config
	now time.Time
}

func newAnswerBench(t *testing.T) *answerBench {
	t.Helper()
	l, err := sqlite.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "l.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	cfg := config.Default()
	cfg.Mail.From = &mail.Address{Name: "Blog", Address: "news@blog.example"}
	cfg.Mail.BounceTo = &mail.Address{Address: "Bounces@blog.example"}
	cfg.Signup.RefuseDomains = []string{"trash.example"}
	return &answerBench{Ledger: l, t: t, cfg: cfg, now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
}

func (b *answerBench) take(text string, e bounce.Envelope) *Bounced {
	b.t.Helper()
	returned, err := bounce.Read(strings.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	returned.Enveloped(e)
	got, err := NewBounces(b.cfg, b.Ledger, slog.New(slog.NewTextHandler(io.Discard, nil)), func() time.Time { return b.now }).Take(context.Background(), returned)
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

// confirmations returns the notices that are due, but those to the owner.
func (b *answerBench) confirmations() (all []noticequeue.Notice) {
	b.t.Helper()
	if _, err := signups.Handle(context.Background(), b.Ledger, b.cfg.Signup.MailsPerHour, b.now); err != nil {
		b.t.Fatal(err)
	}
	due, err := noticequeue.Due(context.Background(), b.Ledger, b.now, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	return slices.DeleteFunc(due, func(n noticequeue.Notice) bool { return n.Kind == noticequeue.Alarm })
}

const joins = "From: Ann <ann@example.net>\nTo: bounces+subscribe@blog.example\nSubject: hello\n\nPlease.\n"

// Who gets a confirmation for which mail.
func TestSignupByMail(t *testing.T) {
	long := strings.Repeat("a", 64) + "@" + strings.Repeat("b", 60) + "." + strings.Repeat("c", 60) + "." + strings.Repeat("d", 60) + ".example"
	field := func(name, value string) string { return name + ": " + value + "\n" + joins }
	for name, c := range map[string]struct {
		mail     string
		envelope bounce.Envelope
		want     Answer
		email    string
	}{
		"to":                {mail: joins, want: AskedToJoin, email: "ann@example.net"},
		"CR LF":             {mail: strings.ReplaceAll(joins, "\n", "\r\n"), want: AskedToJoin, email: "ann@example.net"},
		"an mbox line":      {mail: "From ann@example.net Mon Jun  1 12:00:00 2026\n" + joins, want: AskedToJoin, email: "ann@example.net"},
		"other case":        {mail: strings.Replace(joins, "bounces+subscribe@blog", "BOUNCES+Subscribe@Blog", 1), want: AskedToJoin, email: "ann@example.net"},
		"a name and others": {mail: strings.Replace(joins, "To: ", "To: x@y.example, The Blog ", 1), want: Unanswered},
		"with a name":       {mail: strings.Replace(joins, "To: bounces+subscribe@blog.example", "To: x@y.example, The Blog <bounces+subscribe@blog.example>", 1), want: AskedToJoin, email: "ann@example.net"},
		"carbon copy":       {mail: strings.Replace(joins, "To:", "Cc:", 1), want: AskedToJoin, email: "ann@example.net"},
		"delivered to":      {mail: strings.Replace(joins, "To: ", "To: friends@example.org\nDelivered-To: ", 1), want: AskedToJoin, email: "ann@example.net"},
		"in the envelope": {mail: strings.Replace(joins, "bounces+subscribe@blog.example", "undisclosed-recipients:;", 1),
			envelope: bounce.Envelope{Recipients: []string{"bounces+subscribe@blog.example"}, Sender: "ann@example.net", SenderKnown: true}, want: AskedToJoin, email: "ann@example.net"},
		"plus in the address": {mail: strings.Replace(joins, "ann@", "ann+blog@", 1), want: AskedToJoin, email: "ann+blog@example.net"},
		"an umlaut domain":    {mail: strings.Replace(joins, "example.net", "bücher.example", 1), want: AskedToJoin, email: "ann@bücher.example"},
		"an encoded name":     {mail: strings.Replace(joins, "Ann", "=?utf-8?q?=C3=84nn?=", 1), want: AskedToJoin, email: "ann@example.net"},
		"by hand":             {mail: field("Auto-Submitted", "no"), want: AskedToJoin, email: "ann@example.net"},

		"auto-replied":            {mail: field("Auto-Submitted", "auto-replied"), want: Unanswered},
		"auto-generated":          {mail: field("Auto-Submitted", "auto-generated; x=y"), want: Unanswered},
		"bulk":                    {mail: field("Precedence", "bulk"), want: Unanswered},
		"a list":                  {mail: field("List-Id", "<friends.example.org>"), want: Unanswered},
		"a null sender":           {mail: field("Return-Path", "<>"), want: Unanswered},
		"an mbox's null sender":   {mail: joins, envelope: bounce.Envelope{SenderKnown: true, Sender: "MAILER-DAEMON"}, want: Unanswered},
		"a null sender's command": {mail: joins, envelope: bounce.Envelope{SenderKnown: true}, want: Unanswered},
		"out of office":           {mail: strings.Replace(joins, "hello", "Automatic reply: hello", 1), want: Unanswered},
		"an auto-responder":       {mail: field("X-Autoreply", "yes"), want: Unanswered},
		"a mail system":           {mail: strings.Replace(joins, "ann@", "postmaster@", 1), want: Unanswered},
		"nobody who reads":        {mail: strings.Replace(joins, "ann@", "no-reply@", 1), want: Unanswered},
		"two authors":             {mail: strings.Replace(joins, "ann@example.net>", "ann@example.net>, Ben <ben@example.net>", 1), want: Unanswered},
		"two From":                {mail: "From: ben@example.net\n" + joins, want: Unanswered},
		"no author":               {mail: strings.Replace(joins, "From: Ann <ann@example.net>\n", "", 1), want: Unanswered},
		"a group":                 {mail: strings.Replace(joins, "Ann <ann@example.net>", "undisclosed:;", 1), want: Unanswered},
		"another address":         {mail: strings.Replace(joins, "bounces+", "", 1), want: Unanswered},
		"another domain":          {mail: strings.Replace(joins, "@blog.example", "@other.example", 1), want: Unanswered},
		"a longer domain":         {mail: strings.Replace(joins, "@blog.example", "@blog.example.org", 1), want: Unanswered},
		"a longer name":           {mail: strings.Replace(joins, "To: ", "To: x", 1), want: Unanswered},
		"another extension":       {mail: strings.Replace(joins, "+subscribe", "+subscriber", 1), want: Unanswered},
		"ourselves":               {mail: strings.Replace(joins, "ann@example.net", "News@blog.example", 1), want: RefusedJoin},
		"our return path":         {mail: strings.Replace(joins, "ann@example.net", "bounces+abc@blog.example", 1), want: RefusedJoin},
		"a refused domain":        {mail: strings.Replace(joins, "ann@example.net", "ann@mx.Trash.example", 1), want: RefusedJoin},
		"a quoted address":        {mail: strings.Replace(joins, "ann@example.net", "\"a b\"@example.net", 1), want: RefusedJoin},
		"an IP address":           {mail: strings.Replace(joins, "ann@example.net", "ann@[192.0.2.1]", 1), want: RefusedJoin},
		"254 octets and more":     {mail: strings.Replace(joins, "ann@example.net", long, 1), want: RefusedJoin},
		"header injection":        {mail: strings.Replace(joins, "ann@example.net", "ann@example.net\r\n Bcc: x@example.org", 1), want: Unanswered},
		"encoded injection":       {mail: strings.Replace(joins, "Ann", "=?utf-8?q?A=0D=0ABcc:_x@y.example?=", 1), want: Unanswered},
		"script":                  {mail: strings.Replace(joins, "Ann", "\"<script>alert(1)</script>\"", 1), want: AskedToJoin, email: "ann@example.net"},
		"endless recipients":      {mail: strings.Replace(joins, "To: ", "To: "+strings.Repeat("x@y.example, ", 50_000), 1), want: AskedToJoin, email: "ann@example.net"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newAnswerBench(t)
			got := b.take(c.mail, c.envelope)
			if got.Answer != c.want || got.Email != c.email {
				t.Errorf("%s for %q, want %s for %q", got.Answer, got.Email, c.want, c.email)
			}
			all := b.confirmations()
			if c.want == AskedToJoin != (len(all) == 1) {
				t.Fatalf("%d confirmations", len(all))
			}
			if len(all) == 1 && (all[0].Kind != noticequeue.Confirm || all[0].Email != c.email) {
				t.Errorf("a notice %s to %s", all[0].Kind, all[0].Email)
			}
		})
	}
}

// However often somebody writes, an address gets one confirmation an hour, and all together
// signup.mails_per_hour. The others wait, as many as get theirs within a day.
func TestSignupsByMailAreLimited(t *testing.T) {
	b := newAnswerBench(t)
	b.cfg.Signup.MailsPerHour = 10
	for range 5 {
		b.take(joins, bounce.Envelope{})
	}
	if n := len(b.confirmations()); n != 1 {
		t.Errorf("%d confirmations for one address", n)
	}
	answers := map[Answer]int{}
	const many = 300
	for i := range many {
		answers[b.take(strings.Replace(joins, "ann@", fmt.Sprintf("ann%d@", i), 1), bounce.Envelope{}).Answer]++
	}
	if answers[AskedToJoin] != 9 || answers[WaitsToJoin] != 231 || answers[TooManyJoins] != 60 {
		t.Errorf("the answers are %v", answers)
	}
	if again := b.take(strings.Replace(joins, "ann@", "ann100@", 1), bounce.Envelope{}); again.Answer != WaitsToJoin {
		t.Errorf("who waits and asks again: %s", again.Answer)
	}
	told := func() (alarms int) {
		all, err := noticequeue.Due(t.Context(), b.Ledger, b.now, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range all {
			if n.Kind == noticequeue.Alarm {
				alarms++
			}
		}
		return alarms
	}
	total := 1
	for hour := range 26 {
		n := len(b.confirmations())
		if new := n - total; new > 10 || hour == 0 && new != 9 || hour > 0 && hour < 24 && new != 10 {
			t.Errorf("hour %d: %d confirmations", hour, new)
		}
		total = n
		b.now = b.now.Add(time.Hour + time.Second)
	}
	if total != 1+240 || told() != 1 {
		t.Errorf("%d confirmations, and %d mails to the owner", total, told())
	}
	if got := b.take(strings.Replace(joins, "ann@", "later@", 1), bounce.Envelope{}); got.Answer != AskedToJoin {
		t.Errorf("a day later: %s", got.Answer)
	}
}

// Who has waited for a day is given up, and can ask again.
func TestSignupsByMailDoNotWaitForEver(t *testing.T) {
	b := newAnswerBench(t)
	b.cfg.Signup.MailsPerHour = 1
	b.take(joins, bounce.Envelope{})
	b.confirmations()
	if got := b.take(strings.Replace(joins, "ann@", "ben@", 1), bounce.Envelope{}); got.Answer != WaitsToJoin {
		t.Fatalf("%s", got.Answer)
	}
	b.now = b.now.Add(24*time.Hour + time.Second)
	if n, err := signups.Expire(t.Context(), b.Ledger, b.now); n != 1 || err != nil {
		t.Errorf("%d are given up, %v", n, err)
	}
	if n := len(b.confirmations()); n != 1 {
		t.Errorf("%d confirmations", n)
	}
	if got := b.take(strings.Replace(joins, "ann@", "ben@", 1), bounce.Envelope{}); got.Answer != AskedToJoin {
		t.Errorf("%s", got.Answer)
	}
}

// The answer to a confirmation subscribes the address that it went to, whoever answers.
func TestReplyConfirms(t *testing.T) {
	b := newAnswerBench(t)
	b.take(joins, bounce.Envelope{})
	n := b.confirmations()[0]
	link := mailtoken.NewSecret()
	if _, err := noticequeue.Begin(t.Context(), b.Ledger, n.ID, signups.ConfirmTokens(n.Pending, link, "482913", b.now), b.now); err != nil {
		t.Fatal(err)
	}
	reply := "From: Ann <ann@work.example>\nTo: Blog <bounces+c." + strings.ToUpper(link) + "@blog.example>\nSubject: Re: 482 913 confirms Blog\n\nYes\n"
	for name, c := range map[string]struct {
		mail string
		want Answer
	}{
		"forged":        {strings.ReplaceAll(reply, strings.ToUpper(link), mailtoken.NewSecret()), BadReply},
		"half":          {strings.ReplaceAll(reply, strings.ToUpper(link), link[:20]), BadReply},
		"empty":         {strings.ReplaceAll(reply, strings.ToUpper(link), ""), Unanswered},
		"auto-reply":    {"Auto-Submitted: auto-replied\n" + reply, Unanswered},
		"out of office": {strings.Replace(reply, "Re: ", "Out of office: ", 1), Unanswered},
		"null sender":   {"Return-Path: <>\n" + reply, Unanswered},
	} {
		if got := b.take(c.mail, bounce.Envelope{}); got.Answer != c.want || got.Subscriber != 0 {
			t.Errorf("%s: %s", name, got.Answer)
		}
	}
	for range 2 { // any number of times
		got := b.take(reply, bounce.Envelope{})
		if got.Answer != Confirmed || got.Email != "ann@example.net" {
			t.Errorf("%s for %q", got.Answer, got.Email)
		}
	}
	s, err := b.Subscriber(t.Context(), "ann@example.net")
	if err != nil || s == nil || s.Status != ledger.Active || !s.Confirmed.Equal(b.now) {
		t.Fatalf("the subscriber is %+v, %v", s, err)
	}
	consents, err := b.Consents(t.Context(), s.ID)
	if err != nil || len(consents) != 1 || consents[0].How != "reply" {
		t.Errorf("the consents are %+v, %v", consents, err)
	}
	b.now = b.now.Add(8 * 24 * time.Hour)
	if got := b.take(reply, bounce.Envelope{}); got.Answer != BadReply {
		t.Errorf("after a week: %s", got.Answer)
	}
}
