// Package postgrestest starts PostgreSQL for tests: a cluster of the test's own, in a temporary
// folder, run by a user without rights, and reachable from this machine only.
package postgrestest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Required is the variable that makes tests fail that would be skipped for want of PostgreSQL.
const Required = "PUBLISHER_POSTGRES"

// shared is the server of this test binary.
var shared = sync.OnceValues(func() (*Server, error) { return start("", nil) })

// Shared returns the server that all tests of this binary share. It is started for the first of
// them, and ends with the process, however that ends.
func Shared(t testing.TB) *Server {
	t.Helper()
	need(t)
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Start returns a server that only this test uses. Settings are lines of postgresql.conf.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	return StartIn(t, "", settings...)
}

// StartIn is Start with the server's folder in another one, which has to be open to all users; "" for
// the usual one.
func StartIn(t testing.TB, dir string, settings ...string) *Server {
	t.Helper()
	need(t)
	s, err := start(dir, settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

// Launch is Start for a program that measures. The server ends with the process, or when stop is
// called.
func Launch(settings ...string) (s *Server, stop func(), err error) {
	if s, err = start("", settings); err != nil {
		return nil, nil, err
	}
	return s, s.stop, nil
}

// New returns the address of a new, empty database on the shared server.
func New(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t)
}

// Copy returns the address of a new database on the shared server, with what fill put into one
// when it was called for the first test that passed this name.
func Copy(t testing.TB, name string, fill func(dsn string) error) string {
	t.Helper()
	s := Shared(t)
	made, _ := s.templates.LoadOrStore(name, sync.OnceValues(func() (string, error) {
		template := s.name()
		if err := s.exec("postgres", "CREATE DATABASE "+template); err != nil {
			return "", err
		}
		return template, fill(s.DSN(template))
	}))
	template, err := made.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return s.Database(t, "TEMPLATE "+template)
}

// need skips the test where there is no PostgreSQL, or fails it if it must not be skipped.
func need(t testing.TB) {
	t.Helper()
	_, err := programs()
	switch {
	case err != nil && os.Getenv(Required) != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
}

// programs returns the folder with the server's programs, of the newest version that there is.
var programs = sync.OnceValues(func() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	all, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(all) == 0 {
		return "", fmt.Errorf("there is no initdb in PATH and in /usr/lib/postgresql/*/bin; this test needs Debian's package postgresql")
	}
	slices.SortFunc(all, func(a, b string) int { return len(a) - len(b) }) // 9.6, 15, 100
	return filepath.Dir(all[len(all)-1]), nil
})

// Server is a cluster with its server.
type Server struct {
	Port     int
	Password string // of the superuser, postgres

	dir       string
	bin       string
	end       func() // closes what the keeper waits for, and waits for its end
	count     atomic.Int64
	templates sync.Map // name → func() (string, error)
}

// DSN returns the address of a database for the superuser.
func (s *Server) DSN(database string) string {
	return s.DSNFor("postgres", s.Password, database)
}

// DSNFor returns the address of a database for a role.
func (s *Server) DSNFor(role, password, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, password), Host: fmt.Sprintf("127.0.0.1:%d", s.Port), Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Socket returns the folder of the server's socket, through which everybody on this machine is let in
// without a password.
func (s *Server) Socket() string { return s.dir }

// Database creates a database, and returns its address. It is dropped when the test ends. options are
// those of CREATE DATABASE.
func (s *Server) Database(t testing.TB, options ...string) string {
	t.Helper()
	name := s.name()
	s.Exec(t, "postgres", "CREATE DATABASE "+name+" "+strings.Join(options, " "))
	t.Cleanup(func() {
		// The server may have been stopped, and goes with all its databases then.
		_ = s.exec("postgres", "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	return s.DSN(name)
}

// Role creates a role without rights, and returns its password.
func (s *Server) Role(t testing.TB, name string) (password string) {
	t.Helper()
	password = rand.Text()
	s.Exec(t, "postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", name, password))
	return password
}

func (s *Server) name() string { return fmt.Sprintf("test_%d", s.count.Add(1)) }

// Exec runs statements as the superuser in a database, which is named by its name or address.
func (s *Server) Exec(t testing.TB, database string, statements ...string) {
	t.Helper()
	if err := s.exec(database, statements...); err != nil {
		t.Fatal(err)
	}
}

// Try is Exec for statements that may fail.
func (s *Server) Try(database string, statements ...string) error {
	return s.exec(database, statements...)
}

// Value returns the value of a query with one, as text.
func (s *Server) Value(t testing.TB, database, query string) (value string) {
	t.Helper()
	err := s.with(database, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, query, pgx.QueryExecModeSimpleProtocol).Scan(&value)
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// Terminate ends the connections to a database, and returns how many there were.
func (s *Server) Terminate(t testing.TB, database string) string {
	t.Helper()
	return s.Value(t, "postgres", fmt.Sprintf(
		"SELECT COUNT(pg_terminate_backend(pid))::TEXT FROM pg_stat_activity WHERE datname = '%s' AND pid <> pg_backend_pid()", databaseName(database)))
}

func (s *Server) exec(database string, statements ...string) error {
	return s.with(database, func(ctx context.Context, conn *pgx.Conn) error {
		for _, statement := range statements {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
}

func (s *Server) with(database string, do func(context.Context, *pgx.Conn) error) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, fmt.Sprintf("host=%s port=%d user=postgres dbname=%s", s.dir, s.Port, databaseName(database)))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return do(ctx, conn)
}

// databaseName returns the database that an address names, or the name that it is.
func databaseName(database string) string {
	if u, err := url.Parse(database); err == nil && u.Scheme != "" {
		return strings.TrimPrefix(u.Path, "/")
	}
	return database
}
