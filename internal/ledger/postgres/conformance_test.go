//go:build postgres

package postgres_test

import (
	"context"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/ledgertest"
	"publisher/internal/ledger/postgres"
	"publisher/internal/postgrestest"
)

func TestConformance(t *testing.T) {
	parent := t
	var free []string // a database takes longer to make than to empty
	ledgertest.Run(t, func(t *testing.T) *ledger.Ledger {
		if len(free) == 0 {
			free = append(free, empty(parent))
		}
		dsn := free[len(free)-1]
		free = free[:len(free)-1]
		t.Cleanup(func() {
			postgrestest.Shared(t).Exec(t, dsn, makeEmpty)
			free = append(free, dsn)
		})
		return openAt(t, dsn, t.TempDir())
	})
}

// makeEmpty empties a ledger. Foreign keys are triggers, which are off meanwhile.
const makeEmpty = `
	SET session_replication_role = replica;
	DO $$
	DECLARE name TEXT;
	BEGIN
		FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version' LOOP
			EXECUTE format('DELETE FROM %I', name);
		END LOOP;
		FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename NOT LIKE 'goose%' LOOP
			EXECUTE format('ALTER SEQUENCE %I RESTART', name);
		END LOOP;
	END $$;
	INSERT INTO clone_guard (id, ledger) VALUES (1, gen_random_uuid()::TEXT);
	INSERT INTO pass_state (id) VALUES (1);
	INSERT INTO smtp_state (id) VALUES (1)`

var (
	ctx  = context.Background()
	noon = ledgertest.Noon

	must    = ledgertest.Must
	add     = ledgertest.Add
	addMany = ledgertest.AddMany
)

// empty returns the address of a database with an empty ledger.
func empty(t testing.TB) string {
	t.Helper()
	return postgrestest.Copy(t, "ledger", func(dsn string) error {
		l, err := postgres.Open(ctx, dsn, postgres.Options{StateDir: t.TempDir()})
		if err != nil {
			return err
		}
		return l.Close()
	})
}

func openAt(t *testing.T, dsn, stateDir string) *ledger.Ledger {
	t.Helper()
	l, err := postgres.Open(ctx, dsn, postgres.Options{StateDir: stateDir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}
