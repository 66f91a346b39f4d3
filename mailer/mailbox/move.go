package mailbox

import (
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
)

// move moves mails to ReadFolder, which it makes if it is missing.
func (r *reading) move(uids []imap.UID) error {
	if len(uids) == 0 {
		return nil
	}
	r.conn.allow(maxOverhead)
	if r.target == "" {
		target, err := r.makeTarget()
		if err != nil {
			return r.fail(fmt.Errorf("making the folder %s: %w", ReadFolder, err))
		}
		r.target = target
	}
	if err := r.moveTo(r.target, imap.UIDSetNum(uids...)); err != nil {
		return r.fail(fmt.Errorf("moving mails to the folder %s: %w", r.target, err))
	}
	return nil
}

// moveTo moves mails in one step where the server can. Where not, the copies are there before
// anything is deleted.
func (s *session) moveTo(target string, uids imap.UIDSet) error {
	if s.client.Caps().Has(imap.CapMove) {
		_, err := s.client.Move(uids, target).Wait()
		return err
	}
	if _, err := s.client.Copy(uids, target).Wait(); err != nil {
		return err
	}
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := s.client.Store(uids, deleted, nil).Close(); err != nil {
		return err
	}
	if s.client.Caps().Has(imap.CapUIDPlus) {
		return s.client.UIDExpunge(uids).Close()
	}
	return s.client.Expunge().Close() // removes all that is marked as deleted: there is no other way
}

// makeTarget returns the name of ReadFolder, which on some servers is below INBOX.
func (s *session) makeTarget() (string, error) {
	name := ReadFolder
	if s.client.Caps().Has(imap.CapNamespace) {
		if spaces, err := s.client.Namespace().Wait(); err == nil && len(spaces.Personal) > 0 {
			name = spaces.Personal[0].Prefix + name
		}
	}
	err := s.client.Create(name, nil).Wait()
	if err == nil {
		_ = s.client.Subscribe(name).Wait() // so that mail programs show it
		return name, nil
	}
	var refused *imap.Error
	if !errors.As(err, &refused) {
		return "", err
	}
	// Most often because it is there, which not every server says in a code.
	there, listErr := s.client.List("", name, nil).Collect()
	if listErr == nil && len(there) > 0 {
		return name, nil
	}
	return "", errors.Join(err, listErr)
}
