package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/pruning"
	"publisher/internal/smtptest"
)

// sized is a ledger that is being measured.
type sized struct {
	bench
	database
	dir  string
	sink *smtptest.Server
}

// size measures what subscribers and deliveries take.
func (b bench) size(kind func() (database, error)) error {
	db, err := kind()
	if err != nil {
		return err
	}
	defer db.stop()
	m := sized{bench: b, database: db}
	if m.dir, err = os.MkdirTemp("", "benchscale-"); err != nil {
		return err
	}
	defer os.RemoveAll(m.dir)
	if m.sink, err = smtptest.Listen("127.0.0.1:0", smtptest.Options{}); err != nil {
		return err
	}
	defer m.sink.Close()
	if err := b.site(m.dir, db.dsn(), b.subscribers, m.sink.Port()); err != nil {
		return err
	}
	fmt.Printf("%s, %d subscribers\n", db.name(), b.subscribers)
	for _, step := range []func() error{m.importing, m.sending, m.cutting, m.pruning} {
		if err := step(); err != nil {
			return fmt.Errorf("%s: %w", db.name(), err)
		}
	}
	return nil
}

// row prints a measurement, for one of so many rows.
func (m sized) row(what string, rows int, took time.Duration, own time.Duration, used use) {
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(rows) }
	text := fmt.Sprintf("  %-8s %8.1f s, %8.0f a second; processor time of one %.0f µs", what, took.Seconds(), float64(rows)/took.Seconds(), each(own))
	if used.cpu > 0 {
		text += fmt.Sprintf(", in the server %.0f µs", each(used.cpu))
	}
	if used.bytes != 0 {
		text += fmt.Sprintf("; %d bytes", used.bytes/int64(rows))
	}
	if used.log > 0 {
		text += fmt.Sprintf(", %d of log", used.log/int64(rows))
	}
	fmt.Println(text)
}

func (m sized) importing() error {
	if _, _, err := m.command(m.dir, "subscribers", "list", "--json"); err != nil { // which makes the tables
		return err
	}
	before, err := m.used()
	if err != nil {
		return err
	}
	c, took, err := m.command(m.dir, "subscribers", "import", "list.csv")
	if err != nil {
		return err
	}
	after, err := m.used()
	m.row("import", m.subscribers, took, c.cpu, after.since(before))
	return err
}

// open opens the ledger itself.
func (m sized) open(ctx context.Context) (*ledger.Ledger, error) {
	return engines.Open(ctx, m.place())
}

func (m sized) place() engines.Place {
	return engines.Place{DSN: m.dsn(), StateDir: filepath.Join(m.dir, "state")}
}

// audience is everybody of the blog.
var audience = ledger.Audience{Cadence: "immediate", Default: true, Configured: []string{"immediate"}}

// cutting reads what closing an edition reads, and divides its recipients into batches. Then it
// stores that the edition was sent.
func (m sized) cutting() error {
	const size, ahead = 500, 200 // as package work does
	ctx, now := context.Background(), time.Now()
	l, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	posts := []ledger.Post{{ID: "measured", Stage: ledger.Numbered, Read: true}}
	if err := l.SavePosts(ctx, posts); err != nil {
		return err
	}
	through := posts[0].Seq
	began := time.Now()
	if _, err := l.RecipientGroups(ctx, audience, through, now); err != nil {
		return err
	}
	grouped := time.Since(began)
	e := ledger.Edition{Cadence: "immediate", Subject: "Measured", Closed: now, Through: through}
	if err := l.CloseEditions(ctx, &e); err != nil {
		return err
	}
	batches := 0
	for after := int64(0); ; {
		ends, err := l.Ranges(ctx, e.Number, audience, after, size, ahead, now)
		if err != nil {
			return err
		}
		batches += len(ends)
		if len(ends) < ahead {
			break
		}
		after = ends[len(ends)-1]
	}
	fmt.Printf("  close    %8.1f s, of which grouping %.1f s; %d batches\n", time.Since(began).Seconds(), grouped.Seconds(), batches)
	if want := (m.subscribers + size - 1) / size; batches != want {
		return fmt.Errorf("%d batches, want %d", batches, want)
	}
	return ledgertest.StoreDeliveries(l, e.Number)
}

// sending sends an edition to all, by a daemon, and a worker where there can be one.
func (m sized) sending() error {
	before, err := m.used()
	if err != nil {
		return err
	}
	var programs []*process
	roles := []string{"serve"}
	if m.name() == "PostgreSQL" {
		roles = []string{"work", "serve"}
	}
	for _, role := range roles {
		p, err := m.start(m.dir, role, "--log-level", "warn")
		if err != nil {
			return err
		}
		programs = append(programs, p)
	}
	began := time.Now()
	failed := await(m.sink, m.subscribers, programs...)
	took := time.Since(began)
	if failed == nil {
		failed = m.awaitDone()
	}
	var own time.Duration
	var memory string
	for i, p := range programs {
		c, err := p.stop()
		if failed == nil {
			failed = err
		}
		own += c.cpu
		memory += fmt.Sprintf("; %s at most %d MB", roles[i], c.memory>>20)
	}
	if failed != nil {
		return failed
	}
	after, err := m.used()
	if err != nil {
		return err
	}
	m.row("send", m.subscribers, took, own, after.since(before))
	fmt.Printf("  memory  %s\n", memory[1:])
	return nil
}

// awaitDone waits until the edition is finished.
func (m sized) awaitDone() error {
	ctx := context.Background()
	for {
		done := false
		err := engines.View(ctx, m.place(), func(l *ledger.Ledger) error {
			open, err := l.UnfinishedEditions(ctx)
			done = len(open) == 0
			return err
		})
		if err != nil || done {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// pruning prunes the edition that was sent, since there is another one.
func (m sized) pruning() error {
	ctx := context.Background()
	l, err := m.open(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	before, err := m.used()
	if err != nil {
		return err
	}
	p := pruning.New(l, time.Now().Add(24*time.Hour))
	began, rows, longest := time.Now(), 0, time.Duration(0)
	for {
		piece := time.Now()
		n, more, err := p.Next(ctx, time.Now())
		if err != nil {
			return err
		}
		rows, longest = rows+n, max(longest, time.Since(piece))
		if !more {
			break
		}
	}
	took := time.Since(began)
	if rows < m.subscribers {
		return fmt.Errorf("%d of %d deliveries were pruned", rows, m.subscribers)
	}
	after, err := m.used()
	if err != nil {
		return err
	}
	used := after.since(before)
	used.bytes = 0 // it is free, but not given back
	m.row("prune", rows, took, 0, used)
	fmt.Printf("  a piece of at most %d rows took %d ms at most, with reading\n", pruning.Piece, longest.Milliseconds())
	if s, ok := m.database.(server); ok {
		return s.vacuum(rows)
	}
	return nil
}
