package ledger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// CloneError says that the ledger is not the one that was last sent from.
type CloneError struct {
	Path string // the file beside the ledger
	What string
}

func (e *CloneError) Error() string {
	return fmt.Sprintf("nothing is sent: %s (%s). If an older copy was restored or a copy runs elsewhere, mail could go out twice; "+
		"when this ledger is the one to go on with, say `publisher adopt`", e.What, e.Path)
}

// memoGuard holds the mark that was last written beside the ledger, and the one
// before: a crash may come between the two files.
const memoGuard = "clone guard"

type marks struct{ Last, Next string }

// Advance makes sure that the mark beside the ledger is the one in it, and replaces
// both. It is called before mail goes out and after, so that a copy made earlier no
// longer fits. Where they disagree it fails with a *CloneError.
func (l *Ledger) Advance(ctx context.Context) error {
	m, beside, err := l.marks(ctx)
	if err != nil {
		return err
	}
	if err := l.compare(m, beside); err != nil {
		return err
	}
	return l.mark(ctx, beside)
}

// Adopt makes the mark beside the ledger agree with the one in it.
func (l *Ledger) Adopt(ctx context.Context) error { return l.mark(ctx, rand.Text()) }

// Original fails with a *CloneError where the ledger is not the one that was last
// sent from.
func (l *Ledger) Original(ctx context.Context) error {
	m, beside, err := l.marks(ctx)
	if err != nil {
		return err
	}
	return l.compare(m, beside)
}

func (l *Ledger) guardPath() string { return l.path + ".mark" }

func (l *Ledger) marks(ctx context.Context) (m marks, beside string, err error) {
	data, err := l.Memo(ctx, memoGuard)
	if err != nil {
		return m, "", err
	}
	if data != nil {
		if err := json.Unmarshal(data, &m); err != nil {
			return m, "", l.fail("read its mark", err)
		}
	}
	text, err := os.ReadFile(l.guardPath())
	if errors.Is(err, fs.ErrNotExist) {
		return m, "", nil
	}
	return m, strings.TrimSpace(string(text)), l.fail("read the mark beside it", err)
}

func (l *Ledger) compare(m marks, beside string) error {
	switch {
	case l.temp != "" || beside == m.Next || m.Next != "" && beside == m.Last:
		return nil
	case m.Next == "": // begun anew: it knows nobody that another one has mailed
		return nil
	case beside == "" && m.Last == "": // the first mark was being made
		return nil
	case beside == "":
		return &CloneError{l.guardPath(), "the ledger stands without the file that it was last sent with"}
	}
	return &CloneError{l.guardPath(), "the ledger is not as it was when it was last sent from here"}
}

// mark writes a new one, in the ledger first.
func (l *Ledger) mark(ctx context.Context, last string) error {
	if l.temp != "" {
		return nil
	}
	m := marks{Last: last, Next: rand.Text()}
	data, err := json.Marshal(m)
	if err != nil {
		return l.fail("mark it", err)
	}
	if err := l.SetMemo(ctx, memoGuard, data); err != nil {
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
