package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"publisher/internal/ledger/sqlite"
)

// fate is what happens to somebody.
type fate int

const (
	stays fate = iota
	signsUp
	leaves
	erasesItself // on the web
	isErased     // by the command
)

// state is what is known of somebody. The perhaps are changes that were not answered.
type state int

const (
	perhapsPending state = iota
	pending
	perhapsSubscribed
	subscribed
	perhapsLeft
	left
	perhapsErased
	erased
)

type person struct {
	address       string
	fate          fate
	is            state
	since         int // whoever is subscribed gets the posts of later rounds
	id            int64
	request, link string
	asked         bool // for the link
	wasPending    bool // before the erasure
}

// load is an import.
type load struct {
	n            int
	number       int64
	done, undone bool
	undoes       bool // undoing it was begun
	unsure       bool // what was begun last was killed
}

func (l *load) row(i int) string { return fmt.Sprintf("row%d.%d@example.net", l.n, i) }

// some returns anybody to whom something is to happen; nil if there is nobody.
func (k *torture) some(fate fate, is state) *person {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []string
	for key, p := range k.people {
		if p.fate == fate && p.is == is {
			all = append(all, key)
		}
	}
	if all == nil {
		return nil
	}
	slices.Sort(all)
	return k.people[all[k.rng.IntN(len(all))]]
}

func (k *torture) page(r *http.Response) string {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return "" // cut short
	}
	return string(text)
}

// filesWith is grep -rail in the blog's folder.
func (k *torture) filesWith(address string) []string {
	address = strings.ToLower(address)
	return k.filesNaming(map[string]bool{address: true})[address]
}

// filesNaming returns the files of the blog's folder that have some addresses, in any case.
func (k *torture) filesNaming(addresses map[string]bool) map[string][]string {
	found := map[string][]string{}
	err := filepath.WalkDir(k.dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !entry.Type().IsRegular() {
			return nil // it has just gone
		}
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for address := range addressesIn(bytes.ToLower(content), addresses) {
			found[address] = append(found[address], entry.Name())
		}
		return nil
	})
	if err != nil {
		k.t.Error(err)
	}
	return found
}

// addressesIn returns those of the addresses that a content has. It is fast if there are many.
func addressesIn(content []byte, addresses map[string]bool) map[string]bool {
	const longest = 30
	found := map[string]bool{}
	for from := 0; ; {
		at := bytes.IndexByte(content[from:], '@')
		if at < 0 {
			return found
		}
		at += from
		from = at + 1
		for _, domain := range []string{"@example.net", "@example.org", "@gmail.com"} {
			if !bytes.HasPrefix(content[at:], []byte(domain)) {
				continue
			}
			for begin := at - 1; begin >= max(0, at-longest); begin-- {
				address := string(content[begin : at+len(domain)])
				if _, is := addresses[address]; is {
					found[address] = true
				}
			}
		}
	}
}

// snapshot is what a ledger says.
type snapshot struct {
	status  map[string]string // of subscribers, by address in lower case
	ids     map[string]int64
	imports map[string][]importRow // by the list's name
	known   string                 // the name of the subscriber that lists change
	named   map[string][]string    // the columns of all tables that have an address, by it
	scrub   bool                   // the files have to be cleaned
	sending []attempt              // that have no result
}

// attempt is one to send a message.
type attempt struct {
	message string // its Message-ID without the proof
	number  int    // of the attempts
	to      string
}

type importRow struct {
	number int64
	undone bool
}

// snapshot reads a copy of the ledger, so that nothing is changed before the next process comes.
func (k *torture) snapshot() *snapshot {
	k.t.Helper()
	dir, err := os.MkdirTemp(k.t.TempDir(), "")
	if err != nil {
		k.t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	files, err := filepath.Glob(filepath.Join(k.dir, "publisher.db*"))
	if err != nil {
		k.t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(file)), content, 0o600)
		}
		if err != nil {
			k.t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "publisher.db")
	s := &snapshot{status: map[string]string{}, ids: map[string]int64{}, imports: map[string][]importRow{}, named: map[string][]string{}}
	s.readDeliveries(k, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		k.t.Fatal(err)
	}
	defer db.Close()
	s.readTables(k, db)
	return s
}

// readDeliveries opens the copy as the program does, and reads who was being mailed.
func (s *snapshot) readDeliveries(k *torture, path string) {
	k.t.Helper()
	ctx := context.Background()
	l, err := sqlite.Open(ctx, "sqlite:"+path)
	if err != nil {
		k.t.Fatal(err)
	}
	defer l.Close()
	if err := l.CheckIntegrity(ctx); err != nil {
		k.t.Fatal(err)
	}
	under, err := l.Interrupted(ctx)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, d := range under {
		a := attempt{message: fmt.Sprintf("%d.%d", d.Edition, d.Subscriber), number: d.Attempts}
		if to, err := l.SubscriberByID(ctx, d.Subscriber); err == nil && to != nil {
			a.to = strings.ToLower(to.Email)
		}
		s.sending = append(s.sending, a)
	}
}

// rows reads the rows of a query.
func (k *torture) rows(db *sql.DB, query string, scan func(*sql.Rows) error) {
	k.t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		k.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			k.t.Fatalf("%s: %v", query, err)
		}
	}
	if err := rows.Err(); err != nil {
		k.t.Fatalf("%s: %v", query, err)
	}
}

