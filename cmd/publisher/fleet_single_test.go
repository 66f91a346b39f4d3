//go:build postgres

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/internal/postgrestest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// rowsOf returns the deliveries of an edition to some, or to all others.
func (f *fleet) rowsOf(edition int64, those []int64, others bool) []string {
	f.t.Helper()
	rows, err := f.db.Query(f.t.Context(), `SELECT d.subscriber || ' ' || d.progress || ' ' || d.attempts || ' ' || d.resent || ' ' || d.reply || ' ' || s.cursor_seq
		FROM delivery d JOIN subscriber s ON s.id = d.subscriber WHERE d.edition = $1 AND (d.subscriber = ANY($2)) <> $3 ORDER BY d.subscriber`, edition, those, others)
	f.check(err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	f.check(err)
	return all
}

// A process that is frozen between the intents and the bodies wakes after others have taken over what it held: it
// sends those bodies, as nothing can keep it from that, and what it wants to store of them is refused.
func TestFrozenBetweenIntentAndBodyOnPostgreSQL(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "resend", 2_000)
	f.join("serve", "serve")
	zombie := f.join("zombie", "work")
	f.await("the worker", patience, func() bool { return f.count("SELECT COUNT(*) FROM worker WHERE NOT dead") == 2 })
	edition := f.post()
	underway := func() (ids []int64) {
		err := f.db.QueryRow(t.Context(), `SELECT COALESCE(array_agg(d.subscriber ORDER BY d.subscriber), '{}') FROM worker w JOIN batch b ON b.worker = w.id AND b.state = 'held'
			JOIN delivery d ON d.edition = b.edition AND d.subscriber > b.after_id AND d.subscriber <= b.upto_id AND d.progress = 'sending' WHERE w.process = $1`, zombie.pid()).Scan(&ids)
		f.check(err)
		return ids
	}
	f.await("a batch", patience, func() bool { return len(underway()) > 0 })
	zombie.toDB.set(mutes) // what it commits is committed, and it does not hear of that
	var frozen []int64
	f.await("its intents", patience, func() bool {
		before := frozen
		time.Sleep(time.Second)
		frozen = underway()
		// Its last step may have waited for a lock.
		return len(frozen) > 0 && cmp.Equal(before, frozen) &&
			f.count("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'") == 0
	})
	zombie.signal(syscall.SIGSTOP)
	zombie.toDB.set(passes)
	f.awaitEnd(edition, time.Minute) // the leader's process sends all of them
	others, own := f.rowsOf(edition, frozen, true), f.rowsOf(edition, frozen, false)
	accepted := f.sink.Total()
	zombie.signal(syscall.SIGCONT)
	f.await("the new life", patience, func() bool {
		return f.count("SELECT COUNT(*) FROM worker WHERE process = $1 AND NOT dead", zombie.pid()) == 1
	})
	f.await("that it sends no more", patience, func() bool {
		before := f.sink.Total()
		time.Sleep(time.Second)
		return before == f.sink.Total()
	})
	if n := f.sink.Total() - accepted; n > fleetConnections {
		t.Errorf("it sent %d mails when it woke", n)
	}
	if diff := cmp.Diff(others, f.rowsOf(edition, frozen, true)); diff != "" {
		t.Errorf("it changed the deliveries to others: %s", diff)
	}
	if diff := cmp.Diff(own, f.rowsOf(edition, frozen, false)); diff != "" {
		t.Errorf("its results were not refused: %s", diff)
	}
	for _, row := range own {
		if !strings.Contains(row, " sent 2 1 ") {
			t.Errorf("%s is not sent in the second attempt, and marked", row)
		}
	}
	s := newFaults(f, 0, time.Second, time.Second)
	s.hit = 1
	s.account(edition, nil)
}

// SIGTERM ends a process within ten seconds, also one that hears nothing of the database, nor of the
// mail server.
func TestEndsWithoutAnswersOnPostgreSQL(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "resend", 1_000)
	f.join("serve", "serve")
	deaf, mute := f.join("deaf", "work"), f.join("mute", "work")
	f.await("the workers", patience, func() bool { return f.count("SELECT COUNT(*) FROM worker WHERE NOT dead") == 3 })
	edition := f.post()
	f.await("mail", patience, func() bool { return f.sink.Total() > 100 })
	deaf.toDB.set(holes)
	mute.toSink.set(holes)
	time.Sleep(500 * time.Millisecond)
	for _, m := range []*member{deaf, mute} {
		began := time.Now()
		m.leave(syscall.SIGTERM)
		if took := time.Since(began); took > 12*time.Second {
			t.Errorf("%s took %v to end", m.name, took)
		}
		if m.code != exitDone && m.code != exitFailed {
			t.Errorf("%s ended with exit code %d", m.name, m.code)
		}
	}
	f.awaitEnd(edition, 2*time.Minute)
	s := newFaults(f, 0, time.Second, time.Second)
	s.hit = 2
	s.account(edition, nil)
}

