//go:build postgres

package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/postgrestest"
)

// BenchmarkStep measures the durable step alone, with nothing between an intent and its result:
// PostgreSQL, on a server that syncs its commits, beside SQLite on the same disk.
func BenchmarkStep(b *testing.B) {
	server := postgrestest.Start(b, "fsync = on", "full_page_writes = on", "shared_buffers = 128MB", "max_wal_size = 1GB", "track_wal_io_timing = on")
	for _, callers := range []int64{1, 20, 100} {
		b.Run(fmt.Sprintf("postgres/callers=%d", callers), func(b *testing.B) {
			dsn := server.Database(b)
			l, err := postgres.Open(ctx, dsn, postgres.Options{StateDir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			edition := addMany(b, l, b.N)
			before, log := serverTime(b, server.PID(b)), walOf(b, server, dsn)
			benchmarkStep(b, l, edition, callers)
			used := serverTime(b, server.PID(b)) - before
			b.ReportMetric(used.Seconds()*1000/float64(b.N), "server-ms/mail")
			after := walOf(b, server, dsn)
			b.ReportMetric(float64(after.bytes-log.bytes)/float64(b.N), "WAL-B/mail")
			b.ReportMetric(float64(b.N)/float64(after.syncs-log.syncs), "mails/sync")
			b.ReportMetric((after.syncTime-log.syncTime)/float64(after.syncs-log.syncs), "ms/sync")
		})
		b.Run(fmt.Sprintf("sqlite/callers=%d", callers), func(b *testing.B) {
			l, err := sqlite.Open(ctx, "sqlite:"+filepath.Join(b.TempDir(), "publisher.db"))
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			benchmarkStep(b, l, addMany(b, l, b.N), callers)
		})
	}
}

func benchmarkStep(b *testing.B, l *ledger.Ledger, edition, callers int64) {
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	if sent := ledgertest.DeliverPages(b, l, edition, callers, nil); sent != b.N {
		b.Fatalf("%d sent, want %d", sent, b.N)
	}
	b.StopTimer()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	own := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	b.ReportMetric(own.Seconds()*1000/float64(b.N), "own-ms/mail")
}

// wal is what a server has written to its log.
type wal struct {
	bytes, syncs int64
	syncTime     float64 // milliseconds
}

func walOf(b *testing.B, server *postgrestest.Server, dsn string) (w wal) {
	b.Helper()
	text := server.Value(b, dsn, "SELECT wal_bytes || ' ' || wal_sync || ' ' || wal_sync_time FROM pg_stat_wal")
	if _, err := fmt.Sscan(text, &w.bytes, &w.syncs, &w.syncTime); err != nil {
		b.Fatal(err)
	}
	return w
}

// serverTime returns the processor time of a server's processes that run, and of those that have
// ended, from /proc.
func serverTime(b *testing.B, postmaster int) time.Duration {
	b.Helper()
	var ticks int64
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		parent, _ := strconv.Atoi(fields[1])
		first := 11 // utime, stime
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if pid != postmaster && parent != postmaster {
			continue
		}
		for _, field := range fields[first : first+2] {
			n, _ := strconv.ParseInt(field, 10, 64)
			ticks += n
		}
	}
	const hertz = 100
	return time.Duration(ticks) * time.Second / hertz
}
