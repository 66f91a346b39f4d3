//go:build !linux

package postgres

import "syscall"

// limitUnacknowledged does nothing here: keepalives end a connection that is silent.
func limitUnacknowledged(string, string, syscall.RawConn) error { return nil }
