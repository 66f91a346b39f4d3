//go:build postgres

package main

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// link connects a network namespace, in which a process sees nothing of this machine, with this machine.
// While it is down, what either side sends is lost, and nobody hears of that.
type link struct {
	t               testing.TB
	namespace, here string
	address         string // this machine's, from there
}

// newLink returns a link, or an error where this user cannot have network namespaces.
func newLink(t testing.TB, n int) (l *link, err error) {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("only root may have network namespaces")
	}
	id := os.Getpid()
	l = &link{t: t, namespace: fmt.Sprintf("publisher-%d-%d", id, n), here: fmt.Sprintf("pt%d.%d", id%1_000_000, n), address: fmt.Sprintf("10.%d.%d.1", 128+id%64, n)}
	there := fmt.Sprintf("pp%d.%d", id%1_000_000, n)
	if err := l.ip("netns", "add", l.namespace); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		_ = l.ip("link", "delete", l.here) // it may be gone with the namespace
		if err := l.ip("netns", "delete", l.namespace); err != nil {
			t.Error(err)
		}
	})
	for _, args := range [][]string{
		{"link", "add", l.here, "type", "veth", "peer", "name", there, "netns", l.namespace},
		{"address", "add", l.address + "/24", "dev", l.here},
		{"link", "set", l.here, "up"},
		{"-n", l.namespace, "address", "add", fmt.Sprintf("10.%d.%d.2/24", 128+id%64, n), "dev", there},
		{"-n", l.namespace, "link", "set", there, "up"},
		{"-n", l.namespace, "link", "set", "lo", "up"},
	} {
		if err := l.ip(args...); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *link) ip(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %q: %w: %s", args, err, out)
	}
	return nil
}

// set has the link be up or down.
func (l *link) set(state string) {
	if err := l.ip("link", "set", l.here, state); err != nil {
		l.t.Error(err)
	}
}

// command returns a command that runs in the namespace.
func (l *link) command(args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", l.namespace}, args...)...)
}

// cutOff has nothing arrive that a machine sends, nor what is sent to it.
func (m *member) cutOff() {
	if m.link != nil {
		m.link.set("down")
		return
	}
	m.toDB.set(holes)
	m.toSink.set(holes)
}

// rejoin ends that.
func (m *member) rejoin() {
	if m.link != nil {
		m.link.set("up")
		return
	}
	m.toDB.set(passes)
	m.toSink.set(passes)
}
