//go:build postgres

package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/postgres"
	"publisher/internal/postgrestest"
)

// wantStopped fails the test unless nothing may be sent, for the reason given.
func wantStopped(t *testing.T, l *ledger.Ledger, why string) {
	t.Helper()
	var clone *ledger.CloneError
	for name, err := range map[string]error{"check": l.CheckCloneMark(ctx), "advance": l.AdvanceCloneMark(ctx)} {
		if !errors.As(err, &clone) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, want %q", name, err, why)
		}
	}
}

// wantSeenFrom fails the test unless who only looks at the ledger is told why nothing may be sent.
func wantSeenFrom(t *testing.T, dsn, stateDir, why string) {
	t.Helper()
	l, err := postgres.OpenCopy(ctx, dsn, postgres.Options{StateDir: stateDir})
	must(t, err)
	defer l.Close()
	var clone *ledger.CloneError
	if err := l.CheckCloneMark(ctx); !errors.As(err, &clone) || !strings.Contains(err.Error(), why) {
		t.Errorf("looking: %v, want %q", err, why)
	}
}

// wantAdopted adopts the ledger on one machine, and fails the test unless each may send then.
func wantAdopted(t *testing.T, all ...*ledger.Ledger) {
	t.Helper()
	must(t, all[0].Adopt(ctx))
	for _, l := range all {
		must(t, l.CheckCloneMark(ctx))
		must(t, l.AdvanceCloneMark(ctx))
		must(t, l.CheckCloneMark(ctx))
	}
}

// sentFrom returns a ledger that mail was sent from, on two machines with these folders, and its
// address.
func sentFrom(t *testing.T, server *postgrestest.Server, a, b string) (dsn string) {
	t.Helper()
	dsn = server.Database(t)
	for i, dir := range []string{a, b, a} {
		l := openAt(t, dsn, dir)
		if i == 0 {
			addMany(t, l, 3)
		}
		must(t, l.CheckCloneMark(ctx))
		must(t, l.AdvanceCloneMark(ctx))
		must(t, l.AdvanceCloneMark(ctx))
	}
	return dsn
}

