package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// View calls look with the ledger as it is at one moment. It writes nothing and, unlike
// OpenCopy, copies nothing unless it has to: if there is no ledger, if an earlier version made
// it, or if its last process died. look may be called more than once; only the last call counts.
func View(ctx context.Context, dsn string, look func(*ledger.Ledger) error) error {
	file, err := sqlitePath(dsn)
	if err != nil {
		return err
	}
	if err := checkWAL(ctx, file); err != nil {
		return fail(file, "open", err)
	}
	const attempts = 5
	for range attempts {
		used := inUse(file)
		if !used && hasWAL(file) {
			break
		}
		before, err := fileStates(file)
		if err != nil {
			break
		}
		l, err := openView(ctx, file, used)
		if err != nil {
			break // opening a copy says what is wrong
		}
		err = errors.Join(look(l), l.Close())
		if used {
			return err
		}
		// Nothing kept others from writing to a ledger at rest.
		if after, changed := fileStates(file); changed == nil && after == before && !inUse(file) {
			return err
		}
	}
	l, err := OpenCopy(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(look(l), l.Close())
}

// view is a ledger.Engine that only reads, in one transaction.
type view struct{ *engine }

var errView = errors.New("the ledger is open for reading only")

func openView(ctx context.Context, file string, used bool) (*ledger.Ledger, error) {
	settings := []string{"_pragma=temp_store(2)"}
	if !used { // or SQLite would create files beside it
		settings = append(settings, "immutable=1")
	}
	db, err := sql.Open("sqlite", uri(file, "ro", lockTimeout, settings...))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	v := view{&engine{path: file, file: file, pools: pools{read: db}}}
	if err := v.begin(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return ledger.OpenEngine(ctx, v, ledger.Options{Name: file, Spool: file + ".late", Private: true})
}

// begin begins the transaction, and puts what the journal has before the tables.
func (v view) begin(ctx context.Context) error {
	if _, err := v.read.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	newest, err := newestSchema()
	if err != nil {
		return err
	}
	var schema int
	if err := v.read.QueryRowContext(ctx, "SELECT MAX(version_id) FROM goose_db_version").Scan(&schema); err != nil {
		return err
	}
	if schema != newest {
		return errors.New("the ledger has another schema")
	}
	rows, err := sqlutil.Column[[]byte](ctx, v.read, "SELECT entries FROM journal ORDER BY id")
	if err != nil || len(rows) == 0 {
		return err
	}
	f := folded{deliveries: map[ledger.DeliveryKey]ledger.Delivery{}, sends: map[time.Time]int{}}
	for _, row := range rows {
		if err := f.add(row); err != nil {
			return err
		}
	}
	return v.overlay(ctx, f)
}

// overlays hide tables by views that have what the journal has instead.
var overlays = []string{
	"CREATE TEMPORARY TABLE recorded_delivery AS SELECT * FROM main.delivery LIMIT 0",
	"CREATE UNIQUE INDEX temp.recorded_key ON recorded_delivery (edition, subscriber)",
	`CREATE TEMPORARY VIEW delivery AS
		SELECT * FROM main.delivery d
		WHERE NOT EXISTS (SELECT 1 FROM temp.recorded_delivery r WHERE r.edition = d.edition AND r.subscriber = d.subscriber)
		UNION ALL SELECT * FROM temp.recorded_delivery`,
	"CREATE TEMPORARY TABLE recorded_pace (at BIGINT, count BIGINT)",
	`CREATE TEMPORARY VIEW pace AS SELECT at, count FROM main.pace UNION ALL SELECT at, count FROM temp.recorded_pace`,
}

func (v view) overlay(ctx context.Context, f folded) error {
	for _, query := range overlays {
		if _, err := v.read.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	for _, d := range f.deliveries {
		_, err := v.read.ExecContext(ctx, `
			INSERT INTO temp.recorded_delivery (edition, subscriber, after_seq, through_seq, progress, attempts, first_at, last_at, next_at,
				code, reply, digest, kept, resent, again)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
				COALESCE((SELECT again FROM main.delivery WHERE edition = $1 AND subscriber = $2), FALSE)`,
			d.Edition, d.Subscriber, d.After, d.Through, string(d.Status), d.Attempts,
			sqlutil.Time(d.FirstTried), sqlutil.Time(d.LastTried), sqlutil.Time(d.NextTry), d.Code, d.Reply, d.Digest, d.DueReason, d.Resent)
		if err != nil {
			return err
		}
	}
	for at, n := range f.sends {
		_, err := v.read.ExecContext(ctx, "INSERT INTO temp.recorded_pace (at, count) VALUES ($1, $2)",
			sqlutil.Time(at.Truncate(time.Second).Add(time.Second)), n)
		if err != nil {
			return err
		}
	}
	return nil
}

// newestSchema returns the number of the newest migration.
func newestSchema() (newest int, err error) {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, step := range steps {
		number, _, _ := strings.Cut(path.Base(step), "_")
		n, err := strconv.Atoi(number)
		if err != nil {
			return 0, err
		}
		newest = max(newest, n)
	}
	return newest, nil
}

func (view) Settle(context.Context, ledger.Touched) error { return nil }

func (view) Change(context.Context, ledger.Touched, func(*sql.Tx) error) error { return errView }

func (view) InsertRows(context.Context, *sql.Tx, string, int, []any) error { return errView }

func (view) Record(context.Context, *ledger.Result, *ledger.Intent) (bool, error) {
	return false, errView
}

func (view) Recipients(_ context.Context, _ int64, read func() ([]ledger.Recipient, error)) ([]ledger.Recipient, error) {
	return read()
}

func (view) Stage(context.Context, func(*sql.Tx) error, func(*sql.Tx) error) error { return errView }

func (view) AdvanceCloneMark(context.Context) error { return errView }

func (view) Adopt(context.Context, []ledger.Result) error { return errView }

func (view) Scrub(context.Context, []string) error { return errView }

func (view) CheckIntegrity(context.Context) error { return errView }

func (view) LimitLockWait(time.Duration) {}

func (v view) Close() error { return v.read.Close() }

// Holder returns what holds the lock of the ledger, as it describes itself; "" if nothing does.
func Holder(dsn string) (string, error) {
	file, err := sqlitePath(dsn)
	if err != nil {
		return "", err
	}
	lockFile := file + ".lock"
	if _, err := os.Stat(lockFile); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	held, err := isLocked(lockFile)
	if err != nil || !held {
		return "", err
	}
	return strings.TrimSpace(holder(lockFile)), nil
}
