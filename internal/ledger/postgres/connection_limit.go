package postgres

import (
	"context"
	"database/sql"
	"errors"
)

// ConnectionLimit returns how many connections a mail server last accepted from a process on this host; 0
// if it did not ask for fewer.
func (b *Batches) ConnectionLimit(ctx context.Context, server string) (connections int, err error) {
	err = b.engine.db.QueryRowContext(ctx, "SELECT connections FROM connection_limit WHERE host = $1 AND server = $2", hostname(), server).Scan(&connections)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return connections, b.fail("read the connection limit", err)
}

// SaveConnectionLimit replaces the limit of this host; 0 removes it.
func (b *Batches) SaveConnectionLimit(ctx context.Context, server string, connections int) error {
	err := b.inTransaction(ctx, nil, func(tx *sql.Tx, _ *sql.Conn) error {
		if connections == 0 {
			_, err := tx.ExecContext(ctx, "DELETE FROM connection_limit WHERE host = $1", hostname())
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO connection_limit (host, server, connections) VALUES ($1, $2, $3)
			ON CONFLICT (host) DO UPDATE SET server = EXCLUDED.server, connections = EXCLUDED.connections`, hostname(), server, connections)
		return err
	})
	return b.fail("store the connection limit", err)
}
