// Package ledger is the program's memory: posts seen, subscribers, editions and
// deliveries, in one SQLite file.
package ledger

import (
	"context"
	"errors"
	"iter"
	"time"
)

var errTODO = errors.New("todo")

// Ledger is an open ledger. It is safe for concurrent use.
type Ledger struct{}

// Open opens the ledger and brings its schema up to date, making it where
// there is none. dsn is "sqlite:/absolute/path" .
func Open(ctx context.Context, dsn string) (*Ledger, error) { return nil, errTODO }

// OpenCopy opens a private copy of the ledger that Close throws away: what
// looks without touching (plan, posts, preview, check) works on it. Where there
// is no ledger the copy is an empty one, and nothing is made at dsn.
func OpenCopy(ctx context.Context, dsn string) (*Ledger, error) { return nil, errTODO }

func (l *Ledger) Close() error { return errTODO }

// HeldError says that another process holds the lock.
type HeldError struct{ Holder string } // e.g. "publisher run (process 4711 on host, since 2026-11-22 08:00 UTC)"

func (e *HeldError) Error() string { return "another pass is running: " + e.Holder }

// Lock is held by one pass at a time. It ends with its process.
type Lock struct{}

// TakeLock takes the lock at once or fails at once with a *HeldError.
func TakeLock(ctx context.Context, dsn, command string, now time.Time) (*Lock, error) {
	return nil, errTODO
}

func (l *Lock) Release() error { return errTODO }

// Memo returns what SetMemo stored under the key; nil where nothing is.
func (l *Ledger) Memo(ctx context.Context, key string) ([]byte, error) { return nil, errTODO }

func (l *Ledger) SetMemo(ctx context.Context, key string, value []byte) error { return errTODO }

// Standing is how far a post has come on its way into mail.
type Standing string

const (
	Unseen   Standing = ""         // only `publisher feeds` has met it so far
	Known    Standing = "known"    // was there before the first pass: never mailed
	New      Standing = "new"      // waits for its date, settle, or the author (draft)
	Held     Standing = "held"     // the flood guard waits for a person
	Released Standing = "released" // a person let it go; the next pass numbers it
	Numbered Standing = "numbered" // has its sequence number: mailable, or mailed
)

// Post is what the ledger remembers of one post. Rows are never deleted.
type Post struct {
	Key       int64  // 0: not stored yet
	ID        string // the feed id, unique, for ever
	Path      string
	URL       string
	Title     string
	Date      time.Time
	BodyHash  []byte
	FileHash  []byte
	FirstSeen time.Time
	Updated   time.Time // when an edit without lastmod was first seen; zero where never
	Gone      time.Time // when its file was first missed; zero while it is there
	Standing  Standing
	Seq       int64 // the sequence number; 0 until Numbered
}

// Posts returns every post ever seen, by key.
func (l *Ledger) Posts(ctx context.Context) ([]Post, error) { return nil, errTODO }

// SavePosts stores new and changed posts in one transaction. Those that are
// Numbered without a Seq get the next sequence numbers, in the order given,
// and new ones their Key; both are set in the slice. A number is never given twice.
func (l *Ledger) SavePosts(ctx context.Context, posts []Post) error { return errTODO }

// Newest is the highest sequence number given so far.
func (l *Ledger) Newest(ctx context.Context) (int64, error) { return 0, errTODO }

// Status is where a subscription stands.
type Status string

const (
	Pending      Status = "pending"
	Active       Status = "active"
	Unsubscribed Status = "unsubscribed"
	Removed      Status = "removed" // by its row's disappearance from subscribers.file
	Bounced      Status = "bounced"
	Complained   Status = "complained"
)

// Subscriber is one address.
type Subscriber struct {
	ID        int64
	Email     string // as given; unique with case folded and the domain in ASCII
	Name      string
	Status    Status
	Cadence   string // "": digest.default
	Tags      []string
	Created   time.Time
	Confirmed time.Time // zero: never
	Cursor    int64     // the sequence number up to which nothing more is due
	FromFile  bool      // the subscription came from subscribers.file
}

