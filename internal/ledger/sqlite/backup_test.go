package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/sqlite"
)

// A backup made while another process records is consistent, is one file that only its
// owner can read, and sends no mail wherever it is put.
func TestBackup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	dsn := "sqlite:" + path
	l := openAt(t, dsn)
	edition := addMany(t, l, 5_000)
	must(t, l.AdvanceCloneMark(ctx))
	must(t, l.Close())
	c := startChild(t, "record for ever", dsn)
	c.Line(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "backup.db")
	for range 2 { // the second takes the first one's place
		must(t, sqlite.Backup(ctx, dsn, file, noon))
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	want1(t, []string{"backup.db"})(names(t, folder), nil)

	// Put in the ledger's place by hand, somewhere else.
	l = openAt(t, "sqlite:"+file)
	e, err := l.Edition(ctx, edition)
	must(t, err)
	moved := 0
	for s, err := range l.Subscribers(ctx) {
		must(t, err)
		if s.Cursor == 1 {
			moved++
		}
	}
	if e.Sent == 0 || moved != e.Sent {
		t.Errorf("%d sent, and %d cursors moved", e.Sent, moved)
	}
	var clone *ledger.CloneError
	for what, err := range map[string]error{"Original": l.CheckCloneMark(ctx), "Advance": l.AdvanceCloneMark(ctx)} {
		if !errors.As(err, &clone) || !strings.Contains(err.Error(), "2026-11-22T12:00:00Z") {
			t.Errorf("%s: %v", what, err)
		}
	}
	must(t, l.Adopt(ctx))
	must(t, errors.Join(l.CheckCloneMark(ctx), l.AdvanceCloneMark(ctx)))
}

// Results that the ledger could not take yet are in a backup, and stay beside the ledger.
func TestBackupHasSpooledResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, "sqlite:"+path)
	addMany(t, l, 2)
	_, err := l.Record(ctx, nil, &ledger.Intent{Edition: 1, Subscriber: 1, Through: 1, At: noon})
	must(t, err)
	must(t, l.Close())
	late := `{"Edition":1,"Subscriber":1,"Progress":"sent","Code":250,"At":"2026-11-22T12:00:00Z"}` + "\n"
	must(t, os.WriteFile(path+".late", []byte(late), 0o600))
	file := filepath.Join(t.TempDir(), "backup.db")
	must(t, sqlite.Backup(ctx, "sqlite:"+path, file, noon))
	e, err := openAt(t, "sqlite:"+file).Edition(ctx, 1)
	must(t, err)
	if e.Sent != 1 {
		t.Errorf("%d sent", e.Sent)
	}
	if left, err := os.ReadFile(path + ".late"); err != nil || string(left) != late {
		t.Errorf("%q, %v", left, err)
	}
}

