package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// The clone guard. Beside a ledger that mail was sent from lies a file with its mark,
// which is in the ledger too and changes all the time. Nothing is sent
//   - from a ledger that does not agree with the mark beside it: it is an older copy, or
//     one that never sent, or is new, and another one was sent from here,
//   - from a ledger that has sent and has no mark beside it: it is a copy elsewhere,
//   - from one that was a backup.
//
// Only a ledger that never sent, with no mark beside it, is taken for a new one.

// CloneError says that the ledger is not the one that was last sent from.
type CloneError struct {
	Path string // the file beside the ledger
	What string
}

func (e *CloneError) Error() string {
	return fmt.Sprintf("nothing is sent: %s (%s). If an older copy was restored or a copy runs elsewhere, mail could go out twice; "+
		"if this is the ledger to go on with, run `publisher adopt`", e.What, e.Path)
}

// marks are the one that was last written beside the ledger, and the one before: a crash
// may come between the two files.
type marks struct{ Last, Next string }

// AdvanceCloneMark makes sure that the mark beside the ledger is the one in it, and replaces
// both. It is called before mail goes out and after, so that a copy made earlier no
// longer fits. Where they disagree it fails with a *CloneError.
func (l *Ledger) AdvanceCloneMark(ctx context.Context) error {
	l.marking.Lock()
	defer l.marking.Unlock()
	m, beside, err := l.marks(ctx)
	if err != nil {
		return err
	}
	if err := l.compare(ctx, m, beside); err != nil {
		return err
	}
	if m.Next == "" {
		// The first one twice: where a ledger has no mark before the last, nothing was sent.
		if err := l.mark(ctx, ""); err != nil {
			return err
		}
		if _, beside, err = l.marks(ctx); err != nil {
			return err
		}
	}
	return l.mark(ctx, beside)
}

// Adopt makes this ledger the one to send from. Where it was not, whatever may have been
// given since it was copied is left out: no edition number and no subscriber's id is
// ever given twice, and no Message-ID or link comes to mean a second thing.
func (l *Ledger) Adopt(ctx context.Context) error {
	m, beside, err := l.marks(ctx)
	if err != nil {
		return err
	}
	var clone *CloneError
	if err := l.compare(ctx, m, beside); errors.As(err, &clone) {
		if err := l.leaveGap(ctx, beside); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return l.mark(ctx, rand.Text())
}

// CheckCloneMark fails with a *CloneError where the ledger is not the one that was last
// sent from.
func (l *Ledger) CheckCloneMark(ctx context.Context) error {
	m, beside, err := l.marks(ctx)
	if err != nil {
		return err
	}
	return l.compare(ctx, m, beside)
}

func (l *Ledger) guardPath() string { return l.path + ".mark" }

func (l *Ledger) marks(ctx context.Context) (m marks, beside string, err error) {
	err = l.read.QueryRowContext(ctx, "SELECT last_mark, next_mark FROM clone_guard").Scan(&m.Last, &m.Next)
	if err != nil {
		return m, "", l.fail("read its mark", err)
	}
	text, err := os.ReadFile(l.guardPath())
	if errors.Is(err, fs.ErrNotExist) {
		return m, "", nil
	}
	return m, strings.TrimSpace(string(text)), l.fail("read the mark beside it", err)
}

func (l *Ledger) compare(ctx context.Context, m marks, beside string) error {
	if l.temp != "" {
		return nil
	}
	made, err := l.backupTime(ctx)
	switch {
	case err != nil:
		return err
	case !made.IsZero():
		return &CloneError{l.path, "the ledger is a backup made at " + made.Format(time.RFC3339) + ", and does not know of what was sent since"}
	case beside == m.Next || m.Next != "" && beside == m.Last:
		return nil
	case beside == "" && m.Last == "": // the first mark was being made
		return nil
	case beside == "":
		return &CloneError{l.guardPath(), "the ledger stands without the file that it was last sent with"}
	case m.Next == "":
		return &CloneError{l.guardPath(), "the ledger was never sent from, and another one was sent from here"}
	}
	return &CloneError{l.guardPath(), "the ledger is not as it was when it was last sent from here"}
}

// mark writes a new one, in the ledger first.
func (l *Ledger) mark(ctx context.Context, last string) error {
	if l.temp != "" {
		return nil
	}
	given, err := highestGiven(ctx, l.read)
	if err != nil {
		return l.fail("mark it", err)
	}
	m := marks{Last: last, Next: markText(given)}
	err = l.store(ctx, "mark it", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE clone_guard SET last_mark = $1, next_mark = $2", m.Last, m.Next)
		return err
	})
	if err != nil {
		return err
	}
	return l.fail("write the mark beside it", replaceFile(l.guardPath(), m.Next+"\n"))
}

// replaceFile puts a whole file in the place of another.
func replaceFile(path, text string) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// syncFolder makes sure that names in the folder are on the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // this file system syncs no folders
	}
	return errors.Join(err, folder.Close())
}
