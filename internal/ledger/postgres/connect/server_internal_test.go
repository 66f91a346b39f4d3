package connect

import (
	"errors"
	"strings"
	"testing"

	"publisher/internal/hint"
	"publisher/internal/ledger"
)

func TestAddresses(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://u:hidden@127.0.0.1/blog":                             "",
		"postgresql://u:hidden@localhost:5433/blog":                      "",
		"postgres://u:hidden@db.example/blog":                            "", // sslmode=require
		"postgres://u:hidden@db.example/blog?sslmode=verify-full":        "",
		"postgres:///blog?host=/run/postgresql":                          "",
		"postgres://u:hidden@db.example/blog?sslmode=disable":            "the connection to db.example would not be encrypted",
		"postgres://u:hidden@db.example/blog?sslmode=prefer":             "the connection to db.example would not be encrypted",
		"postgres://u:hidden@db.example/blog?sslmode=allow":              "the connection to db.example would not be encrypted",
		"postgres://u:hidden@127.0.0.1,db.example/blog?sslmode=prefer":   "the connection to db.example would not be encrypted",
		"postgres://u:hidden@db.example/blog?sslmode=hidden":             "not the address of a PostgreSQL database",
		"postgres://u:hid/den@db.example/blog":                           "not the address of a PostgreSQL database",
		"postgres://u:hidden@db.example:hidden/blog":                     "not the address of a PostgreSQL database",
		"postgres://u:hidden%zz@db.example/blog":                         "not the address of a PostgreSQL database",
		"postgres://u:hidden@db.example/blog?pool_max_conns=hidden":      "not the address of a PostgreSQL database",
		"host=db.example password=hidden":                                "not the address of a PostgreSQL database",
		"mysql://u:hidden@db.example/blog":                               "not the address of a PostgreSQL database",
		"postgres://u:hidden@db.example/blog?sslmode=require&service=no": "not the address of a PostgreSQL database",
	} {
		a, err := ParseAddress(dsn)
		if want == "" {
			if err != nil || strings.Contains(a.Name, "hidden") || !strings.HasSuffix(a.Name, "/blog") {
				t.Errorf("%s: %v, %v", dsn, a, err)
			}
			continue
		}
		var unusable *ledger.AddressError
		if !errors.As(err, &unusable) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") || len(hint.Lines(err)) != 2 {
			t.Errorf("%s: %q, want %q, without the password and with a hint", dsn, err, want)
		}
	}
}

func TestOldServer(t *testing.T) {
	fine := server{version: 140000, encoding: "UTF8", schema: "public", mayCreate: true, mayStage: true}
	if err := fine.check(); err != nil {
		t.Error(err)
	}
	for version, name := range map[int]string{130012: "13", 90624: "9.6"} {
		old := fine
		old.version = version
		if err := old.check(); err == nil || err.Error() != "the server is PostgreSQL "+name+"; publisher needs PostgreSQL 14 or newer" {
			t.Errorf("version %d: %v", version, err)
		}
	}
}
