//go:build postgres

package work_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/internal/ledger/postgres"
	"publisher/internal/postgrestest"
	"publisher/internal/smtptest"
)

// value returns the only value of a query.
func (f *fleet) value(query string) string {
	f.t.Helper()
	return postgrestest.Shared(f.t).Value(f.t, f.dsn, query)
}

func (f *fleet) exec(statements ...string) {
	f.t.Helper()
	postgrestest.Shared(f.t).Exec(f.t, f.dsn, statements...)
}

// River may hand a job out again while somebody works it, as when that one was stopped and woke: the
// batch is done once all the same.
func TestJobHandedOutTwice(t *testing.T) {
	t.Parallel()
	const subscribers = 2500
	f := newFleet(t, subscribers, "", slow)
	f.start()
	f.start()
	f.during(time.Minute, func() {
		for f.sink.Total() < subscribers-100 {
			f.exec("UPDATE river_job SET state = 'available', scheduled_at = clock_timestamp() WHERE state = 'running'")
			time.Sleep(100 * time.Millisecond)
		}
	})
	if n := f.account(subscribers); n > 0 {
		t.Errorf("%d doubles", n)
	}
	if n := f.value("SELECT COUNT(*)::TEXT FROM worker WHERE dead"); n != "0" {
		t.Errorf("%s processes were declared dead", n)
	}
}

// No clock matters for who is dead, nor for what is due again: the leader's decides that.
func TestClocksAnHourOff(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const subscribers = 1200
			later := slow
			later.Script = func(e smtptest.Event) string {
				if e.Verb == "RCPT" && e.Tries == 0 && strings.HasSuffix(e.Arg, "7@example.com") {
					return "451 4.3.0 later"
				}
				return ""
			}
			f := newFleet(t, subscribers, "", later)
			f.startAt(ahead)
			f.start()
			f.lead(time.Minute)
			time.Sleep(12 * time.Second) // others would take whoever is silent for ten seconds for dead
			// What is due in a minute is due now, by the leader's clock.
			f.exec(fmt.Sprintf("UPDATE delivery SET next_at = %d WHERE progress = 'deferred'", time.Now().UnixMicro()))
			f.lead(time.Minute)
			if n := f.account(subscribers); n > 0 {
				t.Errorf("%d doubles", n)
			}
			if n := f.value("SELECT COUNT(*)::TEXT FROM worker WHERE dead"); n != "0" {
				t.Errorf("%s processes were declared dead", n)
			}
		})
	}
}

// Rows that somebody changed by hand neither end a process nor make anybody get a mail twice.
func TestChangedByHand(t *testing.T) {
	t.Parallel()
	const subscribers = 1500
	f := newFleet(t, subscribers, "", slow)
	number := f.closed[0].Number
	batches := []postgres.Batch{
		{Edition: 999, Kind: postgres.BatchRange, Upto: 100},                           // there is none
		{Edition: number, Kind: postgres.BatchRange, After: 50, Upto: 20},              // nobody
		{Edition: 999, Kind: postgres.BatchRetries, IDs: []int64{3, 1, 1, -5}},         // of an edition that is not there
		{Edition: number, Kind: postgres.BatchRetries, IDs: []int64{9, 2, 2, 1 << 60}}, // unsorted, twice, unknown, not deferred
	}
	f.check(f.leader.Batches.Add(t.Context(), batches))
	f.exec(
		// What a job is about.
		`INSERT INTO river_job (args, kind, max_attempts, queue, state) VALUES ('{"batch": 123456, "fence": 1}', 'mail_batch', 5, 'mail', 'available')`,
		`INSERT INTO river_job (args, kind, max_attempts, queue, state) VALUES ('{"batch": "x", "fence": []}', 'mail_batch', 5, 'mail', 'available')`,
		`INSERT INTO river_job (args, kind, max_attempts, queue, state) VALUES ('[]', 'mail_batch', 5, 'mail', 'available')`,
		`INSERT INTO river_job (args, kind, max_attempts, queue, state) VALUES ('{}', 'unknown', 5, 'mail', 'available')`,
	)
	for _, nonsense := range []string{"UPDATE batch SET state = 'nonsense'", "UPDATE batch SET kind = ''", "UPDATE batch SET state = 'held'"} {
		if err := postgrestest.Shared(t).Try(f.dsn, nonsense); err == nil {
			t.Errorf("%s is accepted", nonsense)
		}
	}
	p := f.start()
	f.during(time.Minute, func() {
		f.waitFor(200)
		f.exec("UPDATE batch SET fence = fence + 7 WHERE state = 'open'", // their jobs are lost
			fmt.Sprintf("INSERT INTO batch (edition, kind, upto_id) VALUES (%d, 'range', 300)", number),                               // has none, and was handed out
			"UPDATE batch SET upto_id = upto_id + 100 WHERE id = (SELECT MIN(id) FROM batch WHERE state = 'open' AND kind = 'range')") // overlaps
	})
	if n := f.account(subscribers); n > 0 {
		t.Errorf("%d doubles", n)
	}
	if err := p.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the process ended: %v", err)
	}
	if n := f.value("SELECT COUNT(*)::TEXT FROM worker"); n != "1" {
		t.Errorf("the process had %s lives", n)
	}
	problems, err := f.leader.Batches.Problems(t.Context())
	f.check(err)
	if len(problems) == 0 {
		t.Error("nobody is told of the edition that is not there")
	}
	for _, one := range problems {
		if one.Edition != 999 || strings.Contains(one.Message, "\n") || !strings.Contains(one.Message, "there is no edition 999") {
			t.Errorf("%+v", one)
		}
	}
}

