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
	if _, err := tx.ExecContext(ctx, string(script)); err != nil {
		return err
	}
	for name, carry := range map[string]func(context.Context, *sql.Tx, []byte) error{
		"first pass":       carryFirstPass,
		"backup":           carryBackup,
		"clone guard":      carryMarks,
		"slowed":           carryConnectionLimit,
		"quiet":            carryUnchangedNote,
		"feeds":            carryFeeds,
		"feed memory":      carryFeedNames,
		"hubs":             carryHubs,
		"subscribers.file": carrySubscriberFile,
	} {
		var value []byte
		err := tx.QueryRowContext(ctx, "SELECT value FROM memo WHERE name = $1", name).Scan(&value)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			err = carry(ctx, tx, value)
		}
		if err != nil {
			return fmt.Errorf("migrate what an earlier version stored under %q: %w", name, err)
		}
	}
	_, err = tx.ExecContext(ctx, "DROP TABLE memo")
	return err
}

func carryFirstPass(ctx context.Context, tx *sql.Tx, value []byte) error {
	at, err := time.Parse(time.RFC3339Nano, string(value))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE pass_state SET first_pass_at = $1", sqlutil.Time(at))
	return err
}

func carryBackup(ctx context.Context, tx *sql.Tx, value []byte) error {
	made, err := time.Parse(time.RFC3339, string(value))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE clone_guard SET backup_at = $1", sqlutil.Time(made))
	return err
}

func carryMarks(ctx context.Context, tx *sql.Tx, value []byte) error {
	var marks struct{ Last, Next string }
	if err := json.Unmarshal(value, &marks); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE clone_guard SET last_mark = $1, next_mark = $2", marks.Last, marks.Next)
	return err
}

// carryConnectionLimit leaves out a limit that cannot be read: the server asks again.
func carryConnectionLimit(ctx context.Context, tx *sql.Tx, value []byte) error {
	var connections int
	var server string
	if n, _ := fmt.Sscan(string(value), &connections, &server); n < 2 {
		return nil
	}
	_, err := tx.ExecContext(ctx, "UPDATE smtp_state SET limited_server = $1, limited_connections = $2", server, connections)
	return err
}

// memoProblem is a problem in any of its encodings, which differ in case alone.
type memoProblem struct {
	Path    string
	Line    int
	Message string
	Invalid bool
	Shared  bool
}

func carryProblems(ctx context.Context, tx *sql.Tx, source string, problems []memoProblem) error {
	for i, p := range problems {
		_, err := tx.ExecContext(ctx, `INSERT INTO problem (source, position, path, line, message, invalid, shared)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, source, i, p.Path, p.Line, p.Message, p.Invalid, p.Shared)
		if err != nil {
			return err
		}
	}
	return nil
}

// carryUnchangedNote leaves out a note that cannot be read: the next pass reads the posts.
func carryUnchangedNote(ctx context.Context, tx *sql.Tx, value []byte) error {
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
	_, err := tx.ExecContext(ctx, `INSERT INTO unchanged_note (id, version, scan, settings, since_at, until_at, mail)
		VALUES (1, $1, $2, $3, $4, $5, $6)`, note.Version, note.Scan, note.Settings, sqlutil.Time(note.Since), sqlutil.Time(note.Until), note.Mail)
	if err != nil {
		return err
	}
	return carryProblems(ctx, tx, "posts", note.Problems)
}

func carryFeeds(ctx context.Context, tx *sql.Tx, value []byte) error {
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
	_, err := tx.ExecContext(ctx, "INSERT INTO feed_state (id, settings, feeds) VALUES (1, $1, $2)", feeds.Settings, feeds.Feeds)
	if err != nil {
		return err
	}
	for _, f := range feeds.Files {
		_, err := tx.ExecContext(ctx, "INSERT INTO feed_file (path, sha256, inputs, items, size, modified_ns) VALUES ($1, $2, $3, $4, $5, $6)",
			f.Path, f.SHA256, f.Inputs, f.Items, f.Size, sqlutil.FileTime(f.ModTime))
		if err != nil {
			return err
		}
	}
	for path, d := range feeds.Follows {
		_, err := tx.ExecContext(ctx, "INSERT INTO post_dependency (path, links, files, state) VALUES ($1, $2, $3, $4)",
			path, sqlutil.Strings(d.Links), sqlutil.Strings(d.Files), d.State)
		if err != nil {
			return err
		}
	}
	return carryProblems(ctx, tx, "feeds", feeds.LeftOut)
}

func carryFeedNames(ctx context.Context, tx *sql.Tx, value []byte) error {
	var names struct {
		IDs  map[string]string            `json:"ids"`
		Tags map[string]map[string]string `json:"tags"`
	}
	if err := json.Unmarshal(value, &names); err != nil {
		return err
	}
	for folder, id := range names.IDs {
		if _, err := tx.ExecContext(ctx, "INSERT INTO feed_id (folder, id) VALUES ($1, $2)", folder, id); err != nil {
			return err
		}
	}
	for collection, tags := range names.Tags {
		for tag, folder := range tags {
			_, err := tx.ExecContext(ctx, "INSERT INTO tag_folder (collection, tag, folder) VALUES ($1, $2, $3)", collection, tag, folder)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func carryHubs(ctx context.Context, tx *sql.Tx, value []byte) error {
	var hubs map[string]struct {
		Told  map[string]string
		Fails int
		Next  time.Time
	}
	if err := json.Unmarshal(value, &hubs); err != nil {
		return err
	}
	for url, h := range hubs {
		_, err := tx.ExecContext(ctx, "INSERT INTO hub (url, failures, next_at) VALUES ($1, $2, $3)", url, h.Fails, sqlutil.Time(h.Next))
		if err != nil {
			return err
		}
		for path, hash := range h.Told {
			if _, err := tx.ExecContext(ctx, "INSERT INTO hub_feed (hub, path, hash) VALUES ($1, $2, $3)", url, path, hash); err != nil {
				return err
			}
		}
	}
	return nil
}

// carrySubscriberFile leaves out what cannot be read: the next pass reads the file.
func carrySubscriberFile(ctx context.Context, tx *sql.Tx, value []byte) error {
	var file struct {
		Hash     string
		Missing  int
		Faulty   bool
		Warnings []memoProblem
	}
	if json.Unmarshal(value, &file) != nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO subscriber_file (id, hash, missing, faulty) VALUES (1, $1, $2, $3)",
		file.Hash, file.Missing, file.Faulty)
	if err != nil {
		return err
	}
	return carryProblems(ctx, tx, "subscribers", file.Warnings)
}
