package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/sqlite"
)

// BenchmarkMillion measures what a list of a million costs: to import it, to import it
// again unchanged, and to find the recipients in it.
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	list := func(yield func(imports.Row, error) bool) {
		for i := range n {
			// Spread, as real addresses are, not in order.
			email := fmt.Sprintf("reader.%07d@example%d.com", i*7919%n, i%97)
			if !yield(imports.Row{Line: i, Email: email, Tags: []string{"go", "mail"}}, nil) {
				return
			}
		}
	}
	weekly := ledger.Audience{Cadence: "weekly", Default: true, Configured: []string{"daily", "weekly"}}
	daily := ledger.Audience{Cadence: "daily", Configured: weekly.Configured}
	for b.Loop() {
		l, err := sqlite.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "publisher.db"))
		if err != nil {
			b.Fatal(err)
		}
		read := func() error {
			_, err := imports.Run(ctx, l, list, imports.Options{Origin: imports.FromFile, DefaultCadence: "weekly", Now: noon})
			return err
		}
		edition := ledger.Edition{Cadence: "weekly", Closed: noon, Through: 1}
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"import", read},
			{"import-again", read},
			{"groups", func() error { _, err := l.RecipientGroups(ctx, weekly, 1, noon); return err }},
			{"groups-of-few", func() error { _, err := l.RecipientGroups(ctx, daily, 1, noon); return err }},
			{"close", func() error { return l.CloseEditions(ctx, &edition) }},
			{"recipients", func() error { _, err := l.Recipients(ctx, edition.Number, weekly, n/2, 500, noon); return err }},
			{"recipients-of-few", func() error { _, err := l.Recipients(ctx, edition.Number, daily, 0, 500, noon); return err }},
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

// BenchmarkRecord measures records beside a bare commit: write and fsync.
func BenchmarkRecord(b *testing.B) {
	b.Run("fsync", func(b *testing.B) {
		file, err := os.Create(filepath.Join(b.TempDir(), "file"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		for b.Loop() {
			if _, err := file.Write(make([]byte, 4096)); err != nil {
				b.Fatal(err)
			}
			if err := file.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, callers := range []int64{1, 20, 100} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) { benchmarkRecord(b, callers, 0) })
	}
	b.Run("callers=20,changes=200", func(b *testing.B) { benchmarkRecord(b, 20, 200) })
}

// benchmarkRecord has so many callers record, while so many subscribers a second change their
// preferences on the web.
func benchmarkRecord(b *testing.B, callers int64, changes int) {
	l, err := sqlite.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "publisher.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	edition := addMany(b, l, b.N)
	ended, changing := make(chan struct{}), sync.WaitGroup{}
	changing.Go(func() {
		for i := 0; changes > 0; i++ {
			select {
			case <-ended:
				return
			case <-time.After(time.Second / time.Duration(changes)):
			}
			changing.Go(func() {
				s, err := l.SubscriberByID(ctx, 1+rand.Int64N(int64(b.N)))
				if err == nil {
					_, err = l.SetPreferences(ctx, s.Email, ledger.Choice{Tags: &[]string{fmt.Sprint(i)}}, "weekly", noon)
				}
				if err != nil {
					b.Error(err)
				}
			})
		}
	})
	b.ResetTimer()
	ledgertest.DeliverPages(b, l, edition, callers, nil)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.StopTimer()
	close(ended)
	changing.Wait()
}
