package delivery

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
)

func TestReconcileMailLog(t *testing.T) {
	ctx := context.Background()
	b := newBounceBench(t, 0)
	e := ledger.Edition{Cadence: "weekly", Closed: time.Now(), Through: 1}
	if err := b.CloseEditions(ctx, &e); err != nil {
		t.Fatal(err)
	}
	for _, id := range b.ids {
		if _, err := b.Record(ctx, nil, &ledger.Intent{Edition: e.Number, Subscriber: id, Through: 1, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	// One is held, the other left by a crash.
	if _, err := b.Record(ctx, &ledger.Result{Edition: e.Number, Subscriber: b.ids["ann"], Status: ledger.Uncertain, At: time.Now()}, nil); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	mailLog := "mx exim: <= bounces@example.com id=" + b.tokens.MessageID(e.Number, b.ids["ben"]) + "@example.com\n"
	if got, err := ReconcileMailLog(ctx, b.Ledger, strings.NewReader(mailLog), false, log, b.now); err != nil || got != (Reconciled{Sent: 1, Left: 1}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := ReconcileMailLog(ctx, b.Ledger, strings.NewReader(mailLog), true, log, b.now); err != nil || got != (Reconciled{Again: 1}) {
		t.Errorf("complete: got %+v, %v", got, err)
	}
	stored, err := b.Edition(ctx, e.Number)
	if err != nil || stored.Sent != 1 || stored.Deferred != 1 || stored.Uncertain != 0 {
		t.Errorf("got %+v, %v", stored, err)
	}
	if ok, err := b.Record(ctx, nil, &ledger.Intent{Edition: e.Number, Subscriber: b.ids["ann"], Through: 1, At: time.Now()}); !ok || err != nil {
		t.Errorf("what the log does not name is not sent again: %v", err)
	}
}
