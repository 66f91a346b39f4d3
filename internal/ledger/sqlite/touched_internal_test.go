package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/sqlutil"
)

// witness is an engine that compares whom a transaction changes with whom it names.
type witness struct {
	*engine
	report func(format string, args ...any)
}

func newWitness(e *engine, report func(format string, args ...any)) (*witness, error) {
	for _, statement := range triggers() {
		if _, err := e.write.db.ExecContext(context.Background(), statement); err != nil {
			return nil, fmt.Errorf("%s: %w", statement, err)
		}
	}
	return &witness{e, report}, nil
}

// triggers note in the temporary table changed who is changed, in what anybody's intent depends
// on; 0 is everybody. A new subscriber is nobody's recipient yet.
func triggers() []string {
	all := []string{"CREATE TEMPORARY TABLE changed (subscriber INTEGER)"}
	for i, on := range [][2]string{
		{"UPDATE ON main.subscriber", "OLD.id"},
		{"DELETE ON main.subscriber", "OLD.id"},
		{"INSERT ON main.delivery", "NEW.subscriber"},
		{"UPDATE ON main.delivery", "OLD.subscriber"},
		{"DELETE ON main.delivery WHEN OLD.progress <> 'sent' OR (SELECT done_at FROM main.edition WHERE number = OLD.edition) IS NULL", "OLD.subscriber"},
		{"UPDATE OF canceled_at ON main.edition", "0"},
		{"DELETE ON main.edition", "0"},
	} {
		all = append(all, fmt.Sprintf("CREATE TEMPORARY TRIGGER changed_%d AFTER %s BEGIN INSERT INTO changed VALUES (%s); END", i, on[0], on[1]))
	}
	return all
}

func (w *witness) Change(ctx context.Context, touched ledger.Touched, do func(*sql.Tx) error) error {
	if touched.Everybody() {
		return w.engine.Change(ctx, touched, do)
	}
	return w.engine.Change(ctx, touched, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM changed"); err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		changed, err := sqlutil.Column[int64](ctx, tx, "SELECT DISTINCT subscriber FROM changed")
		for _, id := range changed {
			if !slices.Contains(touched.Subscribers(), id) {
				w.report("subscriber %d is changed, and only %v are named", id, touched.Subscribers())
			}
		}
		return err
	})
}

// openWitness opens a ledger that is thrown away and need not be synced.
func openWitness(t *testing.T) (*ledger.Ledger, *engine) {
	t.Helper()
	ctx := context.Background()
	e, remove, err := startCopy(ctx, filepath.Join(t.TempDir(), "none.db"), t.TempDir(), copyPrefix, false)
	noError(t, err)
	e.remove = remove
	w, err := newWitness(e, t.Errorf)
	noError(t, err)
	l, err := ledger.OpenEngine(ctx, w, ledger.Options{Name: e.path, Spool: filepath.Join(t.TempDir(), "late"), Private: true})
	noError(t, err)
	t.Cleanup(func() { l.Close() })
	return l, e
}

// The witness sees a change whose subscriber is not named.
func TestWitness(t *testing.T) {
	ctx := context.Background()
	for name, statement := range map[string]string{
		"a subscriber":  "UPDATE subscriber SET status = 'unsubscribed' WHERE id = 2",
		"a delivery":    "INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts) VALUES (1, 2, 0, 1, 'deferred', 1)",
		"a cancelation": "UPDATE edition SET canceled_at = 1",
	} {
		t.Run(name, func(t *testing.T) {
			l, e := openWitness(t)
			ledgertest.AddMany(t, l, 3)
			seen := 0
			w := &witness{e, func(string, ...any) { seen++ }}
			change := func(tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			}
			noError(t, w.Change(ctx, ledger.Only(1, 3), change))
			if seen != 1 {
				t.Errorf("seen %d times", seen)
			}
		})
	}
}
