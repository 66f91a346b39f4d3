package connect

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unacknowledged is for how many milliseconds what was sent may stay unacknowledged.
const unacknowledged = 10_000

// limitUnacknowledged has a connection end when the other side does not acknowledge what was sent.
func limitUnacknowledged(network, _ string, conn syscall.RawConn) error {
	if network == "unix" {
		return nil
	}
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, unacknowledged)
	})
	if err != nil {
		return err
	}
	return failed
}
