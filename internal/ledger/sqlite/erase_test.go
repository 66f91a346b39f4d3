package sqlite_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
)

// planted is the address that is erased, in the spellings in which it is planted.
var planted = []string{"Ann.Smith+News@Example.com", "ann.smith+news@example.com"}

// plant writes the address wherever the program could: into its own columns, and into every
// text that a person or a server may have written.
func plant(t *testing.T, path string, id int64) {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(30000)")
	must(t, err)
	defer db.Close()
	at := noon.UnixMicro()
	text := "550 5.1.1 <" + planted[0] + ">: no such user, says Ann.Smith"
	for _, query := range []string{
		"INSERT INTO edition (number, cadence, subject, after_seq, through_seq, posts, recipients) VALUES (90, 'weekly', '', 0, 0, '', 2)",
		"INSERT INTO delivery (edition, subscriber, after_seq, through_seq, progress, attempts, reply) VALUES (90, $id, 0, 0, 'sent', 1, $text), (90, 9999, 0, 0, 'failed', 1, $text)",
		"INSERT INTO bounce (subscriber, edition, hard, at, reason) VALUES ($id, 90, TRUE, $at, $text), (9999, 90, TRUE, $at, $text)",
		"INSERT INTO restoration (subscriber, restored_at, status, edition, words) VALUES ($id, $at, 'bounced', 90, $text), (9999, $at, 'bounced', 90, $text)",
		"INSERT INTO signup (request, email, email_key, name, cadence, tags, language, page, how, ip, created_at) VALUES (x'01', $given, $key, $given, '', '', '', $given, 'form', '', $at)",
		"INSERT INTO signup (request, email, email_key, name, cadence, tags, language, page, how, ip, created_at) VALUES (x'02', 'o@example.com', 'o@example.com', $given, '', '', '', 'https://example.com/?' || $key, 'form', '', $at)",
		"INSERT INTO pending (id, email, email_key, name, cadence, tags, language, page, how, ip, created_at, expires_at) VALUES (7, $given, $key, '', '', '', '', '', 'form', '', $at, $at)",
		"INSERT INTO pending (email, email_key, name, cadence, tags, language, page, how, ip, created_at, expires_at) VALUES ('o@example.com', 'o@example.com', $given, '', '', '', $given, 'form', '', $at, $at)",
		"INSERT INTO token (hash, purpose, subscriber, data, created_at) VALUES (x'03', 'manage', $id, '', $at), (x'04', 'take-back', 9999, $given, $at), (x'05', 'confirm', NULL, '7', $at)",
		"INSERT INTO notice (kind, email, email_key, subscriber, language, data, progress, created_at, reply) VALUES ('welcome', $given, $key, $id, '', '', 'sent', $at, $text), ('moved', 'o@example.com', 'o@example.com', 9999, '', '{\"to\":\"' || $given || '\"}', 'sent', $at, ''), ('moved', 'o@example.com', 'o@example.com', 9999, '', '', 'sent', $at, $text)",
		"INSERT INTO consent (subscriber, at, what, how, page, ip) VALUES ($id, $at, 'subscribe', 'link', $given, '192.0.2.1'), (9999, $at, 'subscribe', 'link', $given, '')",
		"INSERT INTO event (at, kind, subscriber, data) VALUES ($at, 'reason', $id, '{\"text\":\"I am Ann\"}'), ($at, 'reason', 9999, '{\"text\":\"' || $given || '\"}')",
		"INSERT INTO import (number, at, name, service, counts) VALUES (1, $at, $given, 'plain', $given)",
		"INSERT INTO import_change (import, subscriber, before) VALUES (1, $id, 'x'), (1, 9999, $given)",
		"INSERT INTO problem (source, position, path, line, message, invalid, shared) VALUES ('subscribers', 1, 'list.csv', 3, $text, FALSE, FALSE)",
		"INSERT INTO subscriber_file (id, hash, missing, faulty) VALUES (1, 'as it was', 0, FALSE) ON CONFLICT (id) DO UPDATE SET hash = 'as it was'",
		"UPDATE subscriber SET name = $given, file_name = $given WHERE id = $id",
		"INSERT INTO subscriber (id, email, email_key, name, status, cadence, tags, cursor_seq, from_file, file_name) VALUES (9999, 'o@example.com', 'o@example.com', $given, 'active', '', '', 0, FALSE, $given)",
	} {
		all := map[string]any{"id": id, "text": text, "at": at, "given": planted[0], "key": planted[1]}
		var args []any
		for name, value := range all {
			if strings.Contains(query, "$"+name) {
				args = append(args, sql.Named(name, value))
			}
		}
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
}

// columnsNaming returns the columns of all tables that contain a text, in any case.
func columnsNaming(t *testing.T, path, text string) (found []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	rows, err := db.Query("SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1, 2")
	must(t, err)
	var columns [][2]string
	for rows.Next() {
		var c [2]string
		must(t, rows.Scan(&c[0], &c[1]))
		columns = append(columns, c)
	}
	must(t, rows.Err())
	for _, c := range columns {
		var n int
		must(t, db.QueryRow(fmt.Sprintf(`SELECT COUNT(*) FROM %q WHERE instr(lower(CAST(%q AS TEXT)), $1)`, c[0], c[1]), strings.ToLower(text)).Scan(&n))
		if n > 0 {
			found = append(found, c[0]+"."+c[1])
		}
	}
	return found
}

// filesNaming is grep -rail.
func filesNaming(t *testing.T, dir string, texts ...string) (found []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, text := range texts {
			if bytes.Contains(bytes.ToLower(content), []byte(strings.ToLower(text))) {
				found = append(found, entry.Name()+": "+text)
			}
		}
		return err
	}))
	return found
}

