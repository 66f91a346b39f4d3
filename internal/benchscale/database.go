package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"publisher/internal/postgrestest"
)

// database is where a ledger is.
type database interface {
	name() string
	dsn() string
	// used returns what the database has used so far.
	used() (use, error)
	stop()
}

// use is what a database has used.
type use struct {
	bytes int64         // of its files, without the log
	log   int64         // bytes that were written to it
	cpu   time.Duration // of a server
}

func (u use) since(before use) use {
	return use{bytes: u.bytes - before.bytes, log: u.log - before.log, cpu: u.cpu - before.cpu}
}

// server is a PostgreSQL with one database.
type server struct {
	*postgrestest.Server
	end func()
}

// postgres starts a server that syncs its commits.
func (b bench) postgres() (database, error) {
	s, end, err := postgrestest.Launch("fsync = on", "full_page_writes = on", "shared_buffers = 256MB", "max_wal_size = 2GB", "checkpoint_timeout = 5min")
	if err != nil {
		return nil, err
	}
	return server{s, end}, nil
}

func (s server) name() string { return "PostgreSQL" }
func (s server) dsn() string  { return s.DSN("postgres") }
func (s server) stop()        { s.end() }

func (s server) used() (u use, err error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.dsn())
	if err != nil {
		return u, err
	}
	defer conn.Close(ctx)
	if err := conn.QueryRow(ctx, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::BIGINT, pg_database_size(current_database())").
		Scan(&u.log, &u.bytes); err != nil {
		return u, err
	}
	u.cpu, err = s.processorTime()
	return u, err
}

// vacuum has the space of deleted rows used again, as autovacuum does.
func (s server) vacuum(rows int) error {
	ctx := context.Background()
	before, err := s.processorTime()
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, s.dsn())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "VACUUM delivery"); err != nil {
		return err
	}
	after, err := s.processorTime()
	fmt.Printf("  vacuum   processor time of one deleted row %.1f µs\n", float64((after-before).Microseconds())/float64(rows))
	return err
}

// processorTime is that of all processes of the server, from /proc.
func (s server) processorTime() (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join(s.Socket(), "data", "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest) // from the third on
		own, parent := filepath.Base(filepath.Dir(name)), fields[1]
		counted := fields[11:13] // utime and stime
		switch first {
		case own:
			counted = fields[11:15] // and that of its children that have ended
		case parent:
		default:
			continue
		}
		for _, field := range counted {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
			ticks += n
		}
	}
	const hertz = 100
	return time.Duration(ticks) * time.Second / hertz, nil
}

// file is a ledger in SQLite, in a folder of its own.
type file struct{ dir string }

func (b bench) sqlite() (database, error) {
	dir, err := os.MkdirTemp(b.folder, "benchscale-ledger-")
	return file{dir}, err
}

func (f file) name() string { return "SQLite" }
func (f file) dsn() string  { return "sqlite:" + filepath.Join(f.dir, "publisher.db") }
func (f file) stop()        { os.RemoveAll(f.dir) }

func (f file) used() (u use, err error) {
	all, err := filepath.Glob(filepath.Join(f.dir, "publisher.db*"))
	for _, name := range all {
		info, err := os.Stat(name)
		if err != nil {
			return u, err
		}
		u.bytes += info.Size()
	}
	return u, err
}
