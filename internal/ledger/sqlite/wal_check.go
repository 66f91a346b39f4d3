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

// SQLite applies whatever write-ahead log lies beside a database, also that of another
// one: where an older copy was put in the place of a ledger whose process had died, the
// pages of both would be mixed. belongs finds out first, by the numbers of the commits.
//
// A log that is not there, has nothing in it, or numbers nothing (an older program
// wrote it) belongs. What other programs may do, which is to write and to checkpoint,
// changes nothing of that: they keep the number that they find.
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

// commitNumberOf is what the database file itself says, without its log.
func commitNumberOf(ctx context.Context, path string) (uint32, error) {
	n, err := readHeader(ctx, path, readCommitNumber)
	return uint32(n), err
}

// readHeader reads a number that stands in the database file itself; 0 where there is no
// such file, or an empty one. SQLite reads it: if another handle of the file were closed
// here, the locks of this process on it would be gone.
func readHeader(ctx context.Context, path, pragma string) (n int64, err error) {
	if info, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	db, err := sql.Open("sqlite", uri(path, "ro", sqliteTimeout, "immutable=1"))
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

// continues reports whether the log begins at or before the database's commit, and
// ends at or after it. Numbers wrap around.
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

// scanWAL reads the frames that SQLite would: those with the log's salts and the right
// checksums, up to the last that ends a commit. What is no log has none.
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

// ended is nil where err is the end of the file.
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

// is compares it with the one that the log has.
func (s *walChecksum) is(stored []byte) bool {
	return s.a == binary.BigEndian.Uint32(stored) && s.b == binary.BigEndian.Uint32(stored[4:])
}
