package ledger_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"publisher/internal/ledger"
)

// BenchmarkMillion prints what a list of a million costs: to import it, to
// import it again unchanged, and to find among it who is due.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	list := func(yield func(ledger.Row, error) bool) {
		for i := range n {
			// Spread, as real addresses are, not in order.
			email := fmt.Sprintf("reader.%07d@example%d.com", i*7919%n, i%97)
			if !yield(ledger.Row{Line: i, Email: email, Tags: []string{"go", "mail"}}, nil) {
				return
			}
		}
	}
	weekly := ledger.Audience{Cadence: "weekly", Default: true, Configured: []string{"daily", "weekly"}}
	daily := ledger.Audience{Cadence: "daily", Configured: weekly.Configured}
	for b.Loop() {
		l, err := ledger.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "publisher.db"))
		if err != nil {
			b.Fatal(err)
		}
		read := func() error {
			_, err := l.Import(ctx, list, ledger.ImportOptions{Origin: ledger.FromFile, DefaultCadence: "weekly", Now: noon})
			return err
		}
		edition := ledger.Edition{Cadence: "weekly", Closed: noon, Through: 1}
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"import", read},
			{"import-again", read},
			{"groups", func() error { _, err := l.RecipientGroups(ctx, weekly, 1); return err }},
			{"groups-of-few", func() error { _, err := l.RecipientGroups(ctx, daily, 1); return err }},
			{"close", func() error { return l.CloseEditions(ctx, &edition) }},
			{"recipients", func() error { _, err := l.Recipients(ctx, edition.Number, weekly, n/2, 500); return err }},
			{"recipients-of-few", func() error { _, err := l.Recipients(ctx, edition.Number, daily, 0, 500); return err }},
		} {
			start := time.Now()
			if err := step.do(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(time.Since(start).Milliseconds()), "ms-"+step.name)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.Sys)/1e6, "MB")
		l.Close()
	}
}
