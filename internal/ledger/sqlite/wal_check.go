package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"publisher/internal/ledger/sqlite/walfile"
)

// checkWAL checks that the write-ahead log beside a database belongs to it. SQLite applies
// any log that it finds: if an older copy replaced a ledger whose process had died, the
// pages of both would be mixed. The numbers of the commits show that.
//
// A log that does not exist, is empty, or has no numbers (an older program wrote it)
// belongs. Other programs may write and checkpoint: they keep the number that they find.
func checkWAL(ctx context.Context, path string) error {
	const attempts = 30 // another process may be checkpointing
	var log walfile.Commits
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
		if log, err = walfile.Read(path + "-wal"); err != nil {
			return err
		}
		if torn == nil && log.Continues(main) {
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
		log.First, log.Last, main), nil)
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
