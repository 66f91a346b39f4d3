package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"publisher/internal/ledger/spool"
)

// unrecorded spools a result that the database did not take.
func (l *Ledger) unrecorded(r *Result, err error) error {
	if l.private || !l.engine.Unavailable(err) {
		return err
	}
	if lost := l.spoolResult(r); lost != nil {
		return errors.Join(err, fmt.Errorf("the mail server's reply was lost too: %w", lost))
	}
	return fmt.Errorf("%w; the mail server's reply was saved in %s for the next run", err, l.spool.Path())
}

// RecordSpooled records the results that an earlier pass could not. Results of editions or
// subscribers that this ledger does not know (it is an older copy, or another one was
// here) can never be recorded: they are moved to a file whose name it returns; "" if there
// are none. No pass may be running.
func (l *Ledger) RecordSpooled(ctx context.Context) (recorded int, aside string, err error) {
	l.spooled.Lock()
	defer l.spooled.Unlock()
	return l.recordSpooled(ctx, l.spool, false)
}

// RecordLate records, while other processes deliver, the results that this one could not, and those of
// processes on this machine of which over says that they deliver no more. Of a delivery whose next
// attempt has begun, the result of an earlier one comes too late: it is left out.
func (l *Ledger) RecordLate(ctx context.Context, over func(owner string) (bool, error)) (recorded int, err error) {
	l.spooled.Lock()
	defer l.spooled.Unlock()
	recorded, _, err = l.recordSpooled(ctx, l.spool, true)
	if err != nil {
		return recorded, err
	}
	for owner, file := range l.spool.Others() {
		if yes, err := over(owner); err != nil {
			return recorded, l.Fail("record the results of another process", err)
		} else if !yes {
			continue
		}
		n, _, err := l.recordSpooled(ctx, file, true)
		if recorded += n; err == nil {
			err = l.Fail("remove a file of results", file.Remove())
		}
		if err != nil {
			return recorded, err
		}
	}
	return recorded, nil
}

func (l *Ledger) recordSpooled(ctx context.Context, file *spool.File, late bool) (recorded int, aside string, err error) {
	const doing = "record the results of an earlier run"
	kept, lines, err := spooledResults(file)
	if err != nil || len(kept) == 0 {
		return 0, "", l.Fail(doing, err)
	}
	var unknown []Result
	for i := range kept {
		kept[i].Late = late
		var gone bool
		known, err := l.knows(ctx, &kept[i])
		if err == nil && known {
			if gone, err = l.pruned(ctx, &kept[i]); gone {
				continue
			}
		}
		if err == nil && known {
			_, err = l.engine.Record(ctx, &kept[i], nil)
		}
		switch {
		case err == nil && known:
			recorded++
		case err == nil:
			unknown = append(unknown, kept[i])
		case !errors.Is(err, errNotOpen): // it was recorded after all, or comes too late
			return recorded, "", l.Fail(doing, err)
		}
	}
	if l.private {
		return recorded, "", nil
	}
	if len(unknown) > 0 {
		if aside, err = l.setAside(unknown); err != nil {
			return recorded, "", l.Fail("set aside unknown results", err)
		}
	}
	return recorded, aside, l.Fail(doing, file.Drop(lines))
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
			OR EXISTS (SELECT 1 FROM delivery_count c WHERE c.edition = $1)
			OR CAST($3 AS BIGINT) > 0 AND EXISTS (SELECT 1 FROM edition e WHERE e.number = $1) AND EXISTS (SELECT 1 FROM subscriber s WHERE s.id = $2)`,
		r.Edition, r.Subscriber, r.Through).Scan(&known)
	return known, err
}

// pruned reports whether the row of a result's delivery may be gone: then the delivery ended long
// ago, and the result is of an attempt before that.
func (l *Ledger) pruned(ctx context.Context, r *Result) (pruned bool, err error) {
	err = l.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM delivery_count c WHERE c.edition = $1)
			AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.edition = $1 AND d.subscriber = $2)`, r.Edition, r.Subscriber).Scan(&pruned)
	return pruned, err
}

func (l *Ledger) spoolResult(r *Result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return l.spool.Append(line)
}

// spooledResults returns the results in a spool, without one that was cut short, and the number of
// its lines.
func spooledResults(file *spool.File) (kept []Result, n int, err error) {
	lines, err := file.Lines()
	for _, line := range lines {
		var r Result
		if json.Unmarshal(line, &r) == nil {
			r.Reply = strings.TrimSpace(r.Reply) // it may have been blanked
			kept = append(kept, r)
		}
	}
	return kept, len(lines), err
}

func (l *Ledger) setAside(results []Result) (path string, err error) {
	lines := make([][]byte, len(results))
	for i := range results {
		if lines[i], err = json.Marshal(&results[i]); err != nil {
			return "", err
		}
	}
	return l.spool.SetAside(lines)
}

// SetAsideFiles returns the names of the files that RecordSpooled moved results to.
func (l *Ledger) SetAsideFiles() []string { return l.spool.Aside() }

// ForgetSpooled blanks the replies of the spool about a subscriber, 0 for none, or with one of
// the texts, which are in lower case.
func (l *Ledger) ForgetSpooled(subscriber int64, texts []string) error {
	return l.spool.Blank(func(line []byte) bool { return isAbout(line, subscriber, texts) })
}

// isAbout reports whether a line of the file is about a subscriber, or has one of the texts.
func isAbout(line []byte, subscriber int64, texts []string) bool {
	var r Result
	if json.Unmarshal(line, &r) == nil && subscriber != 0 && r.Subscriber == subscriber {
		return true
	}
	lower := bytes.ToLower(line)
	return slices.ContainsFunc(texts, func(text string) bool { return bytes.Contains(lower, []byte(text)) })
}
