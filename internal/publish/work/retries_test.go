//go:build postgres

package work_test

import (
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/publish/editions"
	"publisher/internal/smtptest"
)

// Deliveries of an old edition go out again though those who work have nothing to compose them from
// any more, or not all of it.
func TestRetriesOfAnOldEdition(t *testing.T) {
	const subscribers = 12
	for name, forget := range map[string]func(f *fleet, e *ledger.Edition){
		"its bundle was removed": func(f *fleet, e *ledger.Edition) {
			f.check(f.ledger.PruneBundles(t.Context(), time.Now().Add(time.Hour)))
			if b, err := f.ledger.Bundle(t.Context(), e.Number); err != nil || b != nil {
				t.Errorf("the bundle is still there: %v", err)
			}
		},
		"its bundle lacks the post": func(f *fleet, e *ledger.Edition) {
			b, err := editions.NewStored(f.cfg, f.ledger).Bundle(t.Context(), e)
			f.check(err)
			b.Posts = nil
			e.Bundle, err = b.Encode()
			f.check(err)
			f.check(f.ledger.ExtendEdition(t.Context(), e))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, subscribers, "", smtptest.Options{Script: func(e smtptest.Event) string {
				if e.Verb == "RCPT" && e.Tries == 0 && (e.Arg == "s1@example.com" || e.Arg == "s7@example.com") {
					return "554 5.7.1 not now"
				}
				return ""
			}})
			f.workHere(2)
			f.leadOnce(time.Minute)
			number := f.closed[0].Number
			e, err := f.ledger.Edition(t.Context(), number)
			f.check(err)
			if e.Done.IsZero() || e.Sent != subscribers-2 || e.Failed != 2 {
				t.Fatalf("after the first pass: %+v", e)
			}
			forget(f, e)
			n, err := f.ledger.Retry(t.Context(), number, time.UnixMicro(0), time.Now())
			f.check(err)
			if n != 2 {
				t.Fatalf("%d are due again", n)
			}
			f.leadOnce(time.Minute)
			f.account(subscribers)
		})
	}
}
