package outbox

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"publisher/mailer/address"
)

// Forget removes from the outbox all messages to addresses or that name them, and incomplete
// files of catchers that died.
func Forget(dir string, addresses []string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	sweepIncoming(dir)
	var failed error
	for _, entry := range entries {
		if !entry.Type().IsRegular() || filepath.Ext(entry.Name()) != ".eml" {
			continue
		}
		file := filepath.Join(dir, entry.Name())
		text, err := os.ReadFile(file)
		if err == nil && names(text, addresses) {
			err = os.Remove(file)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// names reports whether a message is to one of the addresses, in any spelling, or contains it.
func names(message []byte, addresses []string) bool {
	var to string
	for line := range bytes.Lines(message) {
		if name, value, found := strings.Cut(string(line), ":"); !found || name == "Delivered-To" {
			to = strings.TrimSpace(value)
			break
		}
	}
	key, _ := address.Normalize(to) // "" is nobody's
	lower := bytes.ToLower(message)
	for _, a := range addresses {
		if wanted, err := address.Normalize(a); err == nil && wanted == key {
			return true
		}
		if bytes.Contains(lower, []byte(strings.ToLower(a))) {
			return true
		}
	}
	return false
}