// replace puts what was dumped in the place of a database.
func replace(t *testing.T, server *postgrestest.Server, dump, dsn string) {
	t.Helper()
	server.Exec(t, dsn, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
	server.Restore(t, dump, dsn)
}

// A dump in another database does not send, nor does any machine, until it is adopted.
func TestCopyDoesNotSend(t *testing.T) {
	server := postgrestest.Shared(t)
	a, b := t.TempDir(), t.TempDir()
	dsn := sentFrom(t, server, a, b)
	other := server.Database(t)
	server.Restore(t, server.Dump(t, dsn), other)

	onA, onB, onNew := openAt(t, other, a), openAt(t, other, b), openAt(t, other, t.TempDir())
	wantStopped(t, onNew, "the ledger is a copy: mail was last sent from another database of this server, found on ")
	wantStopped(t, onA, "the ledger is a copy")
	wantStopped(t, onB, "the ledger is a copy")
	must(t, openAt(t, dsn, a).AdvanceCloneMark(ctx)) // the original does
	wantAdopted(t, onA, onB, onNew)
}

// A ledger that was restored does not send, and the first machine that remembers more tells the
// others.
func TestRestoredDoesNotSend(t *testing.T) {
	server := postgrestest.Shared(t)
	a, b := t.TempDir(), t.TempDir()
	dsn := sentFrom(t, server, a, b)
	dump := server.Dump(t, dsn)
	l := openAt(t, dsn, a)
	must(t, l.AdvanceCloneMark(ctx))
	ledgertest.CloseEdition(t, l, "weekly", 0, 1)
	add(t, l, imports.Row{Email: "late@example.com"})
	must(t, l.AdvanceCloneMark(ctx))
	must(t, l.Close())
	replace(t, server, dump, dsn)

	onA, onB := openAt(t, dsn, a), openAt(t, dsn, b)
	must(t, onB.CheckCloneMark(ctx)) // it has seen no more
	wantSeenFrom(t, dsn, a, "the ledger is older than")
	must(t, onB.CheckCloneMark(ctx)) // looking told nobody
	wantStopped(t, onA, "the ledger is older than when mail was last sent from this machine (mark 6, then 8), found on ")
	wantStopped(t, onB, "the ledger is older")
	wantAdopted(t, onA, onB)
	// Numbers that may have been used are not used again.
	if n := ledgertest.CloseEdition(t, onB, "weekly", 0, 1); n <= 2 {
		t.Errorf("edition %d", n)
	}
	add(t, onB, imports.Row{Email: "new@example.com"})
	if s := ledgertest.Subscriber(t, onB, "new@example.com"); s.ID <= 4 || s.ID > 100_000 {
		t.Errorf("subscriber %d", s.ID)
	}
}

// It does not help that another machine has sent from the restored ledger, so that its count is as
// high again.
func TestForkedDoesNotSend(t *testing.T) {
	server := postgrestest.Shared(t)
	a, b := t.TempDir(), t.TempDir()
	dsn := sentFrom(t, server, a, b)
	dump := server.Dump(t, dsn)
	l := openAt(t, dsn, a)
	must(t, l.AdvanceCloneMark(ctx))
	must(t, l.Close())
	replace(t, server, dump, dsn)
	onA, onB := openAt(t, dsn, a), openAt(t, dsn, b)
	for range 3 {
		must(t, onB.AdvanceCloneMark(ctx))
	}
	wantStopped(t, onA, "the ledger lacks what was sent from this machine at mark 7, found on ")
	wantStopped(t, onB, "the ledger lacks")
	wantAdopted(t, onB, onA)
}

// A standby that took over without the last commits does not send.
func TestStandbyLacksCommits(t *testing.T) {
	server := postgrestest.Start(t)
	a, b := t.TempDir(), t.TempDir()
	dsn := sentFrom(t, server, a, b)
	standby := server.Standby(t)
	standby.Stop(t)
	l := openAt(t, dsn, b)
	must(t, l.AdvanceCloneMark(ctx))
	must(t, l.Close())
	server.Stop(t)
	standby.Resume(t)
	standby.Promote(t)
	_, name := filepath.Split(strings.Split(dsn, "?")[0])
	onA, onB := openAt(t, standby.DSN(name), a), openAt(t, standby.DSN(name), b)
	must(t, onA.CheckCloneMark(ctx))
	wantStopped(t, onB, "the ledger is older")
	wantStopped(t, onA, "the ledger is older")
	wantAdopted(t, onB, onA)
}

// Nor does one that lacks what a process has committed since the last mark, which the process knows.
func TestStandbyLacksCommitsOfAProcess(t *testing.T) {
	server := postgrestest.Start(t)
	a, b := t.TempDir(), t.TempDir()
	dsn := sentFrom(t, server, a, b)
	edition := closeFor(t, dsn)
	begin := func(dsn string, earlier postgres.Life) (*postgres.Worker, error) {
		return postgres.BeginWork(ctx, dsn, postgres.Options{StateDir: a}, "publisher work", "test", earlier)
	}
	w, err := begin(dsn, postgres.Life{})
	must(t, err)
	record := func(subscriber int64) {
		t.Helper()
		ledgertest.Want(t, true)(w.Ledger.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: subscriber, Through: 1, At: noon}))
	}
	record(1)
	complete := w.Life()
	standby := server.Standby(t)
	_, name := filepath.Split(strings.Split(dsn, "?")[0])
	standby.Stop(t)
	record(2)
	lacking := w.Life()
	server.Stop(t)
	w.Close() // of a server that is gone
	standby.Resume(t)
	standby.Promote(t)

	w, err = begin(standby.DSN(name), complete)
	must(t, err)
	must(t, w.Close())
	onA, onB := openAt(t, standby.DSN(name), a), openAt(t, standby.DSN(name), b)
	must(t, onA.CheckCloneMark(ctx))
	var clone *ledger.CloneError
	const why = "the ledger lacks what was sent from this machine last"
	if _, err := begin(standby.DSN(name), lacking); !errors.As(err, &clone) || !strings.Contains(err.Error(), why) {
		t.Errorf("%v, want %q", err, why)
	}
	wantStopped(t, onB, why)
	wantStopped(t, onA, why)
	wantAdopted(t, onB, onA)
	w, err = begin(standby.DSN(name), lacking)
	must(t, err)
	must(t, w.Close())
}

// closeFor closes an edition of a new post, and returns its number.
func closeFor(t *testing.T, dsn string) int64 {
	t.Helper()
	l := openAt(t, dsn, t.TempDir())
	ledgertest.Number(t, l, 1)
	return ledgertest.CloseEdition(t, l, "weekly", 0, 1)
}

// Another ledger in the place of the one that mail was sent from does not send.
func TestAnotherLedgerDoesNotSend(t *testing.T) {
	server := postgrestest.Shared(t)
	a := t.TempDir()
	sentFrom(t, server, a, t.TempDir())
	l := openAt(t, server.Database(t), a)
	wantStopped(t, l, "when mail was last sent from this machine, it was from another ledger")
	wantAdopted(t, l, l)
}

// A mark that is damaged is not taken for none.
func TestDamagedMark(t *testing.T) {
	server := postgrestest.Shared(t)
	a := t.TempDir()
	dsn := sentFrom(t, server, a, t.TempDir())
	must(t, os.WriteFile(filepath.Join(a, "ledger.mark"), []byte("x"), 0o600))
	l := openAt(t, dsn, a)
	wantStopped(t, l, "is damaged, found on ")
	wantAdopted(t, l)
}
