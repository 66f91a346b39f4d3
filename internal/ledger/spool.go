package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"publisher/internal/durable"
)

// spoolSize is enough for the results of well over a hundred connections.
const spoolSize = 64 << 10

// spool is a file for results that the database cannot take because the disk is full or
// another program has locked it. Its space is reserved before anything is sent, so that
// the next pass knows every answer of a server and nothing is sent twice. The file has a
// line of JSON for each result, followed by empty lines.
type spool struct {
	path string

	mu   sync.Mutex
	file *os.File // nil until the first intent
	end  int64    // of what is kept
}

// reserve allocates the space, once.
func (s *spool) reserve() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		return nil
	}
	file, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	kept, err := io.ReadAll(file)
	if err == nil {
		s.end = int64(len(bytes.TrimRight(kept, "\n")))
		if s.end > 0 {
			s.end++ // the end of its last line
		}
		_, err = file.WriteAt(bytes.Repeat([]byte("\n"), spoolSize), s.end)
	}
	if err = errors.Join(err, file.Sync()); err != nil {
		return errors.Join(err, file.Close())
	}
	s.file = file
	return nil
}

func (s *spool) append(r *Result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return errors.New("no space was reserved")
	}
	if _, err := s.file.WriteAt(append(line, '\n'), s.end); err != nil {
		return err
	}
	s.end += int64(len(line)) + 1
	return s.file.Sync()
}

// results returns the results in the file, without lines that were cut short.
func (s *spool) results() ([]Result, error) {
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var kept []Result
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		var r Result
		if len(line) > 0 && json.Unmarshal(line, &r) == nil {
			r.Reply = strings.TrimSpace(r.Reply) // see blankReply
			kept = append(kept, r)
		}
	}
	return kept, err
}

// forget removes what is there about somebody who is being erased, a subscriber or 0 and the
// spellings of the address in lower case, also from the files that were set aside. Other
// processes may have the files open, so nothing in them moves.
func (s *spool) forget(subscriber int64, texts []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range append(setAsideFiles(s.path), s.path) {
		if err := forgetIn(path, subscriber, texts); err != nil {
			return err
		}
	}
	return nil
}

func forgetIn(path string, subscriber int64, texts []string) (err error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	changed, at := false, int64(0)
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if isAbout(line, subscriber, texts) {
			if _, err := file.WriteAt(blankReply(line), at); err != nil {
				return err
			}
			changed = true
		}
		at += int64(len(line)) + 1
	}
	if !changed {
		return nil
	}
	return file.Sync()
}

// isAbout reports whether a line of the file is about a subscriber, or has one of the texts.
func isAbout(line []byte, subscriber int64, texts []string) bool {
	var r Result
	if len(line) == 0 {
		return false
	}
	if json.Unmarshal(line, &r) == nil && subscriber != 0 && r.Subscriber == subscriber {
		return true
	}
	lower := bytes.ToLower(line)
	return slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(lower, []byte(text)) })
}

// blankReply returns a line with a reply of nothing but spaces, and of the same length. All of
// a line that is not whole becomes spaces.
func blankReply(line []byte) []byte {
	blank := bytes.Clone(line)
	start := 0
	if json.Valid(line) {
		const name = `"Reply":"`
		if start = bytes.Index(line, []byte(name)) + len(name); start < len(name) {
			return blank
		}
	}
	for i := start; i < len(blank) && (start == 0 || line[i] != '"'); i++ {
		if start > 0 && line[i] == '\\' { // an escape, maybe of a quote
			blank[i], blank[i+1] = ' ', ' '
			i++
			continue
		}
		blank[i] = ' '
	}
	return blank
}

// clear removes the results; the space stays reserved.
func (s *spool) clear() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return os.Remove(s.path)
	}
	_, err := s.file.WriteAt(bytes.Repeat([]byte("\n"), int(s.end)), 0)
	s.end = 0
	return errors.Join(err, s.file.Sync())
}

// close removes the file if it has no results.
func (s *spool) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.end == 0 {
		err = errors.Join(err, os.Remove(s.path))
	}
	s.file = nil
	return err
}

// unrecorded spools a result that the database did not take.
func (l *Ledger) unrecorded(r *Result, err error) error {
	if l.private || !l.engine.Unavailable(err) {
		return err
	}
	if lost := l.spool.append(r); lost != nil {
		return errors.Join(err, fmt.Errorf("the mail server's reply was lost too: %w", lost))
	}
	return fmt.Errorf("%w; the mail server's reply was saved in %s for the next run", err, l.spool.path)
}

// RecordSpooled records the results that an earlier pass could not. Results of editions or
// subscribers that this ledger does not know (it is an older copy, or another one was
// here) can never be recorded: they are moved to a file whose name it returns; "" if there
// are none. No pass may be running.
func (l *Ledger) RecordSpooled(ctx context.Context) (recorded int, aside string, err error) {
	const doing = "record the results of an earlier run"
	kept, err := l.spool.results()
	if err != nil || len(kept) == 0 {
		return 0, "", l.Fail(doing, err)
	}
	var unknown []Result
	for i := range kept {
		known, err := l.knows(ctx, &kept[i])
		if err == nil && known {
			_, err = l.engine.Record(ctx, &kept[i], nil)
		}
		switch {
		case err == nil && known:
			recorded++
		case err == nil:
			unknown = append(unknown, kept[i])
		case !errors.Is(err, errNotOpen): // it was recorded after all
			return recorded, "", l.Fail(doing, err)
		}
	}
	if l.private {
		return recorded, "", nil
	}
	if len(unknown) > 0 {
		if aside, err = l.spool.setAside(unknown); err != nil {
			return recorded, "", l.Fail("set aside unknown results", err)
		}
	}
	return recorded, aside, l.Fail(doing, l.spool.clear())
}

// knows reports whether the ledger has the delivery of a result, or at least its edition
// and subscriber if the attempt ended before it began.
func (l *Ledger) knows(ctx context.Context, r *Result) (known bool, err error) {
	db, err := l.Settled(ctx)
	if err != nil {
		return false, err
	}
	err = db.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM delivery d WHERE d.edition = $1 AND d.subscriber = $2)
			OR $3 > 0 AND EXISTS (SELECT 1 FROM edition e WHERE e.number = $1) AND EXISTS (SELECT 1 FROM subscriber s WHERE s.id = $2)`,
		r.Edition, r.Subscriber, r.Through).Scan(&known)
	return known, err
}

// setAside writes results to a file of their own.
func (s *spool) setAside(results []Result) (path string, err error) {
	var text bytes.Buffer
	for i := range results {
		line, err := json.Marshal(&results[i])
		if err != nil {
			return "", err
		}
		text.Write(append(line, '\n'))
	}
	file, err := durable.CreateNumbered(s.path)
	if err != nil {
		return "", err
	}
	_, err = file.Write(text.Bytes())
	err = errors.Join(err, file.Sync(), file.Close())
	return file.Name(), errors.Join(err, durable.SyncFolder(filepath.Dir(s.path)))
}

// SetAsideFiles returns the names of the files that RecordSpooled moved results to.
func (l *Ledger) SetAsideFiles() []string { return setAsideFiles(l.spool.path) }

func setAsideFiles(path string) []string {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if n, found := strings.CutPrefix(entry.Name(), base+"."); found && n != "" && strings.Trim(n, "0123456789") == "" {
			names = append(names, filepath.Join(dir, entry.Name()))
		}
	}
	return names
}