// Row is one line of an imported list.
type Row struct {
	Line      int
	Email     string
	Name      string
	Status    Status // "": active
	Cadence   string // "": digest.default
	Tags      []string
	Created   time.Time // zero: now
	Confirmed time.Time
}

// Origin is where imported rows come from.
type Origin int

const (
	FromCommand Origin = iota // subscribers add, subscribers import
	FromFile                  // subscribers.file, read by each pass
)

// Imported counts what an import did.
type Imported struct {
	Rows, Added, Updated, Unchanged int
	Kept                            int // rows that would have brought back who unsubscribed, bounced or complained
	Missing                         int // FromFile: subscriptions from the file that it no longer has
	Removed                         int // of these, ended
}

// Import adds and updates subscribers in one transaction, streaming. It follows
// contract.md's subscribers.file: it never brings back who unsubscribed,
// bounced or complained (a row that came back revives Removed alone).
//   - A new subscriber's cursor is the newest sequence number.
//   - FromFile: a row changes a subscriber only when the row itself differs from
//     what the file said last (so that a choice made on the preferences page stays).
//     Subscriptions that came from the file and are not among rows are Missing;
//     they are Removed only if mayRemove, called after the last row with the number
//     missing and the number that the file gave last time, agrees.
//   - Changed tags or cadence do not reach back: the cursor is first raised to the
//     last closed edition of the subscriber's (old) cadence.
func (l *Ledger) Import(ctx context.Context, rows iter.Seq2[Row, error], origin Origin, defaultCadence string, now time.Time, mayRemove func(missing, before int) bool) (Imported, error) {
	return Imported{}, errTODO
}

// SetStatus changes one subscriber's status; it reports false where there is none.
// Activating one again moves the cursor to the newest number.
func (l *Ledger) SetStatus(ctx context.Context, email string, status Status, now time.Time) (bool, error) {
	return false, errTODO
}

// Subscriber finds one by address or id; nil where there is none.
func (l *Ledger) Subscriber(ctx context.Context, email string) (*Subscriber, error) {
	return nil, errTODO
}
func (l *Ledger) SubscriberByID(ctx context.Context, id int64) (*Subscriber, error) {
	return nil, errTODO
}

// Subscribers streams all, by address.
func (l *Ledger) Subscribers(ctx context.Context) iter.Seq2[Subscriber, error] { return nil }

// Group is the active subscribers of one cadence who share cursor and tags,
// and so the set of posts that they are due.
type Group struct {
	Cursor int64
	Tags   []string
	Count  int
}

// Groups returns who of the cadence is behind through and has no open delivery.
// Subscribers whose cadence is "" or no longer configured count as isDefault says.
func (l *Ledger) Groups(ctx context.Context, c Audience, through int64) ([]Group, error) {
	return nil, errTODO
}

// Audience names a cadence's subscribers.
type Audience struct {
	Cadence string
	// Default adds subscribers whose cadence is "" or none of Configured.
	Default    bool
	Configured []string
}

// Edition is one digest of one cadence, closed at one moment.
type Edition struct {
	Number                            int64
	Cadence                           string
	Subject                           string
	Closed                            time.Time
	After                             int64    // the sequence number its oldest post stands behind
	Through                           int64    // the newest sequence number in it
	Posts                             []string // ids, newest first
	Recipients                        int
	Done                              time.Time // zero while recipients remain who were not tried
	Canceled                          bool
	Sent, Deferred, Failed, Uncertain int // counted from its deliveries when read
}

// LastClosed is when the cadence last closed an edition, an empty one included,
// and through which number; zero where never.
func (l *Ledger) LastClosed(ctx context.Context, cadence string) (at time.Time, through int64, err error) {
	return time.Time{}, 0, errTODO
}

