package private

import (
	"bytes"
	"encoding/binary"
)

// LedgerID is the application id of ledgers in SQLite ("publ").
const LedgerID = 0x7075626c

// HeadSize is how many bytes of a file IsSecret needs.
const HeadSize = 100

// IsSecret reports whether the first bytes of a file are those of a ledger, of a part of one,
// or of a private key. Backups can be anywhere, under any name.
func IsSecret(head []byte) bool {
	switch {
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		const idAt = 68 // https://www.sqlite.org/fileformat.html, section 1.3
		return len(head) >= idAt+4 && binary.BigEndian.Uint32(head[idAt:]) == LedgerID
	case bytes.HasPrefix(head, []byte("\x37\x7f\x06\x82")), bytes.HasPrefix(head, []byte("\x37\x7f\x06\x83")):
		return true // a write-ahead log
	case bytes.HasPrefix(head, []byte("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")):
		return true // a rollback journal
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.HasPrefix(line, []byte("-----BEGIN ")) && bytes.Contains(line, []byte("PRIVATE KEY"))
}
