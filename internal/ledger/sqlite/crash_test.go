package sqlite_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

// Everything that Record reported as stored is there after kill -9, and at most one
// delivery per caller is uncertain.
func TestKilledWhileRecording(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, dsn)
	edition := addMany(t, l, 5_000)
	must(t, l.Close())

	c := startChild(t, "record for ever", dsn)
	said := slices.Max(c.KillAfter(t, 200))

	l = openAt(t, dsn)
	e, err := l.Edition(ctx, edition)
	must(t, err)
	if int64(e.Sent) < said {
		t.Errorf("%d sent, but %d were said to be on the disk", e.Sent, said)
	}
	open, err := l.Interrupted(ctx)
	must(t, err)
	if len(open) > 1 {
		t.Errorf("%d deliveries uncertain, want one at most", len(open))
	}
	behind := 0
	for s, err := range l.Subscribers(ctx) {
		must(t, err)
		if (s.Cursor == 1) != (s.ID <= int64(e.Sent)) {
			t.Fatalf("subscriber %d has cursor %d, and %d are sent", s.ID, s.Cursor, e.Sent)
		}
		if s.Cursor == 0 {
			behind++
		}
	}
	if behind+e.Sent != 5_000 {
		t.Errorf("%d sent and %d to go", e.Sent, behind)
	}
}

// An import is stored completely or not at all.
func TestKilledWhileImporting(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, dsn)
	add(t, l, imports.Row{Email: "ann@example.com"})
	must(t, l.Close())

	c := startChild(t, "import for ever", dsn)
	c.Line(t)
	must(t, c.Process.Kill())
	want := 1
	if c.Lines.Scan() { // it was done before the kill came
		want += 30_000
	}
	c.Wait()

	l = openAt(t, dsn)
	n := 0
	for _, err := range l.Subscribers(ctx) {
		must(t, err)
		n++
	}
	if n != want {
		t.Errorf("%d subscribers, want %d", n, want)
	}
	add(t, l, imports.Row{Email: "ben@example.com"})
}

// If the disk fails every caller gets an error, and everything reported as stored is
// stored.
func TestDiskFull(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, dsn)
	edition := addMany(t, l, 5_000)
	must(t, l.Close())

	c := startChild(t, "fill the disk", dsn)
	for range 20 {
		if line := c.Line(t); !strings.Contains(line, "publisher.db: record a delivery: the disk") {
			t.Errorf("%q", line)
		}
	}
	told, err := strconv.Atoi(c.Line(t))
	must(t, err)
	if line := c.Line(t); line != "recovered" {
		t.Errorf("with room again: %q", line)
	}
	c.Wait()
	stored := 0
	for _, err := range openAt(t, dsn).Deliveries(ctx, edition, ledger.Sending) {
		must(t, err)
		stored++
	}
	if stored != told+1 || told == 0 {
		t.Errorf("%d stored, want the %d that were told so and the one after", stored, told)
	}
}
