package connect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"publisher/internal/hint"
	"publisher/internal/ledger"
)

const oldestVersion = 14

// LeaseTime is how long a lease holds that is not renewed.
const LeaseTime = 10 * time.Second

// ServerNow is the server's time in microseconds, as an expression of SQL.
const ServerNow = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT"

// server is what matters of a server and a database when a ledger is opened.
type server struct {
	version    int    // 150004
	encoding   string // "UTF8"
	standby    bool
	user       string
	database   string
	searchPath string
	schema     string // "": none of searchPath exists
	mayCreate  bool   // tables in schema
	mayStage   bool   // temporary tables
	tables     int    // in schema, besides those of extensions
	ours       bool   // schema has a ledger
}

// lookAtServer reads it in one query, which every version since 9.1 can run.
const lookAtServer = `SELECT current_setting('server_version_num')::INT, current_setting('server_encoding'), pg_is_in_recovery(),
	current_user::TEXT, current_database()::TEXT, current_setting('search_path'), COALESCE(current_schema()::TEXT, ''),
	COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE), has_database_privilege(current_database(), 'TEMPORARY'),
	(SELECT COUNT(*) FROM pg_class c WHERE c.relnamespace = s.oid AND c.relkind IN ('r', 'p')
		AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::REGCLASS AND d.deptype = 'e')),
	(SELECT COUNT(*) = 2 FROM pg_class c WHERE c.relnamespace = s.oid AND c.relname IN ('goose_db_version', 'clone_guard'))
	FROM (SELECT (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AS oid) s`

// querier is a *pgx.Conn, a pgx.Tx or a *pgxpool.Pool.
type querier interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// CheckServer returns a *ledger.AddressError if the server, the database or the user cannot hold a
// ledger.
func CheckServer(ctx context.Context, db querier) error {
	var s server
	err := db.QueryRow(ctx, lookAtServer).Scan(&s.version, &s.encoding, &s.standby, &s.user, &s.database, &s.searchPath, &s.schema,
		&s.mayCreate, &s.mayStage, &s.tables, &s.ours)
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return &ledger.AddressError{Err: err}
	}
	return nil
}

func (s *server) check() error {
	schema := pgx.Identifier{s.schema}.Sanitize()
	switch {
	case s.version < oldestVersion*10000:
		return hint.With(fmt.Errorf("the server is PostgreSQL %s", s.shortVersion()), "publisher needs PostgreSQL %d or newer", oldestVersion)
	case s.standby:
		return hint.With(errors.New("the server is a standby, which cannot be written"), "name the primary server in ledger, or several hosts with target_session_attrs=read-write")
	case s.encoding != "UTF8":
		return hint.With(fmt.Errorf("the encoding of database %s is %s", s.database, s.encoding),
			"create one with CREATE DATABASE %s ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C.UTF-8', under a name of your choice", pgx.Identifier{s.database}.Sanitize())
	case s.schema == "":
		return hint.With(fmt.Errorf("database %s has no schema of the search_path %s that user %s may use", s.database, s.searchPath, s.user),
			"create one with CREATE SCHEMA publisher AUTHORIZATION %s, and add ?search_path=publisher to the address", pgx.Identifier{s.user}.Sanitize())
	case s.tables > 0 && !s.ours:
		return hint.With(fmt.Errorf("schema %s of database %s contains another program's tables", s.schema, s.database),
			"name another database, or add the name of an empty schema to the address, such as ?search_path=publisher")
	case !s.mayCreate:
		return hint.With(fmt.Errorf("user %s may not create tables in schema %s of database %s", s.user, s.schema, s.database),
			"allow it with GRANT CREATE, USAGE ON SCHEMA %s TO %s", schema, pgx.Identifier{s.user}.Sanitize())
	case !s.mayStage:
		return hint.With(fmt.Errorf("user %s may not create temporary tables in database %s", s.user, s.database),
			"allow it with GRANT TEMPORARY ON DATABASE %s TO %s", pgx.Identifier{s.database}.Sanitize(), pgx.Identifier{s.user}.Sanitize())
	}
	return nil
}

// shortVersion returns the version as people write it.
func (s *server) shortVersion() string {
	if s.version < 100000 {
		return fmt.Sprintf("%d.%d", s.version/10000, s.version/100%100)
	}
	return fmt.Sprint(s.version / 10000)
}
