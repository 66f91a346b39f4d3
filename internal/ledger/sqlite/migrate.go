package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"publisher/internal/hint"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate upgrades the schema. If two processes do so at the same time, the second one
// finds tables that it was about to create, and has to look again.
func migrate(ctx context.Context, w *writer) error {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	// After losing to another process it finds at least one more step done, the first being
	// goose's own table.
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
		return hint.With(fmt.Errorf("a newer publisher created it (schema %d; this version supports up to %d)", current, target), "use that version or a newer one")
	}
	if current == target {
		return nil
	}
	// Goose's commits are not numbered. Numbers before and after them that are otherwise
	// unused make sure that a log which begins in between continues the database, even if the
	// upgrade is cut short; they come one by one for the same reason.
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
		if err := w.run(ctx, func(tx *sql.Tx) error { return addCommitNumber(ctx, w, tx) }); err != nil {
			return err
		}
	}
	return nil
}