// After an erasure no column of any table and no byte of any file has the address.
func TestErase(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "publisher.db")
	dsn := "sqlite:" + path
	l := openAt(t, dsn)
	// Rows before and after, so that trees are balanced.
	edition := addMany(t, l, 3_000)
	add(t, l, imports.Row{Email: planted[0], Name: "Ann", Tags: []string{"go"}})
	for i := range 300 {
		add(t, l, imports.Row{Email: fmt.Sprintf("ann.smith+%03d@example.com", i)})
	}
	id := subscriber(t, l, planted[0]).ID
	plant(t, path, id)
	reply := "451 4.2.0 <" + planted[0] + "> \"busy\" \\ later"
	want1(t, true)(l.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: id, After: 1, Through: 1, At: noon}))
	want1(t, false)(l.Record(ctx, &ledger.Result{Edition: edition, Subscriber: id, Status: ledger.Deferred, Code: 451, Reply: reply, At: noon, Next: noon}, nil))
	late := fmt.Sprintf(`{"Edition":%d,"Subscriber":%d,"Progress":"sent","Code":250,"Reply":"2.0.0 \u003c%s\u003e \"queued\"","At":"2026-11-22T12:00:00Z"}`, edition, id, planted[0]) + "\n" +
		`{"Edition":1,"Subscriber":5,"Progress":"sent","Reply":"as it was","At":"2026-11-22T12:00:00Z"}` + "\n" + `{"Edition":1,"Reply":"cut short ` + planted[1]
	must(t, os.WriteFile(path+".late", []byte(late), 0o600))
	must(t, os.WriteFile(path+".late.1", []byte(late), 0o600))
	if len(filesNaming(t, dir, planted[0])) == 0 || len(columnsNaming(t, path, planted[0])) < 20 {
		t.Fatal("the address is planted nowhere")
	}

	got, err := erasure.Erase(ctx, l, planted[:1], noon)
	if must(t, err); !got[0].Known {
		t.Fatalf("%+v", got)
	}
	for _, part := range []string{planted[0], "says Ann.Smith", "I am Ann", "192.0.2.1"} {
		if found := columnsNaming(t, path, part); found != nil {
			t.Errorf("%s is still in %v", part, found)
		}
	}
	if found := filesNaming(t, dir, planted...); found != nil {
		t.Errorf("it is still in %v", found)
	}
	for _, name := range []string{path + ".late", path + ".late.1"} {
		content, err := os.ReadFile(name)
		must(t, err)
		if !strings.Contains(string(content), "as it was") || len(content) < len(late) || strings.Count(string(content[:len(late)]), "\n") != 2 {
			t.Errorf("%s: %s", name, content)
		}
	}
	file, err := passstate.LoadSubscriberFile(ctx, l)
	if must(t, err); file.Hash == "as it was" {
		t.Error("subscribers.file is not read again")
	}
	if n, _, err := l.RecordSpooled(ctx); n != 0 && n != 1 || err != nil {
		t.Errorf("%d recorded: %v", n, err)
	}
	must(t, l.Close())
	if found := filesNaming(t, dir, planted...); found != nil {
		t.Errorf("after closing it is in %v", found)
	}
}

