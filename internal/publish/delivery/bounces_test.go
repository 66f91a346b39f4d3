package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/publish/subscribers"
	"publisher/mailer/bounce"
)

// bounceBench is a ledger with two subscribers who got some editions, one a day.
type bounceBench struct {
	*ledger.Ledger
	t      *testing.T
	tokens *mailtoken.Codec
	ids    map[string]int64
	now    time.Time // after the last edition
}

func newBounceBench(t *testing.T, editions int) *bounceBench {
	t.Helper()
	return newBounceBenchEvery(t, editions, 24*time.Hour)
}

func newBounceBenchEvery(t *testing.T, editions int, interval time.Duration) *bounceBench {
	t.Helper()
	ctx := context.Background()
	l, err := sqlite.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "l.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	b := &bounceBench{Ledger: l, t: t, ids: map[string]int64{}, now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(editions) * interval)}
	if b.tokens, err = l.Tokens(ctx); err != nil {
		t.Fatal(err)
	}
	rows := []imports.Row{{Email: "ann@example.net"}, {Email: "ben@example.net"}}
	add := func(yield func(imports.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
	if _, err := imports.Run(ctx, l, add, imports.Options{DefaultCadence: "weekly", Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		s, err := l.Subscriber(ctx, row.Email)
		if err != nil {
			t.Fatal(err)
		}
		b.ids[row.Email[:3]] = s.ID
	}
	for i := range int64(editions) {
		at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(i) * interval)
		e := ledger.Edition{Cadence: "weekly", Closed: at, After: i, Through: i + 1}
		if err := l.CloseEditions(ctx, &e); err != nil {
			t.Fatal(err)
		}
		for _, id := range b.ids {
			intent := &ledger.Intent{Edition: e.Number, Subscriber: id, After: i, Through: i + 1, At: at}
			if _, err := l.Record(ctx, nil, intent); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Record(ctx, &ledger.Result{Edition: e.Number, Subscriber: id, Status: ledger.Sent, At: at}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b
}

func (b *bounceBench) clock() time.Time { return b.now }

func (b *bounceBench) take(mail string) *Bounced {
	b.t.Helper()
	returned, err := bounce.Read(strings.NewReader(mail))
	if err != nil {
		b.t.Fatal(err)
	}
	got, err := NewBounces(config.Default(), b.Ledger, slog.New(slog.DiscardHandler), b.clock).Take(context.Background(), returned)
	if err != nil {
		b.t.Fatal(err)
	}
	return got
}

func (b *bounceBench) status(name string) ledger.Status {
	b.t.Helper()
	s, err := b.SubscriberByID(context.Background(), b.ids[name])
	if err != nil {
		b.t.Fatal(err)
	}
	return s.Status
}

func (b *bounceBench) returnPath(name string, edition int64) string {
	return "bounces+" + b.tokens.ReturnPath(b.ids[name], edition) + "@example.com"
}

func dsn(to, status, messageID string) string {
	return fmt.Sprintf("From: MAILER-DAEMON@mx.example.net\nTo: %s\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"+
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; x@example.net\nAction: failed\nStatus: %s\n\n"+
		"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <%s@example.com>\n\n--b--\n", to, status, messageID)
}

// Only a return path proves a hard bounce.
func TestHardBounceMarks(t *testing.T) {
	for name, c := range map[string]struct {
		mail func(*bounceBench) string
		want ledger.Status
	}{
		"by return path": {func(b *bounceBench) string { return dsn(b.returnPath("ann", 1), "5.1.1", "x") }, ledger.Bounced},
		"in upper case":  {func(b *bounceBench) string { return dsn(strings.ToUpper(b.returnPath("ann", 1)), "5.1.1", "x") }, ledger.Bounced},
		"by Message-ID": {func(b *bounceBench) string {
			return dsn("bounces@example.com", "5.1.1", b.tokens.MessageID(1, b.ids["ann"]))
		}, ledger.Unsubscribed},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBounceBench(t, 1)
			if got := b.take(c.mail(b)); got.Ended != c.want || got.Email != "ann@example.net" {
				t.Errorf("got %+v", got)
			}
			if b.status("ann") != c.want || b.status("ben") != ledger.Active {
				t.Errorf("ann is %s, ben %s", b.status("ann"), b.status("ben"))
			}
		})
	}
}

func TestForgedReportsChangeNothing(t *testing.T) {
	b := newBounceBench(t, 1)
	id := b.tokens.MessageID(1, b.ids["ben"])
	for name, mail := range map[string]string{
		"no token":           dsn("bounces@example.com", "5.1.1", "x"),
		"a token made up":    dsn("bounces+aeaxaaaaaaaaaaaaaaaaaaaa@example.com", "5.1.1", "1.1.aaaaaaaaaaaaaaaa"),
		"another's number":   dsn("bounces@example.com", "5.1.1", fmt.Sprintf("1.%d.%s", b.ids["ann"], id[strings.LastIndex(id, ".")+1:])),
		"two people's":       dsn(b.returnPath("ann", 1), "5.1.1", id),
		"a complaint":        "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Mail-From: <ann@example.net>\n\n--b--\n",
		"unsubscribe others": "From: x@example.org\nSubject: unsubscribe " + b.tokens.Link(mailtoken.Preferences, b.ids["ann"]) + "\n\n",
		"refused message":    dsn(b.returnPath("ann", 1), "5.7.1", "x"),
	} {
		if got := b.take(mail); got.Ended != "" {
			t.Errorf("%s: marked %s", name, got.Email)
		}
	}
	if b.status("ann") != ledger.Active || b.status("ben") != ledger.Active {
		t.Errorf("ann is %s, ben %s", b.status("ann"), b.status("ben"))
	}
}

// A report that is about us, or that proves nothing, ends no subscription; nor does our own mail
// in a bounce that returns it.
func TestReportsAboutUsMarkNobody(t *testing.T) {
	b := newBounceBench(t, 1)
	told := func(reason string) string {
		return "From: MAILER-DAEMON@mx.example.net\nTo: " + b.returnPath("ann", 1) + "\nSubject: failure notice\n\n<ann@example.net>:\n" + reason + "\n\n" +
			"--- Below this line is a copy of the message.\n\nReturn-Path: <" + b.returnPath("ann", 1) + ">\nSubject: Replies\n\n550 5.1.1 User unknown\n"
	}
	for name, mail := range map[string]string{
		"other address":   dsn(b.returnPath("ann", 1), "5.1.0", "x"),
		"other":           dsn(b.returnPath("ann", 1), "5.0.0", "x"),
		"sender":          dsn(b.returnPath("ann", 1), "5.1.8", "x"),
		"callout":         told("550-Verification failed for <bounces@example.com>\n550-No Such User Here\n550 Sender verify failed"),
		"relay":           told("550 relay not permitted"),
		"waited too long": told("this message has been in the queue too long."),
		"nothing":         told(""),
	} {
		if got := b.take(mail); got.Ended != "" || b.status("ann") != ledger.Active {
			t.Errorf("%s: marked as %v", name, got.Kind)
		}
	}
	if got := b.take(told("550 5.1.1 no such user")); got.Ended != ledger.Bounced {
		t.Errorf("the address that is gone is still %s: %+v", b.status("ann"), got)
	}
}

func TestSoftBouncesMarkAfterFiveInARow(t *testing.T) {
	b := newBounceBench(t, 7)
	for _, edition := range []int64{1, 3, 4, 4, 5, 6} { // 2 arrived
		if b.take(dsn(b.returnPath("ann", edition), "5.2.2", "x")).Ended != "" {
			t.Errorf("marked at edition %d", edition)
		}
	}
	if b.take(dsn(b.returnPath("ann", 7), "4.4.7", "x")).Ended != ledger.Bounced || b.status("ann") != ledger.Bounced {
		t.Errorf("after five in a row ann is %s", b.status("ann"))
	}
}

// A problem of one day may affect many editions.
func TestSoftBouncesOfOneDayMarkNobody(t *testing.T) {
	b := newBounceBenchEvery(t, 9, time.Hour)
	for edition := range int64(9) {
		if b.take(dsn(b.returnPath("ann", edition+1), "4.4.7", "x")).Ended != "" || b.status("ann") != ledger.Active {
			t.Errorf("marked at edition %d", edition+1)
		}
	}
}

// A restored subscriber is not marked again by what came back before.
func TestBouncesBeforeARestoreAreForgiven(t *testing.T) {
	b := newBounceBench(t, 7)
	for edition := range int64(5) {
		b.take(dsn(b.returnPath("ann", edition+1), "4.4.7", "x"))
	}
	if b.status("ann") != ledger.Bounced {
		t.Fatalf("after five ann is %s", b.status("ann"))
	}
	got, err := subscribers.NewList(config.Default(), b.Ledger, b.clock).Restore(context.Background(), []string{"ann@example.net"}, false)
	if err != nil || len(got.Restored) != 1 || len(got.Editions) != 1 || got.Editions[0] != 5 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, edition := range []int64{6, 7} {
		if b.take(dsn(b.returnPath("ann", edition), "4.4.7", "x")).Ended != "" || b.status("ann") != ledger.Active {
			t.Errorf("marked again at edition %d", edition)
		}
	}
	if b.take(dsn(b.returnPath("ann", 7), "5.1.1", "x")).Ended != ledger.Bounced {
		t.Error("a new report that is clear does not mark")
	}
}

func TestComplaintAndUnsubscribeByMail(t *testing.T) {
	b := newBounceBench(t, 1)
	complaint := arf("<" + b.returnPath("ann", 1) + ">")
	if got := b.take(complaint); got.Kind != bounce.Complaint || b.status("ann") != ledger.Complained {
		t.Errorf("%+v; ann is %s", got, b.status("ann"))
	}
	b.take("From: ben@example.net\nSubject: Unsubscribe " + strings.ToUpper(b.tokens.Link(mailtoken.Unsubscribe, b.ids["ben"])) + "\n\n")
	if b.status("ben") != ledger.Unsubscribed {
		t.Errorf("ben is %s", b.status("ben"))
	}
}

// arf is a complaint about a mail that had this return path.
func arf(returnPath string, header ...string) string {
	return "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Mail-From: " + returnPath + "\n\n" +
		"--b\nContent-Type: message/rfc822\n\n" + strings.Join(append(header, "Subject: x"), "\n") + "\n\nx\n--b--\n"
}
