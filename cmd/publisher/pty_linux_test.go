package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal returns both ends of a pseudo-terminal.
func openTerminal(t *testing.T) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return screen, program
}

// Documents, which programs get unchanged, are escaped on a terminal.
func TestDocumentOnTerminal(t *testing.T) {
	t.Parallel()
	b := newHostileBlog(t)
	const evil = "\x1b[2J\u009b1m\u202e"
	b.write("own.yaml", "site: {url: https://example.com}\ncontent: {dir: posts}\nledger: sqlite:own.db\ntemplates: own\n")
	b.write("own/colors.css", "/* "+evil+" */\n")
	if err := os.Remove(b.dir + "/own/post.html"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(b.dir + "/own/i18n/de.yaml"); err != nil {
		t.Fatal(err)
	}
	args := []string{"--config", "own.yaml", "templates", "show", "colors.css"}
	piped, err := b.command(args...).Output()
	if err != nil || !strings.Contains(string(piped), evil) {
		t.Fatalf("a program does not get the document as it is: %v\n%.200q", err, piped)
	}
	screen, program := openTerminal(t)
	cmd := b.command(args...)
	cmd.Stdout = program
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	shown, _ := io.ReadAll(screen) // ends in EIO
	text := strings.ReplaceAll(string(shown), "\r\n", "\n")
	if want := `\u001b[2J\u009b1m\u202e`; !strings.Contains(text, want) {
		t.Errorf("no %s in %q", want, text)
	}
	wantSafe(t, "on the terminal", []byte(text))
}
