package config

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// State is where this machine keeps what is not in the ledger.
type State struct {
	// Dir is the folder for files that belong to a ledger in PostgreSQL: how far this machine has
	// seen it, and results that it would not take. Beside a ledger in SQLite there are files instead.
	Dir string `yaml:"dir"`
}

// OnPostgreSQL reports whether the ledger is in PostgreSQL.
func (c *Config) OnPostgreSQL() bool { return isPostgreSQL(c.Ledger) }

func isPostgreSQL(ledger string) bool {
	return strings.HasPrefix(ledger, "postgres:") || strings.HasPrefix(ledger, "postgresql:")
}

// LedgerName returns what the ledger is called in messages: its file as written, or its address
// without user, password and settings.
func (c *Config) LedgerName() string {
	if !c.OnPostgreSQL() {
		return strings.TrimPrefix(c.Ledger, "sqlite:")
	}
	u, err := url.Parse(c.Ledger)
	if err != nil {
		return "postgres:"
	}
	return (&url.URL{Scheme: "postgres", Host: u.Host, Path: u.Path}).String()
}

// MinLedgerKeep is the shortest time for which deliveries are kept: for so long, reports of mail that
// came back count.
const MinLedgerKeep = 30 * 24 * time.Hour

const postgresExample = "postgres://user:${LEDGER_PASSWORD}@host/database"

// resolveLedger checks the ledger's address. No message repeats it: it may contain a password.
func (c *Config) resolveLedger(d *decoder) {
	if c.LedgerKeep != 0 && c.LedgerKeep < MinLedgerKeep {
		d.faultAt("ledger_keep", "must be at least %dd, for as long as reports of mail that came back count; or 0 to keep every delivery", MinLedgerKeep/(24*time.Hour))
	}
	kind, rest, _ := strings.Cut(c.Ledger, ":")
	switch {
	case kind == "sqlite" && rest != "":
	case isPostgreSQL(c.Ledger) && rest != "":
		if fault := faultOfAddress(c.Ledger); fault != "" {
			d.faultAt(ledgerKey, "%s", fault)
		}
		if c.State.Dir == "" {
			d.faultAt("state.dir", "must be a folder")
		}
	default:
		d.faultAt(ledgerKey, "unknown kind of ledger %q; write sqlite:publisher.db or %s", kind, postgresExample)
	}
}

// sslModes are how PostgreSQL's programs encrypt, and whether they insist.
var sslModes = map[string]bool{"disable": false, "allow": false, "prefer": false, "require": true, "verify-ca": true, "verify-full": true}

// faultOfAddress returns what is wrong with the address of a database in PostgreSQL, and what to
// write; "" if nothing is.
func faultOfAddress(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Fragment != "" || !strings.Contains(text, "://") {
		return "this is not the address of a database; write it like " + postgresExample + ", and signs such as / @ : # in a password as %2F %40 %3A %23"
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "the settings behind ? are malformed; write them like ?sslmode=require"
	}
	if strings.Trim(u.Path, "/") == "" && !query.Has("dbname") && !query.Has("database") {
		return "the address names no database; write it like " + postgresExample
	}
	mode := query.Get("sslmode")
	strict, known := sslModes[mode]
	hosts := strings.Split(u.Hostname(), ",")
	if extra := query.Get("host"); extra != "" {
		hosts = append(slices.DeleteFunc(hosts, func(h string) bool { return h == "" }), strings.Split(extra, ",")...)
	}
	switch elsewhere := slices.ContainsFunc(hosts, func(h string) bool { return h != "" && h[0] != '/' && !isLoopback(h) }); {
	case !known && query.Has("sslmode"):
		return "sslmode must be one of require, verify-ca, verify-full, or for a server on this machine disable, allow, prefer"
	case elsewhere && known && !strict:
		return "sslmode=" + mode + " would let passwords and addresses go unencrypted to another machine; write sslmode=require, verify-ca or verify-full"
	}
	return ""
}
