package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

// migrate brings the schema up to date. Where two processes do so at one moment
// the second finds tables that it was about to make, and only has to look again.
func migrate(ctx context.Context, db *sql.DB) error {
	steps, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	if err != nil {
		return err
	}
	// Who loses to another process finds one step more done, goose's own table being the first.
	for range len(steps) + 2 {
		if err = migrateOnce(ctx, db); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func migrateOnce(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("a newer publisher made it (schema %d, this program knows up to %d); use that version or a newer one", current, target)
	}
	if current == target {
		return nil
	}
	_, err = provider.Up(ctx)
	return err
}

// tokenKey is the name under which the key of Tokens is kept.
const tokenKey = "tokens"

// makeTokenKey makes the key unless there is one.
func makeTokenKey(ctx context.Context, db *sql.DB) error {
	var n int
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM secret WHERE name = $1", tokenKey).Scan(&n); err != nil || n > 0 {
		return err
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	_, err := db.ExecContext(ctx, "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", tokenKey, key)
	return err
}
