//go:build postgres

package postgres

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"publisher/internal/ledger"
)

// A server that has no TLS, which the address does not ask for, and goes away before it is tried without
// is away: its address is not wrong.
func TestGoneAfterRefusingTLS(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 8)
			if _, err := io.ReadFull(conn, request); err == nil && request[7] == 0x2f { // SSLRequest
				conn.Write([]byte("N"))
			}
			conn.Close()
		}
	}()
	for mode, wrong := range map[string]bool{"prefer": false, "require": true} {
		_, err := Open(ctx, fmt.Sprintf("postgres://u@%s/d?sslmode=%s", listener.Addr(), mode), Options{StateDir: t.TempDir()})
		var address *ledger.AddressError
		var away *ledger.AwayError
		if errors.As(err, &address) != wrong || errors.As(err, &away) == wrong {
			t.Errorf("%s: %v", mode, err)
		}
	}
}
