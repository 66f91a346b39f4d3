// Package connect makes connections to a PostgreSQL server that may hold a ledger: addresses, how a session
// is set up, what a server has to be like, and what its errors mean.
package connect

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"publisher/internal/hint"
	"publisher/internal/ledger"
)

const (
	connectTimeout = 10 * time.Second
	usualConns     = 10 // of a pool, unless the address has pool_max_conns
	fewestConns    = 3  // the durable step has one, an import another, and both read and change meanwhile
)

// Session is how each connection is set up. A process that is cut off inside a transaction would
// otherwise keep its row locks until TCP gives up, after two hours. No statement is compiled: that
// takes a second where the server expects many rows, and each reads a page of them.
const Session = `SET synchronous_commit = on; SET lock_timeout = '8s'; SET idle_in_transaction_session_timeout = '10s';
	SET tcp_user_timeout = '10s'; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET jit = off`

// Address is a DSN, parsed.
type Address struct {
	Config *pgxpool.Config
	Name   string // of the ledger in messages: without user and password
}

// ParseAddress parses a DSN. No error of it repeats the DSN, which may contain a password.
func ParseAddress(dsn string) (*Address, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errAddress
	}
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, errAddress
	}
	if _, chosen := os.LookupEnv("PGSSLMODE"); !chosen && !u.Query().Has("sslmode") && !u.Query().Has("ssl") && !onlyHere(config.ConnConfig) {
		query := u.Query()
		query.Set("sslmode", "require")
		u.RawQuery = query.Encode()
		if config, err = pgxpool.ParseConfig(u.String()); err != nil {
			return nil, errAddress
		}
	}
	if host := unencrypted(config.ConnConfig); host != "" {
		return nil, &ledger.AddressError{Err: hint.With(errors.New("ledger: the connection to "+host+" would not be encrypted"),
			"write sslmode=require, verify-ca or verify-full in the address; without encryption it has to be on this machine")}
	}
	if !u.Query().Has("pool_max_conns") {
		config.MaxConns = usualConns
	}
	config.MaxConns = max(config.MaxConns, fewestConns)
	config.ConnConfig.DialFunc = dialer().DialContext
	if _, chosen := os.LookupEnv("PGCONNECT_TIMEOUT"); !chosen && !u.Query().Has("connect_timeout") {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	config.ConnConfig.RuntimeParams["application_name"] = "publisher"
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, Session, pgx.QueryExecModeSimpleProtocol)
		return err
	}
	return &Address{config, (&url.URL{Scheme: "postgres", Host: u.Host, Path: "/" + config.ConnConfig.Database}).String()}, nil
}

var errAddress = &ledger.AddressError{Err: hint.With(errors.New("ledger: this is not the address of a PostgreSQL database"),
	"write it like postgres://user:${NAME}@host:5432/database?sslmode=require, and signs such as / @ : # in a password as %%2F %%40 %%3A %%23")}

// onlyHere reports whether every host of a config is this machine.
func onlyHere(config *pgx.ConnConfig) bool {
	here := isHere(config.Host)
	for _, other := range config.Fallbacks {
		here = here && isHere(other.Host)
	}
	return here
}

// isHere reports whether a host is this machine: a loopback address, or the folder of a socket.
func isHere(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || err == nil && ip.IsLoopback()
}

// unencrypted returns the first host elsewhere that a config would connect to without TLS; "" if
// there is none.
func unencrypted(config *pgx.ConnConfig) string {
	all := append([]*pgconn.FallbackConfig{{Host: config.Host, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
	for _, one := range all {
		if one.TLSConfig == (*tls.Config)(nil) && !isHere(one.Host) {
			return one.Host
		}
	}
	return ""
}

// dialer finds out within seconds that the other side is gone.
func dialer() *net.Dialer {
	return &net.Dialer{
		Control:         limitUnacknowledged,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
	}
}

// Connect connects to the server, and checks that it may hold a ledger.
func (a *Address) Connect(ctx context.Context) (*pgxpool.Pool, error) {
	pool, err := pgxpool.NewWithConfig(ctx, a.Config)
	if err != nil {
		return nil, ledger.Failure(a.Name, "connect", Advise(err))
	}
	if err := CheckServer(ctx, pool); err != nil {
		pool.Close()
		return nil, ledger.Failure(a.Name, "open", Advise(err))
	}
	return pool, nil
}
