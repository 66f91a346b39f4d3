package ledger

import (
	"context"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// FirstPass returns the time of the first pass over the content tree; zero before it.
func (l *Ledger) FirstPass(ctx context.Context) (at time.Time, err error) {
	err = l.Reader().QueryRowContext(ctx, "SELECT first_pass_at FROM pass_state").Scan((*sqlutil.Time)(&at))
	return at, l.fail("read when the first pass was", err)
}

// SetFirstPass stores the time of the first pass.
func (l *Ledger) SetFirstPass(ctx context.Context, at time.Time) error {
	return l.storeRow(ctx, "store when the first pass was", "UPDATE pass_state SET first_pass_at = $1", sqlutil.Time(at))
}

// ScanSnapshot returns the content tree as the last scan found it, in the caller's
// encoding; nil before the first scan.
func (l *Ledger) ScanSnapshot(ctx context.Context) (data []byte, err error) {
	_, err = sqlutil.Row(ctx, l.Reader(), "SELECT data FROM scan_snapshot", nil, &data)
	return data, l.fail("read the scan snapshot", err)
}

// SaveScanSnapshot replaces the scan snapshot.
func (l *Ledger) SaveScanSnapshot(ctx context.Context, data []byte) error {
	return l.storeRow(ctx, "save the scan snapshot", `
		INSERT INTO scan_snapshot (id, data) VALUES (1, $1)
		ON CONFLICT (id) DO UPDATE SET data = excluded.data`, data)
}

// ConnectionLimit is how many connections an SMTP server accepted when it last asked for
// fewer. The zero value means that no server did.
type ConnectionLimit struct {
	Server      string
	Connections int
}

// ConnectionLimit returns the last limit.
func (l *Ledger) ConnectionLimit(ctx context.Context) (limit ConnectionLimit, err error) {
	err = l.Reader().QueryRowContext(ctx, "SELECT limited_server, limited_connections FROM smtp_state").Scan(&limit.Server, &limit.Connections)
	return limit, l.fail("read the connection limit", err)
}

// SetConnectionLimit replaces the limit; the zero value removes it.
func (l *Ledger) SetConnectionLimit(ctx context.Context, limit ConnectionLimit) error {
	return l.storeRow(ctx, "store the connection limit",
		"UPDATE smtp_state SET limited_server = $1, limited_connections = $2", limit.Server, limit.Connections)
}

// Sending reports whether messages are going out under a rate, or were when the process
// that sent them died.
func (l *Ledger) Sending(ctx context.Context) (sending bool, err error) {
	err = l.Reader().QueryRowContext(ctx, "SELECT sending FROM smtp_state").Scan(&sending)
	return sending, l.fail("read whether messages were going out", err)
}

// SetSending stores whether messages are going out under a rate.
func (l *Ledger) SetSending(ctx context.Context, sending bool) error {
	return l.storeRow(ctx, "store whether messages are going out", "UPDATE smtp_state SET sending = $1", sending)
}