// execWithoutSecureDelete runs statements as a program does that leaves what it deletes in the file.
func execWithoutSecureDelete(t *testing.T, path string, queries ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path+"?_pragma=secure_delete(0)&_pragma=busy_timeout(30000)")
	must(t, err)
	for _, query := range queries {
		_, err := db.Exec(query)
		must(t, err)
	}
	must(t, db.Close())
}

// A ledger whose free space was not overwritten, because an earlier version wrote it, is
// rewritten.
func TestEraseFromAnOlderLedger(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "publisher.db")
	l := openAt(t, "sqlite:"+path)
	addMany(t, l, 500)
	add(t, l, imports.Row{Email: planted[0]})
	execWithoutSecureDelete(t, path,
		"CREATE TABLE scratch (words TEXT)",
		"INSERT INTO scratch SELECT email || ' said ' || '"+planted[0]+"' FROM subscriber",
		"DROP TABLE scratch",
	)
	_, err := erasure.Erase(ctx, l, planted[1:], noon)
	must(t, err)
	if found := filesNaming(t, dir, planted...); found != nil {
		t.Errorf("it is still in %v", found)
	}
	must(t, l.CheckIntegrity(ctx))
	must(t, l.Close())
	if n, err := openAt(t, "sqlite:"+path).CountSubscribers(ctx, ledger.Active); n != 500 || err != nil {
		t.Errorf("%d subscribers, %v", n, err)
	}
}

// What a server says to another process's message, after the erasure, is not kept either: of a
// message that was on its way, and of one whose envelope it refuses.
func TestEraseWhileAnotherProcessSends(t *testing.T) {
	dir := t.TempDir()
	dsn := "sqlite:" + filepath.Join(dir, "publisher.db")
	sending, erasing := openAt(t, dsn), openAt(t, dsn)
	edition := addMany(t, sending, 2)
	refused := "refused@example.com"
	add(t, sending, imports.Row{Email: planted[0]}, imports.Row{Email: refused})
	id, other := subscriber(t, sending, planted[0]).ID, subscriber(t, sending, refused).ID
	want1(t, true)(sending.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: id, After: 1, Through: 1, At: noon}))
	// Nobody is erased yet, as the recorder has read here.
	want1(t, true)(sending.Record(ctx, nil, &ledger.Intent{Edition: edition, Subscriber: 1, Through: 1, At: noon}))
	_, err := erasure.Erase(ctx, erasing, []string{planted[0], refused}, noon.Add(-time.Second)) // it began before it was committed
	must(t, err)
	want1(t, false)(sending.Record(ctx, &ledger.Result{Edition: edition, Subscriber: id, Status: ledger.Failed, Reply: "550 " + planted[0], At: noon.Add(time.Minute)}, nil))
	want1(t, false)(sending.Record(ctx, &ledger.Result{Edition: edition, Subscriber: other, After: 1, Through: 1, Status: ledger.Failed, Reply: "550 " + refused, At: noon.Add(time.Minute)}, nil))
	// Of others everything is kept.
	want1(t, false)(sending.Record(ctx, &ledger.Result{Edition: edition, Subscriber: 1, Status: ledger.Failed, Reply: "550 no", At: noon.Add(time.Minute)}, nil))
	if found := filesNaming(t, dir, append(planted, refused)...); found != nil {
		t.Errorf("it is still in %v", found)
	}
	for who, reply := range map[int64]string{id: "", other: "", 1: "550 no"} {
		all, err := sending.DeliveriesTo(ctx, who)
		if must(t, err); len(all) != 1 || all[0].Reply != reply {
			t.Errorf("%+v, want the reply %q", all, reply)
		}
	}
}

