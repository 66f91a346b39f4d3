// Package fleet reads what the processes that share a ledger in PostgreSQL do.
package fleet

import (
	"context"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres/connect"
	"publisher/internal/ledger/sqlutil"
)

// Fleet is what several processes with one ledger do, for people to see.
type Fleet struct {
	Processes []Process
	Lease     PassLease
	Batches   []EditionBatches // of the editions that have some
	TakeOvers int64            // so far
	LastTaken []TakeOver       // the newest first
	Jobs      []Jobs
	Places    SharedPlaces
}

// PassLease is who makes the passes.
type PassLease struct {
	Holder string        // as it describes itself; "" for nobody
	Left   time.Duration // until somebody else may take it, unless it is renewed
}

// EditionBatches is how many batches of an edition there are.
type EditionBatches struct {
	Edition          int64
	Open, Held, Done int
	Stopped          bool // because of what mail servers answered
}

// TakeOver is what was taken over from a process that was declared dead.
type TakeOver struct {
	Worker, Process, By int64
	Host                string
	At                  time.Time
	Batches, Uncertain  int
}

// Jobs is how many jobs of a queue of River's are in a state.
type Jobs struct {
	Queue, State string
	Count        int
}

// SharedPlaces is how many places of mail.smtp.rate processes hold, and how many mails took one that ended
// in the last minute.
type SharedPlaces struct{ Held, Used int }

// PassRole is the lease of whoever makes the passes.
const PassRole = "pass"

// shownTakeOvers limits LastTaken.
const shownTakeOvers = 5

// ReadFleet returns what the processes with a ledger do.
func ReadFleet(ctx context.Context, l *ledger.Ledger) (f *Fleet, err error) {
	f = new(Fleet)
	if f.Processes, err = Processes(ctx, l); err != nil {
		return nil, err
	}
	for _, part := range []func(context.Context, *ledger.Ledger) error{f.readLease, f.readBatches, f.readTakeOvers, f.readJobs, f.readPlaces} {
		if err := part(ctx, l); err != nil {
			return nil, l.Fail("read what other processes do", err)
		}
	}
	return f, nil
}

func (f *Fleet) readLease(ctx context.Context, l *ledger.Ledger) error {
	all, err := sqlutil.Collect(ctx, l.Reader(), func(row sqlutil.Scanner) (p PassLease, err error) {
		var left int64
		err = row.Scan(&p.Holder, &left)
		p.Left = time.Duration(left) * time.Microsecond
		return p, err
	}, "SELECT holder, expires_at - "+connect.ServerNow+" FROM lease WHERE role = $1 AND expires_at > "+connect.ServerNow, PassRole)
	if len(all) > 0 {
		f.Lease = all[0]
	}
	return err
}

func (f *Fleet) readBatches(ctx context.Context, l *ledger.Ledger) (err error) {
	f.Batches, err = sqlutil.Collect(ctx, l.Reader(), func(row sqlutil.Scanner) (b EditionBatches, err error) {
		err = row.Scan(&b.Edition, &b.Open, &b.Held, &b.Done, &b.Stopped)
		return b, err
	}, `SELECT b.edition, COUNT(*) FILTER (WHERE b.state = 'open'), COUNT(*) FILTER (WHERE b.state = 'held'), COUNT(*) FILTER (WHERE b.state = 'done'),
			EXISTS (SELECT 1 FROM edition_replies r WHERE r.edition = b.edition AND r.stopped)
		FROM batch b GROUP BY b.edition ORDER BY b.edition`)
	return err
}

func (f *Fleet) readTakeOvers(ctx context.Context, l *ledger.Ledger) (err error) {
	if err := l.Reader().QueryRowContext(ctx, "SELECT COALESCE(MAX(number), 0) FROM takeover").Scan(&f.TakeOvers); err != nil {
		return err
	}
	f.LastTaken, err = sqlutil.Collect(ctx, l.Reader(), func(row sqlutil.Scanner) (t TakeOver, err error) {
		err = row.Scan(&t.Worker, &t.Host, &t.Process, &t.By, (*sqlutil.Time)(&t.At), &t.Batches, &t.Uncertain)
		return t, err
	}, "SELECT worker, host, process, by_worker, at, batches, uncertain FROM takeover ORDER BY number DESC LIMIT $1", shownTakeOvers)
	return err
}

func (f *Fleet) readJobs(ctx context.Context, l *ledger.Ledger) (err error) {
	f.Jobs, err = sqlutil.Collect(ctx, l.Reader(), func(row sqlutil.Scanner) (j Jobs, err error) {
		err = row.Scan(&j.Queue, &j.State, &j.Count)
		return j, err
	}, "SELECT queue, state::TEXT, COUNT(*) FROM river_job GROUP BY 1, 2 ORDER BY 1, 2")
	return err
}

func (f *Fleet) readPlaces(ctx context.Context, l *ledger.Ledger) error {
	return l.Reader().QueryRowContext(ctx, `SELECT COALESCE(SUM(count) FILTER (WHERE ended_at IS NULL), 0), COALESCE(SUM(count) FILTER (WHERE ended_at > place_now() - $1), 0)
		FROM place`, time.Minute.Microseconds()).Scan(&f.Places.Held, &f.Places.Used)
}
