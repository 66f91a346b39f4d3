//go:build postgres

package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/postgrestest"
)

// refused connects to what cannot hold a ledger, and wants that text in the error.
func refused(t *testing.T, dsn, want string, forGood bool) {
	t.Helper()
	a, err := ParseAddress(dsn)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := a.Connect(t.Context())
	if err == nil {
		pool.Close()
		t.Errorf("connected; want %q", want)
		return
	}
	password := a.Config.ConnConfig.Password
	if password == "" {
		password = "no password"
	}
	var unusable *ledger.AddressError
	if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) || strings.ContainsAny(err.Error(), "\r\n") ||
		errors.As(err, &unusable) != forGood || len(hint.Lines(err)) != 2 {
		t.Errorf("%q (has to be changed: %v), want %q in one line with a hint (%v)", err, errors.As(err, &unusable), want, forGood)
	}
}

// changed returns a DSN with other parts.
func changed(t *testing.T, dsn string, change func(u *url.URL)) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

func query(key, value string) func(u *url.URL) {
	return func(u *url.URL) {
		q := u.Query()
		q.Set(key, value)
		u.RawQuery = q.Encode()
	}
}

func TestConnectRefuses(t *testing.T) {
	s := postgrestest.Shared(t)
	dsn := s.Database(t)
	s.Role(t, "guest")
	for name, c := range map[string]struct {
		change  func(u *url.URL)
		want    string
		forGood bool
	}{
		"password":   {func(u *url.URL) { u.User = url.UserPassword("postgres", "s3cr3t") }, `password authentication failed for user "postgres"`, true},
		"user":       {func(u *url.URL) { u.User = url.UserPassword("somebody", "s3cr3t") }, `password authentication failed for user "somebody"`, true},
		"database":   {func(u *url.URL) { u.Path = "/none" }, `database "none" does not exist`, true},
		"port":       {func(u *url.URL) { u.Host = fmt.Sprintf("127.0.0.1:%d", unused(t)) }, "connection refused", false},
		"host":       {func(u *url.URL) { u.Host = "no-such-host.invalid"; query("sslmode", "require")(u) }, "no-such-host.invalid", false},
		"encryption": {query("sslmode", "require"), "does not encrypt", true},
		"parameter":  {query("no_such_parameter", "1"), `unrecognized configuration parameter "no_such_parameter"`, true},
		"schema":     {query("search_path", "nowhere"), "has no schema of the search_path nowhere", true},
	} {
		t.Run(name, func(t *testing.T) { refused(t, changed(t, dsn, c.change), c.want, c.forGood) })
	}
}

func unused(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestConnectRefusesDatabases(t *testing.T) {
	s := postgrestest.Shared(t)
	refused(t, s.Database(t, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"), "is LATIN1", true)

	foreign := s.Database(t)
	s.Exec(t, foreign, "CREATE TABLE goose_db_version (id INT)")
	refused(t, foreign, "contains another program's tables", true)
	s.Exec(t, foreign, "CREATE SCHEMA publisher")
	connected(t, changed(t, foreign, query("search_path", "publisher")))

	// Tables of extensions are nobody's.
	extended := s.Database(t)
	s.Exec(t, extended, "CREATE TABLE of_extension (id INT)")
	refused(t, extended, "contains another program's tables", true)
	s.Exec(t, extended, "ALTER EXTENSION plpgsql ADD TABLE of_extension")
	connected(t, extended)
}

func TestConnectRefusesRoles(t *testing.T) {
	s := postgrestest.Shared(t)
	dsn := s.Database(t)
	password := s.Role(t, "reader")
	as := changed(t, dsn, func(u *url.URL) { u.User = url.UserPassword("reader", password) })
	refused(t, as, "user reader may not create tables in schema public", true)
	s.Exec(t, dsn, "GRANT CREATE ON SCHEMA public TO reader")
	connected(t, as)
	name := strings.TrimPrefix(mustParse(t, dsn).Path, "/")
	s.Exec(t, dsn, "REVOKE TEMPORARY ON DATABASE "+name+" FROM PUBLIC")
	refused(t, as, "user reader may not create temporary tables", true)
	s.Exec(t, dsn, "REVOKE CONNECT ON DATABASE "+name+" FROM PUBLIC")
	refused(t, as, `permission denied for database "`+name+`"`, true)
}

func mustParse(t *testing.T, dsn string) *url.URL {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestConnectRefusesStandby(t *testing.T) {
	s := postgrestest.Start(t, "max_connections = 5", "superuser_reserved_connections = 1", "max_wal_senders = 2")
	standby := s.Standby(t)
	dsn := s.Database(t)
	refused(t, standby.DSN("postgres"), "the server is a standby", true)

	// Nobody but the superuser gets the last connection.
	password := s.Role(t, "writer")
	s.Exec(t, dsn, "GRANT CREATE ON SCHEMA public TO writer")
	as := changed(t, dsn, func(u *url.URL) { u.User = url.UserPassword("writer", password) })
	connected(t, as)
	for {
		conn, err := pgx.Connect(t.Context(), as)
		if err != nil {
			break
		}
		defer conn.Close(context.Background())
	}
	refused(t, as, "raise max_connections of the server", false) // it has words for the last, and for none
}

// connected connects, and looks at how the session is set up.
func connected(t *testing.T, dsn string) {
	t.Helper()
	a, err := ParseAddress(dsn)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := a.Connect(t.Context())
	if err != nil {
		t.Error(err)
		return
	}
	defer pool.Close()
	for setting, want := range map[string]string{
		"synchronous_commit": "on", "lock_timeout": "8s", "idle_in_transaction_session_timeout": "10s", "application_name": "publisher",
		"tcp_user_timeout": "10000", "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3", "jit": "off",
	} {
		var got string
		if err := pool.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", setting, got, err, want)
		}
	}
}
