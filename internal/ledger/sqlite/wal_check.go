package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"
)

// checkWAL checks that the write-ahead log beside a database belongs to it. SQLite applies
// any log that it finds: if an older copy replaced a ledger whose process had died, the
// pages of both would be mixed. The numbers of the commits show that.
//
// A log that does not exist, is empty, or has no numbers (an older program wrote it)
// belongs. Other programs may write and checkpoint: they keep the number that they find.
func checkWAL(ctx context.Context, path string) error {
	const attempts = 30 // another process may be checkpointing
	var log walCommits
	var main uint32
	var torn error // the database file is as no commit left it
	for range attempts {
		info, err := os.Stat(path + "-wal")
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		main, torn = commitNumberOf(ctx, path)
		if torn != nil && !isCorrupt(torn) {
			return torn
		}
		if log, err = readWAL(path + "-wal"); err != nil {
			return err
		}
		if torn == nil && log.continues(main) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lastPause/2 + rand.N(lastPause)):
		}
	}
	if torn != nil {
		return torn
	}
	return damagedError(path, fmt.Sprintf(
		"its write-ahead log belongs to another copy: the log has commits %d to %d, and the database is at commit %d (was an older copy put in its place?)",
		log.first, log.last, main), nil)
}

// commitNumberOf returns the number in the database file itself, without its log.
func commitNumberOf(ctx context.Context, path string) (uint32, error) {
	n, err := readHeader(ctx, path, readCommitNumber)
	return uint32(n), err
}

// readHeader reads a number from the header of a database file; 0 if it does not exist or
// is empty. SQLite reads it, because closing another handle of the file here would end the
// locks of this process. It would refuse a file with fewer pages than its header counts
// (writable_schema lets it pass): the log has the rest if the disk was full when the log was
// written back.
func readHeader(ctx context.Context, path, pragma string) (n int64, err error) {
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", uri(path, "ro", sqliteTimeout, "immutable=1", "_pragma=writable_schema(1)"))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.QueryRowContext(ctx, pragma).Scan(&n)
	return n, err
}

// walCommits are the numbers of the commits in a write-ahead log.
type walCommits struct {
	first, last uint32 // of those that have the database's first page in them
	numbered    bool   // there is one
}

// continues reports whether the log begins at or before the database's commit, and ends at
// or after it. Numbers wrap around.
func (c walCommits) continues(main uint32) bool {
	if !c.numbered {
		return true
	}
	if c.first == 0 && c.last == 0 {
		return main == 0 // written by an older program, or at the very beginning
	}
	base := c.first - 1
	return main-base <= c.last-base
}

// The form of a log (https://www.sqlite.org/fileformat2.html#walformat).
const (
	walMagic       = 0x377f0682 // with little-endian checksums; one more: big-endian
	walHeader      = 32
	walFrameHeader = 24
	// userVersionAt is where user_version stands on the first page.
	userVersionAt = 60
)

func readWAL(path string) (walCommits, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return walCommits{}, nil
	}
	if err != nil {
		return walCommits{}, err
	}
	defer file.Close()
	return scanWAL(bufio.NewReaderSize(file, 1<<18))
}

// scanWAL reads the frames that SQLite would: those with the log's salts and correct
// checksums, up to the last one that ends a commit. A file that is not a log has none.
func scanWAL(r io.Reader) (committed walCommits, err error) {
	header := make([]byte, walHeader)
	if _, err := io.ReadFull(r, header); err != nil {
		return committed, ended(err)
	}
	magic, size := binary.BigEndian.Uint32(header), binary.BigEndian.Uint32(header[8:])
	sum := walChecksum{order: binary.ByteOrder(binary.LittleEndian)}
	if magic == walMagic+1 {
		sum.order = binary.BigEndian
	}
	sum.add(header[:24])
	if magic != walMagic && magic != walMagic+1 || size < 512 || size > 65536 || size&(size-1) != 0 || !sum.is(header[24:]) {
		return committed, nil
	}
	frame := make([]byte, walFrameHeader+size)
	for all := committed; ; {
		if _, err := io.ReadFull(r, frame); err != nil {
			return committed, ended(err)
		}
		sum.add(frame[:8])
		sum.add(frame[walFrameHeader:])
		if string(frame[8:16]) != string(header[16:24]) || !sum.is(frame[16:]) {
			return committed, nil
		}
		if binary.BigEndian.Uint32(frame) == 1 {
			all.last = binary.BigEndian.Uint32(frame[walFrameHeader+userVersionAt:])
			if !all.numbered {
				all.first, all.numbered = all.last, true
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

// walChecksum is the running checksum of a log.
type walChecksum struct {
	order binary.ByteOrder
	a, b  uint32
}

func (s *walChecksum) add(data []byte) {
	for ; len(data) >= 8; data = data[8:] {
		s.a += s.order.Uint32(data) + s.b
		s.b += s.order.Uint32(data[4:]) + s.a
	}
}

// is reports whether the checksum equals a stored one.
func (s *walChecksum) is(stored []byte) bool {
	return s.a == binary.BigEndian.Uint32(stored) && s.b == binary.BigEndian.Uint32(stored[4:])
}