// Close stores the edition, gives it the next number, and notes for LastClosed
// that the cadence closed.
func (l *Ledger) CloseEdition(ctx context.Context, e *Edition) error { return errTODO }

// CloseEmpty notes for LastClosed that the schedule fired and nothing was due.
func (l *Ledger) CloseEmpty(ctx context.Context, cadence string, at time.Time, through int64) error {
	return errTODO
}

// Editions returns all, newest first; Edition one, nil where there is none.
func (l *Ledger) Editions(ctx context.Context) ([]Edition, error)             { return nil, errTODO }
func (l *Ledger) Edition(ctx context.Context, number int64) (*Edition, error) { return nil, errTODO }

// FinishEdition notes that every recipient was tried.
func (l *Ledger) FinishEdition(ctx context.Context, number int64, at time.Time) error { return errTODO }

// Recipients returns up to limit subscribers with id > after, by id, who are
// due the edition and have no delivery of it and no open one of another.
func (l *Ledger) Recipients(ctx context.Context, number int64, a Audience, after int64, limit int) ([]Subscriber, error) {
	return nil, errTODO
}

// Progress is what a delivery has come to.
type Progress string

const (
	Sending   Progress = "sending" // intent committed, no result yet
	Sent      Progress = "sent"
	Deferred  Progress = "deferred"
	Failed    Progress = "failed"
	Uncertain Progress = "uncertain" // the process or the connection died between
)

// Delivery is one edition to one subscriber.
type Delivery struct {
	Edition    int64
	Subscriber int64
	After      int64 // the range of sequence numbers (After, Through] that it covers
	Through    int64
	Progress   Progress
	Attempts   int
	First      time.Time // when it was first tried
	Last       time.Time // when it was last tried
	Next       time.Time // Deferred: not before
	Code       int       // SMTP reply code; 0 for a connection fault
	Reply      string    // the server's own words, or the fault's
}

// Result is how an attempt ended.
type Result struct {
	Edition, Subscriber int64
	Progress            Progress // Sent, Deferred, Failed or Uncertain
	Code                int
	Reply               string
	Next                time.Time // Deferred: not before
	KeepCursor          bool      // Failed because retry_for ran out: the next edition brings those posts
	Bounced             bool      // the address itself was refused: mark the subscriber
	At                  time.Time
}

// Intent announces an attempt before the message's body goes out.
type Intent struct {
	Edition, Subscriber int64
	After, Through      int64
	At                  time.Time
}

// Record commits a result and an intent (either may be nil) in one durable
// transaction, grouped with those of other callers. It reports false, and leaves
// the intent out, where the subscriber is no longer active, the cursor is not
// After any more, another delivery is open, this one is finished, or the edition
// is canceled. Sent, Failed and Uncertain move the cursor to Through.
func (l *Ledger) Record(ctx context.Context, done *Result, next *Intent) (bool, error) {
	return false, errTODO
}

// Interrupted returns the deliveries left in Sending by a process that died.
func (l *Ledger) Interrupted(ctx context.Context) ([]Delivery, error) { return nil, errTODO }

// Deferred returns up to limit deferred deliveries due at or before now, with
// (edition, subscriber) behind the given one.
func (l *Ledger) Deferred(ctx context.Context, now time.Time, edition, subscriber int64, limit int) ([]Delivery, error) {
	return nil, errTODO
}

// NextRetry is when the next deferred delivery is due; zero for none.
func (l *Ledger) NextRetry(ctx context.Context) (time.Time, error) { return time.Time{}, errTODO }

// Deliveries streams an edition's deliveries with that progress ("" for all);
// DeliveriesTo a subscriber's, newest first.
func (l *Ledger) Deliveries(ctx context.Context, edition int64, p Progress) iter.Seq2[Delivery, error] {
	return nil
}
func (l *Ledger) DeliveriesTo(ctx context.Context, subscriber int64) ([]Delivery, error) {
	return nil, errTODO
}
