// Package walfile reads which commits of a ledger SQLite's write-ahead log has.
package walfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
)

// Commits are the numbers of the commits in a write-ahead log.
type Commits struct {
	First, Last uint32 // of those that have the database's first page in them
	Numbered    bool   // there is one
}

// Continues reports whether the log begins at or before the database's commit, and ends at
// or after it. Numbers wrap around.
func (c Commits) Continues(main uint32) bool {
	if !c.Numbered {
		return true
	}
	if c.First == 0 && c.Last == 0 {
		return main == 0 // written by an older program, or at the very beginning
	}
	base := c.First - 1
	return main-base <= c.Last-base
}

// The form of a log (https://www.sqlite.org/fileformat2.html#walformat).
const (
	magicNumber     = 0x377f0682 // with little-endian checksums; one more: big-endian
	headerSize      = 32
	frameHeaderSize = 24
	// userVersionAt is where user_version stands on the first page.
	userVersionAt = 60
)

// Read reads the log at path. One that does not exist has no commits.
func Read(path string) (Commits, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Commits{}, nil
	}
	if err != nil {
		return Commits{}, err
	}
	defer file.Close()
	return Scan(bufio.NewReaderSize(file, 1<<18))
}

// Scan reads the frames that SQLite would: those with the log's salts and correct
// checksums, up to the last one that ends a commit. A file that is not a log has none.
func Scan(r io.Reader) (committed Commits, err error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(r, header); err != nil {
		return committed, ended(err)
	}
	magic, size := binary.BigEndian.Uint32(header), binary.BigEndian.Uint32(header[8:])
	sum := checksum{order: binary.ByteOrder(binary.LittleEndian)}
	if magic == magicNumber+1 {
		sum.order = binary.BigEndian
	}
	sum.add(header[:24])
	if magic != magicNumber && magic != magicNumber+1 || size < 512 || size > 65536 || size&(size-1) != 0 || !sum.is(header[24:]) {
		return committed, nil
	}
	frame := make([]byte, frameHeaderSize+size)
	for all := committed; ; {
		if _, err := io.ReadFull(r, frame); err != nil {
			return committed, ended(err)
		}
		sum.add(frame[:8])
		sum.add(frame[frameHeaderSize:])
		if string(frame[8:16]) != string(header[16:24]) || !sum.is(frame[16:]) {
			return committed, nil
		}
		if binary.BigEndian.Uint32(frame) == 1 {
			all.Last = binary.BigEndian.Uint32(frame[frameHeaderSize+userVersionAt:])
			if !all.Numbered {
				all.First, all.Numbered = all.Last, true
			}
		}
		if binary.BigEndian.Uint32(frame[4:]) != 0 { // the last frame of a commit
			committed = all
		}
	}
}

// ended returns nil for the end of a file, and other errors unchanged.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// checksum is the running checksum of a log.
type checksum struct {
	order binary.ByteOrder
	a, b  uint32
}

func (s *checksum) add(data []byte) {
	for ; len(data) >= 8; data = data[8:] {
		s.a += s.order.Uint32(data) + s.b
		s.b += s.order.Uint32(data[4:]) + s.a
	}
}

// is reports whether the checksum equals a stored one.
func (s *checksum) is(stored []byte) bool {
	return s.a == binary.BigEndian.Uint32(stored) && s.b == binary.BigEndian.Uint32(stored[4:])
}
