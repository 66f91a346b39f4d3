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
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// lateRoom is enough for the results of well over a hundred connections.
const lateRoom = 64 << 10

// late keeps the results that the database would not take, because the disk is full
// or another program has locked it, in a file beside it. Its room is taken before
// anything is sent, so that what a server has answered is known to the next pass
// and nothing goes out twice. The file has a line of JSON for each, then empty lines.
type late struct {
	path string

	mu   sync.Mutex
	file *os.File // nil until the first intent
	end  int64    // of what is kept
}

// reserve takes the room, once.
func (k *late) reserve() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file != nil {
		return nil
	}
	file, err := os.OpenFile(k.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	kept, err := io.ReadAll(file)
	if err == nil {
		k.end = int64(len(bytes.TrimRight(kept, "\n")))
		if k.end > 0 {
			k.end++ // the end of its last line
		}
		_, err = file.WriteAt(bytes.Repeat([]byte("\n"), lateRoom), k.end)
	}
	if err = errors.Join(err, file.Sync()); err != nil {
		return errors.Join(err, file.Close())
	}
	k.file = file
	return nil
}

func (k *late) keep(r *Result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file == nil {
		return errors.New("no room was taken for it")
	}
	if _, err := k.file.WriteAt(append(line, '\n'), k.end); err != nil {
		return err
	}
	k.end += int64(len(line)) + 1
	return k.file.Sync()
}

// results are what is kept. A line that was cut short is none.
func (k *late) results() ([]Result, error) {
	text, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var kept []Result
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		var r Result
		if len(line) > 0 && json.Unmarshal(line, &r) == nil {
			kept = append(kept, r)
		}
	}
	return kept, err
}

// clear forgets what is kept; the room stays taken.
func (k *late) clear() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file == nil {
		return os.Remove(k.path)
	}
	_, err := k.file.WriteAt(bytes.Repeat([]byte("\n"), int(k.end)), 0)
	k.end = 0
	return errors.Join(err, k.file.Sync())
}

// close gives the room back where nothing is kept.
func (k *late) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file == nil {
		return nil
	}
	err := k.file.Close()
	if k.end == 0 {
		err = errors.Join(err, os.Remove(k.path))
	}
	k.file = nil
	return err
}

// unrecorded keeps a result that the database would not take.
func (l *Ledger) unrecorded(r *Result, err error) error {
	var refused *sqlite.Error
	if !errors.As(err, &refused) && !errors.Is(err, errUnsynced) || l.temp != "" {
		return err
	}
	if lost := l.late.keep(r); lost != nil {
		return errors.Join(err, fmt.Errorf("what the mail server answered is lost too: %w", lost))
	}
	return fmt.Errorf("%w; what the mail server answered is kept in %s for the next run", err, l.late.path)
}

// RecordSpooled records the results that an earlier pass could not. Those that name what
// this ledger does not know (it is an older copy, or another one lay here) can never be
// recorded: they are set aside in a file that is named; "" for none. No pass may be
// under way.
func (l *Ledger) RecordSpooled(ctx context.Context) (recorded int, aside string, err error) {
	const doing = "record what an earlier run could not"
	kept, err := l.late.results()
	if err != nil || len(kept) == 0 {
		return 0, "", l.fail(doing, err)
	}
	var unknown []Result
	for i := range kept {
		known, err := l.knows(ctx, &kept[i])
		if err == nil && known {
			_, err = l.recorder.record(ctx, &kept[i], nil)
		}
		switch {
		case err == nil && known:
			recorded++
		case err == nil:
			unknown = append(unknown, kept[i])
		case !errors.Is(err, errNotOpen): // it was recorded after all
			return recorded, "", l.fail(doing, err)
		}
	}
	if l.temp != "" {
		return recorded, "", nil
	}
	if len(unknown) > 0 {
		if aside, err = l.late.setAside(unknown); err != nil {
			return recorded, "", l.fail("set aside what it does not know", err)
		}
	}
	return recorded, aside, l.fail(doing, l.late.clear())
}

// knows reports whether a result is of a delivery that the ledger has, or of one that
// ended before it began, of an edition and to a subscriber that the ledger has.
func (l *Ledger) knows(ctx context.Context, r *Result) (known bool, err error) {
	db, err := l.settled(ctx)
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
func (k *late) setAside(results []Result) (path string, err error) {
	var text bytes.Buffer
	for i := range results {
		line, err := json.Marshal(&results[i])
		if err != nil {
			return "", err
		}
		text.Write(append(line, '\n'))
	}
	file, err := createNumbered(k.path)
	if err != nil {
		return "", err
	}
	_, err = file.Write(text.Bytes())
	err = errors.Join(err, file.Sync(), file.Close())
	return file.Name(), errors.Join(err, syncFolder(filepath.Dir(k.path)))
}

// createNumbered makes the first file of path.1, path.2 … that is not there.
func createNumbered(path string) (*os.File, error) {
	for n := 1; ; n++ {
		file, err := os.OpenFile(fmt.Sprintf("%s.%d", path, n), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// SetAsideFiles names the files of results that RecordSpooled set aside.
func (l *Ledger) SetAsideFiles() []string {
	entries, err := os.ReadDir(filepath.Dir(l.path))
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		if n, found := strings.CutPrefix(entry.Name(), filepath.Base(l.path)+".late."); found && n != "" && strings.Trim(n, "0123456789") == "" {
			names = append(names, filepath.Join(filepath.Dir(l.path), entry.Name()))
		}
	}
	return names
}
