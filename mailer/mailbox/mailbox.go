// Package mailbox reads the mails in a folder of an IMAP server, each of them once, and moves
// those that were read to the folder publisher.
package mailbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"

	"publisher/internal/config"
)

// ReadFolder is the folder that mails are moved to once they were read.
const ReadFolder = "publisher"

const (
	// maxMail is how many octets of a mail are read. Reports are judged by their beginning.
	maxMail = 1 << 20
	// batch is how many mails are read before they are moved.
	batch = 50
	// passTime is how long one reading takes before it leaves the rest to the next one, and
	// sessionTime after how long it is given up.
	passTime    = 5 * time.Minute
	sessionTime = 8 * time.Minute
)

// Position is how far a mailbox was read: up to a UID, which counts as long as the mailbox
// has the same UIDVALIDITY (RFC 9051 §2.3.1.1).
type Position struct {
	Validity, UID uint32
}

// Store remembers the position.
type Store interface {
	Position(context.Context) (Position, error)
	SetPosition(context.Context, Position) error
}

// Take handles one mail. It reports whether it did something that should not be done again,
// so that the position is stored at once. After an error the mail stays for the next reading.
type Take func(ctx context.Context, mail io.Reader) (done bool, err error)

// Options describe a mailbox.
type Options struct {
	Mailbox config.Mailbox
	TLS     *tls.Config   // nil for the system's
	Silence time.Duration // after which the server counts as dead; 0 for 2 minutes
}

// Read hands each mail that has not been read before to take, and moves it to ReadFolder. A
// mail that was taken is not taken again, even if the connection breaks before it is moved.
// It returns the number of mails taken. Errors of take and of the store are returned as they
// are, others as a *Error.
func Read(ctx context.Context, o Options, store Store, take Take) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, sessionTime)
	defer cancel()
	s, err := open(ctx, o, false)
	if err != nil {
		return 0, err
	}
	defer s.close()
	r := &reading{session: s, store: store, take: take, end: time.Now().Add(passTime)}
	if r.at, err = store.Position(ctx); err != nil {
		return 0, err
	}
	if r.at.Validity != s.validity || s.validity == 0 {
		r.at = Position{Validity: s.validity}
	}
	r.stored = r.at
	err = r.all(ctx)
	// What was taken is remembered even if the connection broke, or the program is to stop.
	return r.taken, errors.Join(err, r.remember(context.WithoutCancel(ctx)))
}

// LogIn checks that the mailbox can be opened, and changes nothing.
func LogIn(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	s, err := open(ctx, o, true)
	if err == nil {
		s.close()
	}
	return err
}

// reading is one reading of a mailbox.
type reading struct {
	*session
	store      Store
	take       Take
	at, stored Position
	end        time.Time
	target     string // the name of ReadFolder on this server; "" until it is needed
	taken      int
	unread     int // mails that the server did not send
}

// all reads the mails that are there at the beginning. Those that arrive meanwhile wait for
// the next reading, so that a mailbox that fills as fast as it is read does not hold up the
// pass.
func (r *reading) all(ctx context.Context) error {
	for left := int(r.count); left > 0 && time.Now().Before(r.end) && ctx.Err() == nil; {
		uids, err := r.list(r.unread, min(left, batch))
		if err != nil || len(uids) == 0 {
			return err
		}
		left -= len(uids)
		read, err := r.readBatch(ctx, uids)
		if err != nil {
			return err
		}
		if err := r.remember(ctx); err != nil {
			return err
		}
		if err := r.move(read); err != nil {
			return err
		}
		r.unread += len(uids) - len(read)
		if left > 0 {
			if err := r.recount(); err != nil {
				return err
			}
		}
	}
	if r.unread > 0 {
		return r.fail(fmt.Errorf("the server did not send %d of the mails; they stay where they are", r.unread))
	}
	return nil
}

// recount counts the mails that are left. What servers say of moved mails is not always true.
func (r *reading) recount() error {
	validity := r.validity
	if err := r.selectFolder(); err != nil {
		return err
	}
	if r.validity != validity {
		return r.fail(errors.New("the mailbox was replaced while it was read"))
	}
	return nil
}

// readBatch takes those of the mails that were not read before. It returns all that have been
// read by now.
func (r *reading) readBatch(ctx context.Context, uids []imap.UID) (read []imap.UID, err error) {
	first := slices.IndexFunc(uids, func(uid imap.UID) bool { return uint32(uid) > r.at.UID })
	if first < 0 {
		return uids, nil // what the last reading could not move
	}
	read, fresh := slices.Clone(uids[:first]), uids[first:]
	done := map[imap.UID]bool{}
	err = r.fetch(fresh, func(uid imap.UID, mail []byte) error {
		if done[uid] || !slices.Contains(fresh, uid) {
			return nil
		}
		acted, err := r.take(ctx, bytes.NewReader(mail))
		if err != nil {
			return err
		}
		r.taken++
		done[uid] = true
		r.advance(fresh, done)
		if acted {
			return r.remember(ctx)
		}
		return nil
	})
	for _, uid := range fresh {
		if done[uid] {
			read = append(read, uid)
		}
	}
	return read, err
}

// advance moves the position up to the first mail that is not done.
func (r *reading) advance(uids []imap.UID, done map[imap.UID]bool) {
	for _, uid := range uids {
		if !done[uid] {
			return
		}
		r.at.UID = max(r.at.UID, uint32(uid))
	}
}

// remember stores the position.
func (r *reading) remember(ctx context.Context) error {
	if r.at == r.stored {
		return nil
	}
	err := r.store.SetPosition(ctx, r.at)
	if err == nil {
		r.stored = r.at
	}
	return err
}
