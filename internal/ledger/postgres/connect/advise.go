package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"publisher/internal/hint"
	"publisher/internal/ledger"
)

// What PostgreSQL calls its errors (appendix A of its manual).
const (
	invalidAuthorization = "28000"
	invalidPassword      = "28P01"
	unknownDatabase      = "3D000"
	notAllowed           = "42501"
	unknownParameter     = "42704"
	invalidParameter     = "22023"
	diskFull             = "53100"
	tooManyConnections   = "53300"
	lockNotAvailable     = "55P03"
	deadlock             = "40P01"
	serializationFailure = "40001"
	readOnlyTransaction  = "25006"
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
	cannotConnectNow     = "57P03"
	fenced               = "PB001" // ours: the lease of the passes is another process's
	declaredDead         = "PB002" // ours: this process was declared dead
	lostCommits          = "PB003" // ours: the ledger lacks what this process has committed
)

// Advise adds to an error of PostgreSQL, or of the way to it, what to do about it. The text is one
// line without the password.
func Advise(err error) error {
	var server *pgconn.PgError
	var connecting *pgconn.ConnectError
	isConnecting := errors.As(err, &connecting)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &server):
		if advised := adviseOnConnecting(server, connecting); isConnecting && advised != nil {
			return advised
		}
		return adviseOnServer(err, server)
	case isConnecting:
		return adviseOnNetwork(connecting)
	case isLost(err):
		return hint.With(&ledger.AwayError{Err: &said{"the connection to the server was lost", err}}, "run again when the server is up")
	}
	return err
}

// adviseOnConnecting is about why a server let nobody in; nil: for another reason.
func adviseOnConnecting(server *pgconn.PgError, connecting *pgconn.ConnectError) error {
	if connecting == nil {
		return nil
	}
	said := &said{oneLine(server.Message), connecting}
	var advised error
	switch server.Code {
	case invalidPassword:
		advised = hint.With(said, "check user and password in ledger, or PGPASSWORD")
	case invalidAuthorization:
		advised = hint.With(said, "check user and sslmode in ledger, and pg_hba.conf of the server")
	case unknownDatabase:
		advised = hint.With(said, "check the name in ledger, or create it with createdb --encoding UTF8")
	case notAllowed:
		advised = hint.With(said, "give the user CONNECT on the database")
	case unknownParameter, invalidParameter:
		advised = hint.With(said, "remove it from the address in ledger")
	default:
		return nil
	}
	return &ledger.AddressError{Err: advised}
}

func adviseOnServer(err error, server *pgconn.PgError) error {
	said := &said{oneLine(server.Message), err}
	switch server.Code {
	case fenced:
		return TakenOver("another process")
	case declaredDead, lostCommits:
		return &ledger.DeadError{Err: err, LostCommits: server.Code == lostCommits}
	case tooManyConnections:
		return hint.With(&ledger.AwayError{Err: said}, "raise max_connections of the server, or end what else uses it, and run again")
	case adminShutdown, crashShutdown, cannotConnectNow:
		return hint.With(&ledger.AwayError{Err: said}, "run again when the server is up")
	case readOnlyTransaction:
		return &ledger.AddressError{Err: hint.With(said, "the server has become a standby: name the primary server in ledger")}
	case notAllowed:
		return hint.With(said, "give the user of ledger the rights that it had")
	case diskFull:
		return hint.With(said, "free some space on the server and run again")
	case lockNotAvailable, deadlock, serializationFailure:
		return hint.With(fmt.Errorf("%w (%s)", ledger.ErrBusy, oneLine(server.Message)), "end that program and run again")
	}
	return err
}

func adviseOnNetwork(connecting *pgconn.ConnectError) error {
	at := hosts(connecting.Config)
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch text := oneLine(connecting.Unwrap().Error()); {
	case strings.Contains(text, "refused TLS") && onlyEncrypted(connecting.Config):
		return &ledger.AddressError{Err: hint.With(fmt.Errorf("%s does not encrypt", at), "turn on ssl at the server, or check sslmode in ledger")}
	case errors.As(connecting, &certificate), errors.As(connecting, &authority):
		return &ledger.AddressError{Err: hint.With(fmt.Errorf("the certificate of %s is not valid here", at), "name its authority with sslrootcert=FILE in ledger, and its host as in the certificate")}
	case errors.As(connecting, &unknown) && unknown.IsNotFound:
		return hint.With(&ledger.AwayError{Err: fmt.Errorf("there is no host %s", unknown.Name)}, "check the host in ledger")
	case errors.Is(connecting, context.DeadlineExceeded) || pgconn.Timeout(connecting):
		return hint.With(&ledger.AwayError{Err: fmt.Errorf("%s does not answer", at)}, "check host and port in ledger, and whether a firewall is between")
	default:
		return hint.With(&ledger.AwayError{Err: fmt.Errorf("cannot connect to %s (%s)", at, reason(connecting))}, "check host and port in ledger, and whether the server is up")
	}
}

// onlyEncrypted reports whether a config allows no connection without TLS: otherwise its refusal is not
// why there is none.
func onlyEncrypted(config *pgconn.Config) bool {
	plain := func(one *pgconn.FallbackConfig) bool { return one.TLSConfig == nil }
	return config.TLSConfig != nil && !slices.ContainsFunc(config.Fallbacks, plain)
}

// said is an error of the server in its own words only: what pgx adds has line ends.
type said struct {
	text string
	err  error
}

func (e *said) Error() string { return e.text }
func (e *said) Unwrap() error { return e.err }

// hosts returns where a config connects to.
func hosts(config *pgconn.Config) string {
	at := place(config.Host, config.Port)
	var others []string
	for _, other := range config.Fallbacks {
		if p := place(other.Host, other.Port); p != at && !slices.Contains(others, p) {
			others = append(others, p)
		}
	}
	return strings.Join(append([]string{at}, others...), ", ")
}

func place(host string, port uint16) string {
	if strings.HasPrefix(host, "/") {
		return fmt.Sprintf("the socket %s/.s.PGSQL.%d", host, port)
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

// reason returns the innermost error, without what led to it.
func reason(err error) string {
	for {
		var inner error
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			inner = e.Unwrap()
		case interface{ Unwrap() []error }:
			if all := e.Unwrap(); len(all) > 0 {
				inner = all[len(all)-1]
			}
		}
		if inner == nil {
			return oneLine(err.Error())
		}
		err = inner
	}
}

// oneLine returns the text without line ends.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// TakenOver returns the error of a process whose lease another one has now.
func TakenOver(by string) error {
	return &ledger.LockedError{Holder: fmt.Sprintf("%s took over, because this one was cut off from the ledger for %v", by, LeaseTime)}
}
