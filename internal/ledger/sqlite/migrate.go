package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date. Where two processes do so at one moment
// the second finds tables that it was about to make, and only has to look again.
func migrate(ctx context.Context, w *writer) error {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	// Who loses to another process finds one step more done, goose's own table being the first.
	for range len(steps) + 2 {
		if err = migrateOnce(ctx, w); err == nil || isBusy(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func migrateOnce(ctx context.Context, w *writer) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, w.db, files,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true),
		goose.WithExcludeNames([]string{typedTables}),
		goose.WithGoMigrations(goose.NewGoMigration(typedTablesVersion, &goose.GoFunc{RunTx: carryMemo}, nil)))
	if err != nil {
		return err
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("a newer publisher created it (schema %d; this version supports up to %d); use that version or a newer one", current, target)
	}
	if current == target {
		return nil
	}
	// Goose numbers no commits: what stood before and what stands after has a number
	// that nothing in between has. They come one by one, so that a log which begins here
	// continues the database as it was, should this be cut short.
	if err := addNumbers(ctx, w, 2); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return err
	}
	return addNumbers(ctx, w, 2)
}

// addNumbers makes n commits of nothing but their number.
func addNumbers(ctx context.Context, w *writer, n int) error {
	for range n {
		if err := w.record(ctx, func(tx *sql.Tx) error { return addCommitNumber(ctx, tx) }); err != nil {
			return err
		}
	}
	return nil
}
