package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

// sent creates a ledger that mail was sent from, with that many subscribers and editions.
func sent(t *testing.T, path string, subscribers, editions int) {
	t.Helper()
	l := openAt(t, "sqlite:"+path)
	addMany(t, l, subscribers) // with an edition
	for range editions - 1 {
		closeEdition(t, l, "weekly", 1, 1)
	}
	must(t, l.AdvanceCloneMark(ctx))
	must(t, l.Close())
}

// nextNumbers adopts the ledger, and returns the next numbers that it uses.
func nextNumbers(t *testing.T, path string) (edition, subscriberID int64) {
	t.Helper()
	l := openAt(t, "sqlite:"+path)
	if err := l.CheckCloneMark(ctx); !errors.As(err, new(*ledger.CloneError)) {
		t.Fatalf("before it is adopted: %v", err)
	}
	must(t, l.Adopt(ctx))
	must(t, l.CheckCloneMark(ctx))
	next, err := l.NextEdition(ctx)
	must(t, err)
	edition = closeEdition(t, l, "weekly", 1, 1)
	if edition != next || closeEdition(t, l, "weekly", 1, 1) != next+1 {
		t.Errorf("edition %d after %d was said to be next", edition, next)
	}
	add(t, l, imports.Row{Email: "somebody-new@example.com"})
	subscriberID = subscriber(t, l, "somebody-new@example.com").ID
	must(t, l.Adopt(ctx)) // it is the one already
	want1(t, next+2)(l.NextEdition(ctx))
	must(t, l.Close())
	return edition, subscriberID
}

// Numbers used by the ledger that was here before are never used again.
func TestAdoptSkipsNumbers(t *testing.T) {
	for name, tt := range map[string]struct {
		change              func(path string)
		edition, subscriber int64 // at least
		most                int64 // subscriber
	}{
		"an older copy": {func(string) {}, 51, 501, 100_000},
		"a mark of an older program": {func(path string) {
			must(t, os.WriteFile(path+".mark", []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ\n"), 0o600))
		}, 1_001, 1_000_101, 2_000_000},
		"no mark": {func(path string) { must(t, os.Remove(path+".mark")) }, 1_001, 1_000_101, 2_000_000},
		"a new ledger": {func(path string) {
			must(t, os.Remove(path))
			l := openAt(t, "sqlite:"+path)
			number(t, l, 1)
			must(t, l.Close())
		}, 51, 501, 100_000},
		"results kept beside it": {func(path string) {
			must(t, os.WriteFile(path+".late", []byte(`{"Edition":700,"Subscriber":90000,"Progress":"sent"}`+"\n"), 0o600))
		}, 701, 90_001, 200_000},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "publisher.db")
			sent(t, path, 100, 2)
			copyFile(t, path, path+".older")
			l := openAt(t, "sqlite:"+path)
			for range 48 {
				closeEdition(t, l, "weekly", 1, 1)
			}
			late := make([]imports.Row, 400)
			for i := range late {
				late[i].Email = fmt.Sprintf("late%d@example.com", i)
			}
			add(t, l, late...)
			must(t, l.AdvanceCloneMark(ctx))
			must(t, l.Close())
			must(t, os.Rename(path+".older", path))
			tt.change(path)
			edition, id := nextNumbers(t, path)
			if edition < tt.edition || id < tt.subscriber || id > tt.most {
				t.Errorf("edition %d and subscriber %d come next, want at least %d and %d", edition, id, tt.edition, tt.subscriber)
			}
		})
	}
}

// Only a ledger that never sent, without a mark beside it, is a new one.
func TestCloneGuard(t *testing.T) {
	for name, tt := range map[string]struct {
		make func(path string)
		open bool
	}{
		"the first ever": {func(string) {}, true},
		"sent from here": {func(path string) { sent(t, path, 1, 1) }, true},
		"the first mark was being made": {func(path string) {
			must(t, openAt(t, "sqlite:"+path).Close())
			db, err := sql.Open("sqlite", path)
			must(t, err)
			_, err = db.Exec("UPDATE clone_guard SET next_mark = 'ABC-1-1'")
			must(t, errors.Join(err, db.Close()))
		}, true},
		"without its mark": {func(path string) {
			sent(t, path, 1, 1)
			must(t, os.Remove(path+".mark"))
		}, false},
		"new beside a mark": {func(path string) {
			sent(t, path, 1, 1)
			must(t, os.Remove(path))
		}, false},
		"never sent beside a mark": {func(path string) {
			l := openAt(t, "sqlite:"+path)
			addMany(t, l, 1)
			must(t, l.Close())
			copyFile(t, path, path+".older")
			l = openAt(t, "sqlite:"+path)
			must(t, l.AdvanceCloneMark(ctx))
			must(t, l.Close())
			must(t, os.Rename(path+".older", path))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "publisher.db")
			tt.make(path)
			l := openAt(t, "sqlite:"+path)
			err := l.CheckCloneMark(ctx)
			if tt.open != (err == nil) || err != nil && !errors.As(err, new(*ledger.CloneError)) {
				t.Errorf("%v", err)
			}
			must(t, l.Close())
		})
	}
}
