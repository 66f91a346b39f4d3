package postgres

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"publisher/internal/hint"

	"github.com/pressly/goose/v3"
	gooselock "github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is what a process that upgrades the schema holds, for as long as its session.
const migrationLock = 0x7075_626C_0003

// provider returns goose for the ledger's schema.
func provider(db *sql.DB, options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files,
		append(options, goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))...)
}

// lockedProvider is provider for a schema that others may upgrade at the same time.
func lockedProvider(db *sql.DB) (*goose.Provider, error) {
	locker, err := gooselock.NewPostgresSessionLocker(gooselock.WithLockID(migrationLock), gooselock.WithLockTimeout(1, 60))
	if err != nil {
		return nil, err
	}
	return provider(db, goose.WithSessionLocker(locker))
}

// migrate upgrades the schema. It changes nothing where that is done.
func migrate(ctx context.Context, db *sql.DB) error {
	newest, err := newestVersion()
	if err != nil {
		return err
	}
	current, err := version(ctx, db)
	if err != nil {
		return err
	}
	if current == newest {
		return nil
	}
	if current > newest {
		return errNewer(current, newest)
	}
	p, err := lockedProvider(db)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

func errNewer(current, newest int64) error {
	return hint.With(fmt.Errorf("a newer publisher created it (schema %d; this version supports up to %d)", current, newest), "use that version or a newer one")
}

// newestVersion returns the version of the schema that this program uses.
func newestVersion() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	return goose.NumericComponent(names[len(names)-1])
}

// version returns the version of the schema; 0 if there is none.
func version(ctx context.Context, db *sql.DB) (n int64, err error) {
	var there bool
	if err := db.QueryRowContext(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&there); err != nil || !there {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&n)
	return n, err
}