// So does one that leads.
func TestLeaderEndsWithoutAnswersOnPostgreSQL(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "resend", 1_000)
	deaf := f.join("deaf", "serve")
	f.await("the leader", patience, func() bool { return f.count("SELECT COUNT(*) FROM lease WHERE expires_at > 0") == 1 })
	f.join("standby", "serve")
	edition := f.post()
	f.await("mail", patience, func() bool { return f.sink.Total() > 100 })
	deaf.toDB.set(holes)
	time.Sleep(500 * time.Millisecond)
	began := time.Now()
	deaf.leave(syscall.SIGTERM)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v to end", took)
	}
	f.awaitEnd(edition, 2*time.Minute)
	s := newFaults(f, 0, time.Second, time.Second)
	s.hit = 1
	s.account(edition, nil)
}

// wantStopped expects that no process sends any more, and that each that only works ends with exit code 4.
func (f *fleet) wantStopped(all ...*member) {
	f.t.Helper()
	for _, m := range all {
		if m.command == "serve" {
			continue
		}
		select {
		case <-m.ended:
		case <-time.After(patience):
			f.t.Fatalf("%s does not end", m.name)
		}
		if m.code != exitHeld {
			f.t.Errorf("%s ended with exit code %d", m.name, m.code)
		}
	}
	sent := f.sink.Total()
	for _, m := range all {
		cmd := exec.Command("publisher", "run")
		if m.command == "work" {
			cmd = exec.Command("publisher", "work")
		}
		cmd.Dir = m.dir
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != exitHeld && (m.command == "work" || code != exitLocked) {
			f.t.Errorf("on %s: %v\n%s", m.name, err, out)
		}
	}
	if n := f.sink.Total() - sent; n > 0 {
		f.t.Errorf("%d mails were sent all the same", n)
	}
}

// once has machines work whose processes are not started again.
func (f *fleet) once(names ...string) (all []*member) {
	for _, name := range names {
		command, _, _ := strings.Cut(name, "-")
		m := f.newMember(name, command)
		m.once = true
		f.members = append(f.members, m)
		m.run()
		all = append(all, m)
	}
	return all
}

// adopt says that the ledger is the right one, on one machine.
func (m *member) adopt() {
	m.fleet.t.Helper()
	cmd := exec.Command("publisher", "adopt")
	cmd.Dir = m.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		m.fleet.t.Fatalf("%v\n%s", err, out)
	}
}

// goOn starts all processes, and expects that the edition goes out.
func (f *fleet) goOn(all []*member) {
	f.t.Helper()
	for _, m := range all {
		m.leave(syscall.SIGTERM)
	}
	sent := f.sink.Total()
	for _, m := range all {
		m.leaves, m.once = false, false
		f.members = append(f.members, m)
		m.run()
	}
	f.hurry()
	f.await("mail", time.Minute, func() bool { return f.sink.Total() > sent })
}

// A standby that takes over and lacks the last commits stops all mail, on the machines that have seen these
// and on the others, until it is adopted.
func TestPromotedStandbyStopsAllOnPostgreSQL(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "resend", 3_000)
	all := f.once("serve-1", "work-1", "work-2")
	f.await("the workers", patience, func() bool { return f.count("SELECT COUNT(*) FROM worker WHERE NOT dead") == 3 })
	f.post()
	standby := f.postgres.Standby(t)
	f.await("mail", patience, func() bool { return f.sink.Total() > 300 })
	standby.Stop(t)
	sent := f.sink.Total()
	f.await("more mail", patience, func() bool { return f.sink.Total() > sent+50 })
	f.db.Close()
	f.postgres.Stop(t)
	standby.Resume(t)
	standby.Promote(t)
	f.onto(standby, all)
	f.wantStopped(all...)
	all[1].adopt()
	f.goOn(all)
}

// onto has all machines use another server.
func (f *fleet) onto(s *postgrestest.Server, all []*member) {
	f.t.Helper()
	_, name := filepath.Split(strings.Split(f.dsn, "?")[0])
	f.connect(s.DSN(name))
	for _, m := range all {
		m.toDB.retarget(s.Port)
	}
}

// A dump that is restored under processes that work stops all mail until it is adopted.
func TestRestoredStopsAllOnPostgreSQL(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "resend", 3_000)
	all := f.once("serve-1", "work-1", "work-2")
	f.await("the workers", patience, func() bool { return f.count("SELECT COUNT(*) FROM worker WHERE NOT dead") == 3 })
	f.post()
	f.await("mail", patience, func() bool { return f.sink.Total() > 300 })
	dump := f.postgres.Dump(t, f.dsn)
	sent := f.sink.Total()
	f.await("more mail", patience, func() bool { return f.sink.Total() > sent+50 })
	for _, m := range all {
		m.toDB.set(cuts)
	}
	f.terminate()
	f.postgres.Exec(t, f.dsn, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
	f.postgres.Restore(t, dump, f.dsn)
	for _, m := range all {
		m.toDB.set(passes)
	}
	f.wantStopped(all...)
	all[2].adopt()
	f.goOn(all)
}

// A process of an older version refuses a ledger that a newer one has upgraded, in one line.
func TestOlderVersionOnPostgreSQL(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "resend", 1)
	m := f.newMember("old", "work")
	_, err := f.db.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
	f.check(err)
	cmd := exec.Command("publisher", "work")
	cmd.Dir = m.dir
	out, err := cmd.CombinedOutput()
	if n := strings.Count(strings.TrimSpace(string(out)), "\n"); err == nil || n > 1 || !strings.Contains(string(out), "a newer publisher created it (schema 9999;") {
		t.Errorf("%v\n%s", err, out)
	}
}
