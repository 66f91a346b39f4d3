package web

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/signups"
)

const (
	// maxBatch limits how many sign-ups are stored in one transaction.
	maxBatch = 500
	// gatherTime is how long the first one waits for others: mail waits for each transaction.
	gatherTime = 20 * time.Millisecond
)

// errPending means that too many changes wait.
var errPending = errors.New("too many changes are pending")

// signupQueue are requests to subscribe that wait to be stored. Those that arrive while others are
// being stored are stored together: a transaction each would be too slow for a flood.
type signupQueue struct {
	mu      sync.Mutex
	waiting []waitingSignup
	storing bool
	waking  bool // the program will be told that there is something to do
}

type waitingSignup struct {
	signups.Signup
	stored chan error
}

// storeSignup stores a request to subscribe, even if its client leaves.
func (s *site) storeSignup(r *http.Request, u signups.Signup) error {
	if !s.changes.begin() {
		return errPending
	}
	waiting := waitingSignup{u, make(chan error, 1)}
	s.signups.mu.Lock()
	s.signups.waiting = append(s.signups.waiting, waiting)
	if !s.signups.storing {
		s.signups.storing = true
		go s.storeSignups()
	}
	s.signups.mu.Unlock()
	timer := time.NewTimer(answerTime)
	defer timer.Stop()
	select {
	case err := <-waiting.stored:
		return err
	case <-timer.C:
		return errPending
	case <-r.Context().Done():
		return r.Context().Err()
	}
}

// storeSignups stores what waits until nothing does.
func (s *site) storeSignups() {
	for {
		time.Sleep(gatherTime)
		batch := s.signups.next()
		if len(batch) == 0 {
			return
		}
		all := make([]signups.Signup, len(batch))
		for i, w := range batch {
			all[i] = w.Signup
		}
		err := s.storeBatch(all)
		for _, w := range batch {
			w.stored <- err
			s.changes.finish()
		}
		if err == nil {
			s.signedUp()
		}
	}
}

// next returns the next batch; empty if nothing waits.
func (u *signupQueue) next() []waitingSignup {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := min(len(u.waiting), maxBatch)
	batch := u.waiting[:n:n]
	u.waiting = u.waiting[n:]
	u.storing = n > 0
	return batch
}

// storeBatch stores sign-ups. While the ledger is locked, it tries again.
func (s *site) storeBatch(all []signups.Signup) error {
	ctx, cancel := context.WithTimeout(s.changes.ended, changeTime)
	defer cancel()
	store := func(ctx context.Context) (answer, error) { return nil, signups.Add(ctx, s.Ledger, all...) }
	_, err := s.tryChange(ctx, store)
	for errors.Is(err, ledger.ErrBusy) && pause(ctx, changePause) {
		_, err = s.tryChange(ctx, store)
	}
	return err
}

// Sign-ups are handled between wakeAfter and twice that after they have been stored.
const wakeAfter = 300 * time.Millisecond

// signedUp tells the program a little later that there is something to do. If it began while
// the answer is being sent, the time of the answer would tell how much there is to do, and so
// whether an address is subscribed.
func (s *site) signedUp() {
	if s.SignedUp == nil {
		return
	}
	s.signups.mu.Lock()
	defer s.signups.mu.Unlock()
	if s.signups.waking {
		return
	}
	s.signups.waking = true
	time.AfterFunc(wakeAfter+rand.N(wakeAfter), func() {
		s.signups.mu.Lock()
		s.signups.waking = false
		s.signups.mu.Unlock()
		s.SignedUp()
	})
}
