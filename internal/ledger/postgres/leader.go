package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"publisher/internal/durable"
	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// Settings are what mail is made of, as the process has them that makes the passes.
type Settings struct {
	Values  map[string]string // by key of the config; no secrets
	Version int64             // raised with each change; 0 while nobody has made a pass
}

func readSettings(ctx context.Context, q sqlutil.RowQuerier) (s Settings, err error) {
	var text string
	if err := q.QueryRowContext(ctx, "SELECT settings, version FROM leader").Scan(&text, &s.Version); err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(text), &s.Values)
}

// Settings returns what mail is made of.
func (b *Batches) Settings(ctx context.Context) (Settings, error) {
	s, err := readSettings(ctx, b.engine.db)
	return s, b.fail("read the settings of the passes", err)
}

// SetSettings stores what mail is made of. From then on, nobody who has read others can claim a batch.
func (b *Batches) SetSettings(ctx context.Context, values map[string]string) error {
	const doing = "store the settings of the passes"
	if s, err := readSettings(ctx, b.engine.db); err != nil || maps.Equal(s.Values, values) && s.Version > 0 {
		return b.fail(doing, err)
	}
	text, err := json.Marshal(values)
	if err != nil {
		return err
	}
	err = b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		_, err := tx.ExecContext(ctx, "UPDATE leader SET settings = $1, version = version + 1", string(text))
		return err
	})
	return b.fail(doing, err)
}

// machineName is the file in state.dir with a name that no other machine has.
const machineName = "machine"

// machine returns the name of the machine with a state.dir; "" if it has none yet.
func machine(stateDir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(stateDir, machineName))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return strings.TrimSpace(string(text)), err
}

// machine returns the name of this machine, which it gets when it is first asked for.
func (e *engine) machine() (string, error) {
	if name, err := machine(e.stateDir); err != nil || name != "" {
		return name, err
	}
	name := rand.Text()
	return name, durable.Replace(filepath.Join(e.stateDir, machineName), name+"\n")
}

// TreeIsOurs reports whether the posts of a ledger were last recorded from a content tree of the machine with
// that state.dir, or of none in particular.
func TreeIsOurs(ctx context.Context, l *ledger.Ledger, stateDir string) (ours bool, err error) {
	here, err := machine(stateDir)
	if err == nil {
		err = l.Reader().QueryRowContext(ctx, "SELECT tree IN ('', $1) FROM leader", here).Scan(&ours)
	}
	return ours, l.Fail("read whose content tree the posts are from", err)
}

// SetTree stores that the posts were recorded from the content tree of this machine.
func (b *Batches) SetTree(ctx context.Context) error {
	const doing = "store whose content tree the posts are from"
	here, err := b.engine.machine()
	if err != nil {
		return b.fail(doing, err)
	}
	var already bool
	if err := b.engine.db.QueryRowContext(ctx, "SELECT tree = $1 FROM leader", here).Scan(&already); err != nil || already {
		return b.fail(doing, err)
	}
	return b.fail(doing, b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error { return setTree(ctx, tx, here) }))
}

func setTree(ctx context.Context, tx *sql.Tx, machine string) error {
	_, err := tx.ExecContext(ctx, "UPDATE leader SET tree = $1", machine)
	return err
}