// Of a retry whose envelope is refused after its subscriber was erased nothing is stored, and the
// next mail goes out.
func TestEraseDuringARetry(t *testing.T) {
	l := openAt(t, "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"))
	edition := addMany(t, l, 2)
	add(t, l, imports.Row{Email: planted[0]})
	id := subscriber(t, l, planted[0]).ID
	refused := ledger.Result{Edition: edition, Subscriber: id, After: 1, Through: 1, Status: ledger.Deferred, Code: 452, NoIntent: true, Reply: "452 full", At: noon, Next: noon}
	want1(t, false)(l.Record(ctx, &refused, nil))
	_, err := erasure.Erase(ctx, l, planted[:1], noon)
	must(t, err)
	want1(t, true)(l.Record(ctx, &refused, &ledger.Intent{Edition: edition, Subscriber: 1, Through: 1, At: noon}))
	all, err := l.DeliveriesTo(ctx, id)
	if must(t, err); len(all) != 1 || all[0].Status != ledger.Failed || all[0].Attempts != 1 {
		t.Errorf("%+v", all)
	}
	refused.NoIntent = false
	if _, err := l.Record(ctx, &refused, nil); err == nil {
		t.Error("the result of an attempt that never began is taken")
	}
}

// An erasure that was cut short, before it cleaned the files, is finished by the next one too.
func TestEraseAfterOneThatWasCutShort(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "publisher.db")
	l := openAt(t, "sqlite:"+path)
	addMany(t, l, 500)
	add(t, l, imports.Row{Email: planted[0]})
	execWithoutSecureDelete(t, path,
		"CREATE TABLE scratch (words TEXT)",
		"INSERT INTO scratch SELECT 'leftover@example.com said ' || email FROM subscriber",
		"DROP TABLE scratch",
		"UPDATE pass_state SET scrub = TRUE",
	)
	if filesNaming(t, dir, "leftover@example.com") == nil {
		t.Fatal("nothing is left over")
	}
	_, err := erasure.Erase(ctx, l, planted[:1], noon)
	must(t, err)
	if found := filesNaming(t, dir, "leftover@example.com", planted[0]); found != nil {
		t.Errorf("it is still in %v", found)
	}
}

// A list that was read before an address was erased does not bring it back, also if as many
// erasures have ended meanwhile.
func TestEraseWhileImporting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "publisher.db")
	importing, erasing := openAt(t, "sqlite:"+path), openAt(t, "sqlite:"+path)
	add(t, importing, imports.Row{Email: "earlier@example.com"}, imports.Row{Email: planted[0]})
	_, err := erasure.Erase(ctx, erasing, []string{"earlier@example.com"}, noon)
	must(t, err)
	rows := func(yield func(imports.Row, error) bool) {
		if !yield(imports.Row{Line: 1, Email: planted[0]}, nil) || !yield(imports.Row{Line: 2, Email: "ben@example.com"}, nil) {
			return
		}
		db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(30000)")
		must(t, err)
		defer db.Close()
		_, err = db.Exec("DELETE FROM erased") // its reader has confirmed
		must(t, err)
		_, err = erasure.Erase(ctx, erasing, planted[:1], noon)
		must(t, err)
	}
	counts, err := imports.Run(ctx, importing, rows, imports.Options{Now: noon})
	if must(t, err); counts.Added != 1 || counts.Erased != 1 {
		t.Errorf("%+v", counts)
	}
	if s, err := importing.Subscriber(ctx, planted[0]); s != nil || err != nil {
		t.Errorf("%+v, %v", s, err)
	}
}

