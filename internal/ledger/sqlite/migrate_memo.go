package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"publisher/internal/ledger/sqlutil"
)

// Schemas up to 6 kept values of many kinds in one table, memo, under string keys. What
// follows carries them over into tables of their own. It uses none of the code that
// reads and writes these tables, which later versions may change.

// The file that creates the tables, and the version of its schema.
const (
	typedTables        = "00007_typed_tables.sql"
	typedTablesVersion = 7
)

// carryMemo makes the tables of schema 7 out of memo.
func carryMemo(ctx context.Context, tx *sql.Tx) error {
	script, err := migrations.ReadFile("migrations/" + typedTables)
	if err != nil {
		return err
	}
	c := &memoCarrier{ctx: ctx, tx: tx}
	c.exec(string(script))
	for name, carry := range map[string]func(*memoCarrier, []byte) error{
		"first pass":       (*memoCarrier).firstPass,
		"backup":           (*memoCarrier).backup,
		"clone guard":      (*memoCarrier).marks,
		"slowed":           (*memoCarrier).connectionLimit,
		"quiet":            (*memoCarrier).unchangedNote,
		"feeds":            (*memoCarrier).feeds,
		"feed memory":      (*memoCarrier).feedNames,
		"hubs":             (*memoCarrier).hubs,
		"subscribers.file": (*memoCarrier).subscriberFile,
	} {
		var value []byte
		found := false
		if c.err == nil {
			found, c.err = sqlutil.Row(ctx, tx, "SELECT value FROM memo WHERE name = $1", []any{name}, &value)
		}
		if found {
			if err := errors.Join(carry(c, value), c.err); err != nil {
				return fmt.Errorf("migrate what an earlier version stored under %q: %w", name, err)
			}
		}
	}
	c.exec("DROP TABLE memo")
	return c.err
}

// memoCarrier carries values over until there is an error.
type memoCarrier struct {
	ctx context.Context
	tx  *sql.Tx
	err error
}

func (c *memoCarrier) exec(query string, args ...any) {
	if c.err == nil {
		_, c.err = c.tx.ExecContext(c.ctx, query, args...)
	}
}

func (c *memoCarrier) firstPass(value []byte) error {
	at, err := time.Parse(time.RFC3339Nano, string(value))
	c.exec("UPDATE pass_state SET first_pass_at = $1", sqlutil.Time(at))
	return err
}

func (c *memoCarrier) backup(value []byte) error {
	made, err := time.Parse(time.RFC3339, string(value))
	c.exec("UPDATE clone_guard SET backup_at = $1", sqlutil.Time(made))
	return err
}

func (c *memoCarrier) marks(value []byte) error {
	var marks struct{ Last, Next string }
	err := json.Unmarshal(value, &marks)
	c.exec("UPDATE clone_guard SET last_mark = $1, next_mark = $2", marks.Last, marks.Next)
	return err
}

// connectionLimit skips a limit that cannot be read: the server asks again.
func (c *memoCarrier) connectionLimit(value []byte) error {
	var connections int
	var server string
	if n, _ := fmt.Sscan(string(value), &connections, &server); n == 2 {
		c.exec("UPDATE smtp_state SET limited_server = $1, limited_connections = $2", server, connections)
	}
	return nil
}

// memoProblem is a problem in any of its encodings, which differ in case alone.
type memoProblem struct {
	Path    string
	Line    int
	Message string
	Invalid bool
	Shared  bool
}

func (c *memoCarrier) problems(source string, problems []memoProblem) {
	for i, p := range problems {
		c.exec("INSERT INTO problem (source, position, path, line, message, invalid, shared) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			source, i, p.Path, p.Line, p.Message, p.Invalid, p.Shared)
	}
}

// unchangedNote skips a note that cannot be read: the next pass reads the posts.
func (c *memoCarrier) unchangedNote(value []byte) error {
	var note struct {
		Version        int
		Scan, Settings string
		Since, Until   time.Time
		Mail           bool
		Problems       []memoProblem
	}
	if json.Unmarshal(value, &note) != nil {
		return nil
	}
	c.exec("INSERT INTO unchanged_note (id, version, scan, settings, since_at, until_at, mail) VALUES (1, $1, $2, $3, $4, $5, $6)",
		note.Version, note.Scan, note.Settings, sqlutil.Time(note.Since), sqlutil.Time(note.Until), note.Mail)
	c.problems("posts", note.Problems)
	return nil
}

func (c *memoCarrier) feeds(value []byte) error {
	var feeds struct {
		Settings string
		Feeds    int
		Files    []struct {
			Path, SHA256, Inputs string
			Items                []byte
			Size                 int64
			ModTime              time.Time
		}
		Follows map[string]struct {
			Links, Files []string
			State        string
		}
		LeftOut []memoProblem
	}
	if err := json.Unmarshal(value, &feeds); err != nil {
		return err
	}
	c.exec("INSERT INTO feed_state (id, settings, feeds) VALUES (1, $1, $2)", feeds.Settings, feeds.Feeds)
	for _, f := range feeds.Files {
		c.exec("INSERT INTO feed_file (path, sha256, inputs, items, size, modified_ns) VALUES ($1, $2, $3, $4, $5, $6)",
			f.Path, f.SHA256, f.Inputs, f.Items, f.Size, sqlutil.FileTime(f.ModTime))
	}
	for path, d := range feeds.Follows {
		c.exec("INSERT INTO post_dependency (path, links, files, state) VALUES ($1, $2, $3, $4)",
			path, sqlutil.Strings(d.Links), sqlutil.Strings(d.Files), d.State)
	}
	c.problems("feeds", feeds.LeftOut)
	return nil
}

func (c *memoCarrier) feedNames(value []byte) error {
	var names struct {
		IDs  map[string]string            `json:"ids"`
		Tags map[string]map[string]string `json:"tags"`
	}
	err := json.Unmarshal(value, &names)
	for folder, id := range names.IDs {
		c.exec("INSERT INTO feed_id (folder, id) VALUES ($1, $2)", folder, id)
	}
	for collection, tags := range names.Tags {
		for tag, folder := range tags {
			c.exec("INSERT INTO tag_folder (collection, tag, folder) VALUES ($1, $2, $3)", collection, tag, folder)
		}
	}
	return err
}

func (c *memoCarrier) hubs(value []byte) error {
	var hubs map[string]struct {
		Told  map[string]string
		Fails int
		Next  time.Time
	}
	err := json.Unmarshal(value, &hubs)
	for url, h := range hubs {
		c.exec("INSERT INTO hub (url, failures, next_at) VALUES ($1, $2, $3)", url, h.Fails, sqlutil.Time(h.Next))
		for path, hash := range h.Told {
			c.exec("INSERT INTO hub_feed (hub, path, hash) VALUES ($1, $2, $3)", url, path, hash)
		}
	}
	return err
}

// subscriberFile skips what cannot be read: the next pass reads the file.
func (c *memoCarrier) subscriberFile(value []byte) error {
	var file struct {
		Hash     string
		Missing  int
		Faulty   bool
		Warnings []memoProblem
	}
	if json.Unmarshal(value, &file) != nil {
		return nil
	}
	c.exec("INSERT INTO subscriber_file (id, hash, missing, faulty) VALUES (1, $1, $2, $3)", file.Hash, file.Missing, file.Faulty)
	c.problems("subscribers", file.Warnings)
	return nil
}