func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "publisher.db")
	dsn := "sqlite:" + path
	file := filepath.Join(dir, "file")
	if err := sqlite.Backup(ctx, dsn, file, noon); err == nil || exists(path) || exists(file) {
		t.Errorf("of nothing: %v", err)
	}
	must(t, openAt(t, dsn).Close())
	other := filepath.Join(dir, "other.db")
	must(t, openAt(t, "sqlite:"+other).Close())
	otherBackup := filepath.Join(dir, "other-backup.db")
	must(t, sqlite.Backup(ctx, "sqlite:"+other, otherBackup, noon))
	write("text")(file)
	for name, file := range map[string]string{
		"another file":              file,
		"the ledger itself":         path,
		"another ledger":            other,
		"another ledger's backup":   otherBackup,
		"a folder":                  dir,
		"in a folder that is not":   filepath.Join(dir, "no", "backup.db"),
		"the lock beside the other": path + ".lock/x",
	} {
		before := contents(t, dir)
		if err := sqlite.Backup(ctx, dsn, file, noon); err == nil {
			t.Errorf("%s: no error", name)
		}
		want1(t, before)(contents(t, dir), nil)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestRestore(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "publisher.db")
	dsn, file := "sqlite:"+path, filepath.Join(t.TempDir(), "backup.db")
	l := openAt(t, dsn)
	addMany(t, l, 100)
	must(t, l.AdvanceCloneMark(ctx))
	must(t, l.Close())
	must(t, sqlite.Backup(ctx, dsn, file, noon))

	before := contents(t, dir)
	if _, err := sqlite.Restore(ctx, dsn, file, noon); err == nil || !strings.Contains(err.Error(), "mv "+path+" ") {
		t.Errorf("over a ledger: %v", err)
	}
	before["publisher.db.lock"] = ""
	want1(t, before)(contents(t, dir), nil)

	must(t, os.Remove(path))
	must(t, os.WriteFile(path+"-wal", []byte("a log"), 0o600))
	must(t, os.WriteFile(path+"-shm", []byte("locks"), 0o600))
	must(t, os.WriteFile(path+".late", []byte("{\"Edition\":1}\n\n\n"), 0o600))
	lock, err := sqlite.TakeLock(ctx, "sqlite:"+path, "publisher run", noon)
	must(t, err)
	if _, err := sqlite.Restore(ctx, dsn, file, noon); !errors.As(err, new(*ledger.LockedError)) {
		t.Errorf("while a pass runs: %v", err)
	}
	must(t, lock.Release())
	want1(t, []string{path + "-wal.1", path + ".late.1"})(sqlite.Restore(ctx, dsn, file, noon))
	want1(t, []string{"publisher.db", "publisher.db-wal.1", "publisher.db.late.1", "publisher.db.lock", "publisher.db.mark"})(names(t, dir), nil)

	l = openAt(t, dsn)
	want1(t, 100)(l.CountSubscribers(ctx, ledger.Active))
	want1(t, []string{path + ".late.1"})(l.SetAsideFiles(), nil)
	if err := l.CheckCloneMark(ctx); !errors.As(err, new(*ledger.CloneError)) {
		t.Errorf("%v", err)
	}
	must(t, l.Adopt(ctx))
	must(t, l.CheckCloneMark(ctx))
}

// A raw copy of the files of a ledger whose process died is a backup too, of the time when
// it was copied.
func TestRestoreARawCopy(t *testing.T) {
	from := died(t, func(string) {})
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	must(t, os.Chtimes(from, at, at))
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	want1(t, []string(nil))(sqlite.Restore(ctx, dsn, from, noon))
	l := openAt(t, dsn)
	e, err := l.Edition(ctx, 1)
	must(t, err)
	if e.Sent < 49 {
		t.Errorf("%d sent", e.Sent)
	}
	if err := l.CheckCloneMark(ctx); err == nil || !strings.Contains(err.Error(), "2026-01-02T03:04:05Z") {
		t.Errorf("%v", err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, make := range map[string]func(path string){
		"nothing":           func(string) {},
		"a text":            write(strings.Repeat("plain text ", 100)),
		"an empty file":     write(""),
		"another program's": exec1("CREATE TABLE bookmarks (url TEXT)"),
		"a newer schema": func(path string) {
			openAt(t, "sqlite:"+path).Close()
			exec1("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, TRUE)")(path)
		},
		"a damaged one": func(path string) {
			l := openAt(t, "sqlite:"+path)
			addMany(t, l, 1_000)
			l.Close()
			file, _ := os.OpenFile(path, os.O_RDWR, 0)
			file.WriteAt([]byte(strings.Repeat("\xff", 8192)), 32768)
			file.Close()
		},
		"one with another's log": func(path string) {
			from := died(t, func(string) {})
			openAt(t, "sqlite:"+path).Close()
			data, _ := os.ReadFile(from + "-wal")
			os.WriteFile(path+"-wal", data, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			make(file)
			to := t.TempDir()
			if _, err := sqlite.Restore(ctx, "sqlite:"+filepath.Join(to, "publisher.db"), file, noon); err == nil || !strings.Contains(err.Error(), file) {
				t.Errorf("%v", err)
			}
			want1(t, []string{"publisher.db.lock"})(names(t, to), nil)
		})
	}
}
