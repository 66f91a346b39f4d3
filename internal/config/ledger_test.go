package config_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestLedgers(t *testing.T) {
	env := map[string]string{"PASSWORD": "p/@:%41# +", "URL": "postgres://u:a%2Fb@db.example/blog"}
	for text, want := range map[string]struct{ ledger, name string }{
		"sqlite:data/publisher.db":                          {"sqlite:data/publisher.db", "data/publisher.db"},
		"postgres://u:pw@db.example/blog":                   {"postgres://u:pw@db.example/blog", "postgres://db.example/blog"},
		"postgresql://u@localhost:5433/blog?sslmode=prefer": {"postgresql://u@localhost:5433/blog?sslmode=prefer", "postgres://localhost:5433/blog"},
		"postgres://u:${PASSWORD}@db.example/blog":          {"postgres://u:p%2F%40%3A%2541%23%20%2B@db.example/blog", "postgres://db.example/blog"},
		"postgres:///blog?host=/run/postgresql":             {"postgres:///blog?host=/run/postgresql", "postgres:///blog"},
		"postgres://u:pw@db.example/blog?sslmode=require":   {"postgres://u:pw@db.example/blog?sslmode=require", "postgres://db.example/blog"},
		"${URL}": {env["URL"], "postgres://db.example/blog"},
	} {
		cfg, err := parse(fmt.Sprintf("%sledger: %q\n", head, text), env)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if cfg.Ledger != want.ledger || cfg.LedgerName() != want.name || cfg.OnPostgreSQL() != strings.HasPrefix(want.ledger, "postgres") {
			t.Errorf("%s: %s, named %s", text, cfg.Ledger, cfg.LedgerName())
		}
	}
}

// No fault repeats a password.
func TestFaultsOfLedgers(t *testing.T) {
	for text, want := range map[string]string{
		"postgres:hunter2":                                                "not the address of a database",
		"postgres:/hunter2":                                               "not the address of a database",
		"postgres://u:hun/ter2@db.example/blog":                           "not the address of a database",
		"postgres://u:hunter2@db.example:x/blog":                          "not the address of a database",
		"postgres://u:hunter2%zz@db.example/blog":                         "not the address of a database",
		"postgres://u:hunter2@db.example/blog#hunter2":                    "not the address of a database",
		"postgres://u:hunter2@db.example":                                 "names no database",
		"postgres://u:hunter2@db.example/blog?password=%zz":               "malformed",
		"postgres://u:hunter2@db.example/blog?sslmode=hunter2":            "sslmode must be one of",
		"postgres://u:hunter2@db.example/blog?sslmode=disable":            "sslmode=disable would let",
		"postgres://u:hunter2@db.example/blog?sslmode=prefer":             "sslmode=prefer would let",
		"postgres://u:hunter2@localhost,db.example/blog?sslmode=allow":    "sslmode=allow would let",
		"postgres:///blog?host=/run/postgresql,192.0.2.1&sslmode=disable": "sslmode=disable would let",
		"postgres://localhost/blog?host=db.example&sslmode=disable":       "sslmode=disable would let",
		"mysql://u:hunter2@db.example/blog":                               `unknown kind of ledger "mysql"`,
		"postgres://u:hunter2@[::1/blog":                                  "not the address of a database",
	} {
		_, err := parse(fmt.Sprintf("%sledger: %q\n", head, text), nil)
		if err == nil || !strings.Contains(err.Error(), "config.yaml:2:9: ledger: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the fault repeats the password: %v", text, err)
		}
	}
	if _, err := parse(head+"ledger: postgres://u@localhost/blog\nstate: {dir: ''}\n", nil); err == nil || !strings.Contains(err.Error(), "config.yaml:3:14: state.dir: must be a folder") {
		t.Errorf("no folder: %v", err)
	}
}

func TestStateIsPrivate(t *testing.T) {
	cfg, err := parse(head+"ledger: postgres://u@localhost/blog\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dir = "/srv/blog"
	for _, p := range cfg.Private().Places() {
		if p.Path == "/srv/blog/state" {
			return
		}
	}
	t.Errorf("state.dir is not among %v", cfg.Private().Places())
}
