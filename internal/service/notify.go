package service

import (
	"fmt"
	"net"
)

// States of the daemon, as sd_notify(3) spells them.
const (
	ready    = "READY=1"
	stopping = "STOPPING=1"
)

// notify reports the state of the daemon to systemd, if a unit of Type=notify started it.
func notify(lookup func(string) (string, bool), state string) error {
	socket, _ := lookup("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("notifying the service manager of %s: %w", state, err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("notifying the service manager of %s: %w", state, err)
	}
	return nil
}