// An erasure that kill -9 cuts short is done or not, and the next pass cleans the files.
func TestKilledWhileErasing(t *testing.T) {
	kills := 10
	if testing.Short() {
		kills = 3
	}
	dir := t.TempDir()
	dsn := "sqlite:" + filepath.Join(dir, "publisher.db")
	l := openAt(t, dsn)
	addMany(t, l, 400)
	must(t, l.Close())
	erased := 0
	for kill := range kills {
		c := startChild(t, "erase for ever", dsn)
		for range 1 + kill%3 {
			erased++
			if line := c.Line(t); line != erasedAddress(erased) {
				t.Fatalf("%s was erased, want %s", line, erasedAddress(erased))
			}
		}
		time.Sleep(time.Duration(kill) * time.Millisecond) // somewhere in the next ones
		c.Kill()
		for c.Lines.Scan() {
			if c.Lines.Text() == erasedAddress(erased+1) {
				erased++
			}
		}
		lock, err := sqlite.TakeLock(ctx, dsn, "publisher run", noon)
		must(t, err)
		l, err := lock.Open(ctx)
		must(t, err)
		must(t, erasure.Finish(ctx, l))
		// The last one may have been done without a word.
		if s, err := l.Subscriber(ctx, erasedAddress(erased+1)); err == nil && s == nil {
			erased++
		}
		for i := 1; i <= erased+2; i++ {
			s, err := l.Subscriber(ctx, erasedAddress(i))
			must(t, err)
			was, err := erasure.Erased(ctx, l, erasedAddress(i))
			if must(t, err); (s == nil) != was || was != (i <= erased) {
				t.Fatalf("kill %d: %s: erased %v, a subscriber %v; %d were erased", kill, erasedAddress(i), was, s != nil, erased)
			}
		}
		must(t, l.Close())
		must(t, lock.Release())
		for i := 1; i <= erased; i++ {
			if found := filesNaming(t, dir, erasedAddress(i)); found != nil {
				t.Fatalf("kill %d: %v", kill, found)
			}
		}
	}
}

func erasedAddress(n int) string { return fmt.Sprintf("s%07d@example.com", n) }

// eraseForEver erases one subscriber after the other, from the first that is there, and prints
// each address.
func eraseForEver(dsn string) error {
	l, err := sqlite.Open(ctx, dsn)
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		email := erasedAddress(n)
		if s, err := l.Subscriber(ctx, email); err != nil || s == nil {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := erasure.Erase(ctx, l, []string{email}, noon); err != nil {
			return err
		}
		fmt.Println(email)
	}
}

// A link in an old mail of somebody who was erased leads to nobody, also after others came.
func TestErasedLinksAreNobodys(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "publisher.db")
	l := openAt(t, dsn)
	add(t, l, imports.Row{Email: planted[0]})
	tokens, err := l.Tokens(ctx)
	must(t, err)
	link := tokens.Link(mailtoken.Unsubscribe, subscriber(t, l, planted[0]).ID)
	_, err = erasure.Erase(ctx, l, planted[:1], noon)
	must(t, err)
	must(t, l.Close())
	l = openAt(t, dsn)
	add(t, l, imports.Row{Email: "ben@example.com"})
	id, ok := tokens.OpenLink(mailtoken.Unsubscribe, link)
	if s, err := l.SubscriberByID(ctx, id); !ok || s != nil || err != nil {
		t.Errorf("%v, %+v, %v", ok, s, err)
	}
}