func (s *snapshot) readTables(k *torture, db *sql.DB) {
	k.t.Helper()
	k.rows(db, "SELECT id, lower(email), status, name FROM subscriber", func(r *sql.Rows) error {
		var id int64
		var email, status, name string
		err := r.Scan(&id, &email, &status, &name)
		if s.ids[email] != 0 {
			k.t.Errorf("%s is in the ledger twice", email)
		}
		s.ids[email], s.status[email] = id, status
		if email == "known@example.net" {
			s.known = name
		}
		return err
	})
	k.rows(db, "SELECT number, name, undone_at IS NOT NULL FROM import", func(r *sql.Rows) error {
		var row importRow
		var name string
		err := r.Scan(&row.number, &name, &row.undone)
		s.imports[filepath.Base(name)] = append(s.imports[filepath.Base(name)], row)
		return err
	})
	k.rows(db, "SELECT 'n' || id, attempts, lower(email) FROM notice WHERE progress = 'sending'", func(r *sql.Rows) error {
		var a attempt
		err := r.Scan(&a.message, &a.number, &a.to)
		s.sending = append(s.sending, a)
		return err
	})
	k.rows(db, "SELECT scrub FROM pass_state", func(r *sql.Rows) error { return r.Scan(&s.scrub) })
	var columns [][2]string
	k.rows(db, "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'", func(r *sql.Rows) error {
		var c [2]string
		err := r.Scan(&c[0], &c[1])
		columns = append(columns, c)
		return err
	})
	for _, c := range columns {
		k.rows(db, fmt.Sprintf(`SELECT lower(CAST(%q AS TEXT)) FROM %q WHERE instr(CAST(%[1]q AS TEXT), '@')`, c[1], c[0]), func(r *sql.Rows) error {
			var text string
			err := r.Scan(&text)
			for _, address := range anAddress.FindAllString(text, -1) {
				s.named[address] = append(s.named[address], c[0]+"."+c[1])
			}
			return err
		})
	}
}

var anAddress = regexp.MustCompile(`[a-z0-9.]+@(example\.net|example\.org|gmail\.com)`)

// learnIDs reads the ids of people, which their links have.
func (k *torture) learnIDs() {
	k.t.Helper()
	s := k.snapshot()
	for key, p := range k.people {
		p.id = s.ids[key]
	}
}

// learnNumber asks for the number of an import.
func (k *torture) learnNumber(l *load) {
	out, err := k.publisher("subscribers", "imports").Output()
	if err != nil {
		k.t.Errorf("listing the imports: %v", err)
	}
	row := regexp.MustCompile(fmt.Sprintf(`(?m)^(\d+)\s.*[\s/]list%d\.csv`, l.n)).FindSubmatch(out)
	if row != nil {
		fmt.Sscan(string(row[1]), &l.number)
	}
}

// takenMails are the mails that the server accepted.
type takenMails struct {
	mu     sync.Mutex
	times  map[string]int             // by Message-ID without its proof
	kinds  map[string]map[string]bool // the Message-IDs of each address's mails with a mark
	unread map[string][]linkMail      // with a link to a page, by its name
}

type linkMail struct{ to, page, link, code string }

func newTakenMails() *takenMails {
	return &takenMails{times: map[string]int{}, kinds: map[string]map[string]bool{}, unread: map[string][]linkMail{}}
}

var (
	tookID   = regexp.MustCompile(`(?im)^Message-ID: <(n\d+|\d+\.\d+)\.`)
	tookLink = regexp.MustCompile(`https://news\.example\.com/(confirm|manage)/([a-z2-7]+)`)
	tookCode = regexp.MustCompile(`(?m)^Subject: (\d{3}) (\d{3})`)
	tookPost = regexp.MustCompile(`Entry\d+x`)
)

func (m *takenMails) took(to string, message []byte) {
	message = bytes.ReplaceAll(message, []byte("=\r\n"), nil)
	to = strings.ToLower(to)
	m.mu.Lock()
	defer m.mu.Unlock()
	id := string(tookID.FindSubmatch(message)[1])
	m.times[id]++
	mark := func(what string) {
		if key := to + " " + what; m.kinds[key] == nil {
			m.kinds[key] = map[string]bool{id: true}
		} else {
			m.kinds[key][id] = true
		}
	}
	link := tookLink.FindSubmatch(message)
	switch {
	case link != nil:
		mail := linkMail{to: to, page: string(link[1]), link: string(link[2])}
		if code := tookCode.FindSubmatch(message); code != nil {
			mail.code = string(code[1]) + string(code[2])
		}
		m.unread[mail.page] = append(m.unread[mail.page], mail)
		mark(mail.page)
	case bytes.Contains(message, []byte("\r\nSubject: Welcome")):
		mark("welcome")
	case id[0] == 'n':
		mark("already")
	default:
		for _, post := range slices.Compact(slices.Sorted(slices.Values(tookPost.FindAllString(string(message), -1)))) {
			mark(post)
		}
	}
}

// fresh returns the mails with a link that it has not returned before.
func (m *takenMails) fresh(page string) []linkMail {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.unread[page]
	m.unread[page] = nil
	return all
}

// again has fresh return a mail once more.
func (m *takenMails) again(mail linkMail) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unread[mail.page] = append(m.unread[mail.page], mail)
}

func (m *takenMails) count(to, what string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.kinds[to+" "+what])
}

func (m *takenMails) all() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.times)
}