// Two ledgers in one database, each in a schema of its own, have nothing in common.
func TestTwoLedgersInOneDatabase(t *testing.T) {
	t.Parallel()
	const subscribers = 800
	server := postgrestest.Shared(t)
	dsn := server.Database(t)
	var both [2]*fleet
	for i := range both {
		schema := fmt.Sprintf("blog%d", i)
		server.Exec(t, dsn, "CREATE SCHEMA "+schema)
		both[i] = newFleetIn(t, dsn+"&search_path="+schema, subscribers, "", slow)
		both[i].start()
		both[i].start()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		both[0].lead(time.Minute)
	}()
	both[1].lead(time.Minute)
	<-ended
	for _, f := range both {
		if n := f.account(subscribers); n > 0 {
			t.Errorf("%d doubles", n)
		}
	}
}

// Somebody who leaves on one machine gets nothing that another one begins after that, even where it had read
// them before.
func TestLeftOnAnotherMachine(t *testing.T) {
	t.Parallel()
	const subscribers = 1500
	f := newFleet(t, subscribers, "", slow)
	f.start()
	f.during(time.Minute, func() {
		f.waitFor(100)
		// The process has read these, in pages, and got them in its batches.
		f.exec("UPDATE subscriber SET status = 'unsubscribed' WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE d.subscriber = subscriber.id)")
	})
	begun := f.value("SELECT COUNT(*)::TEXT FROM delivery")
	if got := fmt.Sprint(len(f.sink.Accepted())); got != begun || f.sink.Total() >= subscribers {
		t.Errorf("%s got mail, and %s deliveries had begun", got, begun)
	}
}

// While the disk under the database is full, or the database takes nothing, no further mail goes out; then
// all goes on by itself.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	const subscribers = 3000
	f, full, free := fullDisk(t, subscribers)
	f.tolerant = true
	p := f.start()
	f.start()
	f.during(2*time.Minute, func() {
		f.waitFor(500)
		full()
		stands := func() bool {
			before := f.sink.Total()
			time.Sleep(2 * time.Second)
			return f.sink.Total() == before
		}
		for n := 0; !stands(); n++ {
			if n == 20 {
				t.Error("mail goes out although the disk is full")
				break
			}
		}
		if f.sink.Total() >= subscribers {
			t.Error("it was full too late")
		}
		free()
	})
	if n := f.account(subscribers); n > 2*connections {
		t.Errorf("%d doubles", n)
	}
	if err := p.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("a process ended: %v", err)
	}
}

// fullDisk returns a fleet, and functions that fill the disk of its database and free it. Where this user
// may not mount a small disk, the database takes nothing instead.
func fullDisk(t *testing.T, subscribers int) (f *fleet, full, free func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "small-disk-") // t.TempDir is closed to the server's user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	disk := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=200m,mode=777")
	if disk == nil {
		t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	}
	server := postgrestest.StartIn(t, dir, "max_wal_size = 64MB", "min_wal_size = 32MB", "wal_recycle = off")
	f = newFleetIn(t, server.Database(t), subscribers, "", slow)
	if disk != nil {
		t.Logf("no small disk: %v", disk)
		set := func(value string) func() {
			return func() {
				server.Exec(t, "postgres", "SET default_transaction_read_only = off", "ALTER SYSTEM SET default_transaction_read_only = "+value, "SELECT pg_reload_conf()")
			}
		}
		return f, set("on"), set("off")
	}
	filler := filepath.Join(dir, "filler")
	full = func() {
		file, err := os.Create(filler)
		f.check(err)
		defer file.Close()
		for _, size := range []int{1 << 20, 4096, 1} {
			for err = nil; err == nil; {
				_, err = file.Write(make([]byte, size))
			}
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Error(err)
		}
		_ = server.Try("postgres", "SELECT pg_switch_wal()") // the server may well crash
	}
	free = func() {
		f.check(os.Remove(filler))
		for range 20 {
			if server.Try("postgres", "SELECT 1") == nil {
				return
			}
			time.Sleep(500 * time.Millisecond)
		}
		server.Resume(t) // it gave up: whoever watches over it starts it again
	}
	return f, full, free
}
