package postgres

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"publisher/internal/hint"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
	gooselock "github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is what a process that upgrades the schema holds, for as long as its session.
const migrationLock = 0x7075_626C_0003

const (
	// riverStep is the step of the schema that brings River's tables to riverVersion. Another version
	// of them is another step.
	riverStep    = 10
	riverVersion = 8
	newestStep   = 10
)

// provider returns goose for the ledger's schema. Without a pool, it leaves River's tables out.
func provider(db *sql.DB, pool *pgxpool.Pool, options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	river := goose.NewGoMigration(riverStep, nil, nil)
	if pool != nil {
		river = goose.NewGoMigration(riverStep, &goose.GoFunc{RunDB: func(ctx context.Context, _ *sql.DB) error { return migrateRiver(ctx, pool) }}, nil)
	}
	return goose.NewProvider(goose.DialectPostgres, db, files,
		append(options, goose.WithGoMigrations(river), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))...)
}

// lockedProvider is provider for a schema that others may upgrade at the same time.
func lockedProvider(db *sql.DB, pool *pgxpool.Pool) (*goose.Provider, error) {
	locker, err := gooselock.NewPostgresSessionLocker(gooselock.WithLockID(migrationLock), gooselock.WithLockTimeout(1, 60))
	if err != nil {
		return nil, err
	}
	return provider(db, pool, goose.WithSessionLocker(locker))
}

// migrate upgrades the schema. It changes nothing where that is done.
func migrate(ctx context.Context, db *sql.DB, pool *pgxpool.Pool) error {
	current, err := version(ctx, db)
	if err != nil {
		return err
	}
	if current == newestStep {
		return nil
	}
	if current > newestStep {
		return errNewer(current, newestStep)
	}
	p, err := lockedProvider(db, pool)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

func errNewer(current, newest int64) error {
	return hint.With(fmt.Errorf("a newer publisher created it (schema %d; this version supports up to %d)", current, newest), "use that version or a newer one")
}

// migrateRiver brings River's tables to riverVersion. Each of River's steps is a transaction.
func migrateRiver(ctx context.Context, pool *pgxpool.Pool) error {
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: riverVersion})
	return err
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
