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

// RecordLate records the results that an earlier pass could not. No pass may be
// under way.
func (l *Ledger) RecordLate(ctx context.Context) (int, error) {
	const doing = "record what an earlier run could not"
	kept, err := l.late.results()
	if err != nil || len(kept) == 0 {
		return 0, l.fail(doing, err)
	}
	recorded := 0
	for i := range kept {
		_, err := l.recorder.record(ctx, &kept[i], nil)
		switch {
		case err == nil:
			recorded++
		case !errors.Is(err, errNotOpen): // it was recorded after all
			return recorded, l.fail(doing, err)
		}
	}
	if l.temp != "" {
		return recorded, nil
	}
	return recorded, l.fail(doing, l.late.clear())
}
