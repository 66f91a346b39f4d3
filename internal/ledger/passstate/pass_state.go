// Package passstate stores what a pass leaves for the next ones, so that they repeat neither work
// nor warnings.
package passstate

import (
	"context"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlutil"
)

// FirstPass returns the time of the first pass over the content tree; zero before it.
func FirstPass(ctx context.Context, l *ledger.Ledger) (at time.Time, err error) {
	err = l.Reader().QueryRowContext(ctx, "SELECT first_pass_at FROM pass_state").Scan((*sqlutil.Time)(&at))
	return at, l.Fail("read when the first pass was", err)
}

// SetFirstPass stores the time of the first pass.
func SetFirstPass(ctx context.Context, l *ledger.Ledger, at time.Time) error {
	return l.StoreRow(ctx, "store when the first pass was", "UPDATE pass_state SET first_pass_at = $1", sqlutil.Time(at))
}

// LoadScanSnapshot returns the content tree as the last scan found it, in the caller's
// encoding; nil before the first scan.
func LoadScanSnapshot(ctx context.Context, l *ledger.Ledger) (data []byte, err error) {
	_, err = sqlutil.Row(ctx, l.Reader(), "SELECT data FROM scan_snapshot", nil, &data)
	return data, l.Fail("read the scan snapshot", err)
}

// SaveScanSnapshot replaces the scan snapshot.
func SaveScanSnapshot(ctx context.Context, l *ledger.Ledger, data []byte) error {
	return l.StoreRow(ctx, "save the scan snapshot", `
		INSERT INTO scan_snapshot (id, data) VALUES (1, $1)
		ON CONFLICT (id) DO UPDATE SET data = excluded.data`, data)
}

// ConnectionLimit is how many connections an SMTP server accepted when it last asked for
// fewer. The zero value means that no server did.
type ConnectionLimit struct {
	Server      string
	Connections int
}

// LoadConnectionLimit returns the last limit.
func LoadConnectionLimit(ctx context.Context, l *ledger.Ledger) (limit ConnectionLimit, err error) {
	err = l.Reader().QueryRowContext(ctx, "SELECT limited_server, limited_connections FROM smtp_state").Scan(&limit.Server, &limit.Connections)
	return limit, l.Fail("read the connection limit", err)
}

// SaveConnectionLimit replaces the limit; the zero value removes it.
func SaveConnectionLimit(ctx context.Context, l *ledger.Ledger, limit ConnectionLimit) error {
	return l.StoreRow(ctx, "store the connection limit",
		"UPDATE smtp_state SET limited_server = $1, limited_connections = $2", limit.Server, limit.Connections)
}

// Sending reports whether messages are going out under a rate, or were when the process
// that sent them died.
func Sending(ctx context.Context, l *ledger.Ledger) (sending bool, err error) {
	err = l.Reader().QueryRowContext(ctx, "SELECT sending FROM smtp_state").Scan(&sending)
	return sending, l.Fail("read whether messages were going out", err)
}

// SetSending stores whether messages are going out under a rate.
func SetSending(ctx context.Context, l *ledger.Ledger, sending bool) error {
	return l.StoreRow(ctx, "store whether messages are going out", "UPDATE smtp_state SET sending = $1", sending)
}
