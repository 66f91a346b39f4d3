//go:build postgres

package postgres_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/postgres"
	"publisher/internal/postgrestest"
)

// A server that lets nobody in without encryption, and whose certificate is for localhost.
func TestEncryption(t *testing.T) {
	t.Setenv("PGSSLROOTCERT", "") // what the machine trusts
	server := postgrestest.Start(t)
	own := server.Encrypt(t, "localhost")
	other := postgrestest.Start(t).Encrypt(t, "localhost")
	dsn := server.Database(t)
	address := func(host string, settings ...string) string {
		u, err := url.Parse(dsn)
		must(t, err)
		u.Host = host + ":" + u.Port()
		query := url.Values{}
		for i := 0; i < len(settings); i += 2 {
			query.Set(settings[i], settings[i+1])
		}
		u.RawQuery = query.Encode()
		return u.String()
	}
	for name, tt := range map[string]struct{ address, refused string }{
		"encrypted":                {address("127.0.0.1", "sslmode", "require"), ""},
		"checked":                  {address("localhost", "sslmode", "verify-full", "sslrootcert", own), ""},
		"authority checked":        {address("127.0.0.1", "sslmode", "verify-ca", "sslrootcert", own), ""},
		"required, and checked":    {address("127.0.0.1", "sslmode", "require", "sslrootcert", own), ""}, // as libpq does
		"another host":             {address("127.0.0.1", "sslmode", "verify-full", "sslrootcert", own), "the certificate of 127.0.0.1:"},
		"another certificate":      {address("localhost", "sslmode", "verify-full", "sslrootcert", other), "the certificate of localhost:"},
		"nobody's authority":       {address("localhost", "sslmode", "verify-full"), "the certificate of localhost:"},
		"a root that is not there": {address("localhost", "sslmode", "verify-full", "sslrootcert", "/nowhere.pem"), "this is not the address"},
		"in the open":              {address("127.0.0.1", "sslmode", "disable"), "no pg_hba.conf entry"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := postgres.Open(ctx, tt.address, postgres.Options{StateDir: t.TempDir()})
			if tt.refused == "" {
				must(t, err)
				number(t, l)
				must(t, l.Close())
				return
			}
			var wrong *ledger.AddressError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.refused) {
				t.Fatalf("%v; want %q", err, tt.refused)
			}
			if text := err.Error(); strings.Contains(text, "\n") || strings.Contains(text, server.Password) {
				t.Errorf("more than a line, or with the password: %q", text)
			}
		})
	}
}

// number reads and writes through the connection.
func number(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	must(t, l.CloseEmpty(ctx, "weekly", noon, 1))
	if _, through, err := l.LastClosed(ctx, "weekly"); through != 1 || err != nil {
		t.Errorf("%d, %v", through, err)
	}
}
