package fleet

import (
	"context"
	"encoding/json"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres/connect"
	"publisher/internal/ledger/sqlutil"
)

// Trouble is something that is wrong in a process.
type Trouble struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Decide  bool   `json:"decide,omitempty"` // a person has to
}

// Process is a process that works with a ledger.
type Process struct {
	Worker   int64
	Host     string
	Process  int64 // its id on the host
	Command  string
	Version  string
	Began    time.Time
	Beat     time.Time // the last one, by the database's clock
	Silent   time.Duration
	Dead     bool
	Ended    time.Time // if it is dead
	Batches  int       // that it holds
	Troubles []Trouble
}

// deadFor is how long processes are shown that are gone.
const deadFor = time.Hour

// Processes returns the processes that live, or died within the last hour.
func Processes(ctx context.Context, l *ledger.Ledger) ([]Process, error) {
	all, err := sqlutil.Collect(ctx, l.Reader(), func(row sqlutil.Scanner) (p Process, err error) {
		var troubles string
		var silent int64
		if err := row.Scan(&p.Worker, &p.Host, &p.Process, &p.Command, &p.Version, (*sqlutil.Time)(&p.Began), (*sqlutil.Time)(&p.Beat), &silent,
			&p.Dead, (*sqlutil.Time)(&p.Ended), &p.Batches, &troubles); err != nil {
			return p, err
		}
		p.Silent = time.Duration(silent) * time.Microsecond
		return p, json.Unmarshal([]byte(troubles), &p.Troubles)
	}, `SELECT w.id, w.host, w.process, w.command, w.version, w.began_at, COALESCE(w.beat_at, w.began_at),
		GREATEST(0, `+connect.ServerNow+` - COALESCE(w.beat_at, w.began_at)), w.dead, w.ended_at, (SELECT COUNT(*) FROM batch b WHERE b.worker = w.id AND b.state = 'held'), w.troubles
		FROM worker w WHERE NOT w.dead OR w.ended_at > `+connect.ServerNow+` - $1 ORDER BY w.dead, w.host, w.process, w.id`, deadFor.Microseconds())
	return all, l.Fail("read which processes there are", err)
}
