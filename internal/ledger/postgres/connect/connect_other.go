//go:build !linux

package connect

import "syscall"

// limitUnacknowledged does nothing here: keepalives end a connection that is silent.
func limitUnacknowledged(string, string, syscall.RawConn) error { return nil }
