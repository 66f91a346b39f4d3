//go:build postgres

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/subscription"

	"github.com/jackc/pgx/v5"
)

// fleetSize returns how many editions go out to how many: few by default, PUBLISHER_TORTURE for
// `make torture`.
func fleetSize(t *testing.T) (rounds, subscribers int, apart, longest time.Duration) {
	t.Helper()
	text := os.Getenv("PUBLISHER_TORTURE")
	if text == "" {
		return 3, 2_000, 2 * time.Second, 5 * time.Second
	}
	rounds, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("PUBLISHER_TORTURE: %v", err)
	}
	subscribers = 20_000
	if text := os.Getenv("PUBLISHER_RECIPIENTS"); text != "" {
		if subscribers, err = strconv.Atoi(text); err != nil {
			t.Fatalf("PUBLISHER_RECIPIENTS: %v", err)
		}
	}
	return rounds, subscribers, 4 * time.Second, 40 * time.Second
}

// fleetSeed returns PUBLISHER_SEED, or another number each time.
func fleetSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("PUBLISHER_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("PUBLISHER_SEED: %v", err)
		}
	}
	t.Logf("PUBLISHER_SEED=%d", seed)
	return seed
}

// Whatever happens to machines that deliver together, to what connects them, and to their database:
// nobody is missed, and whoever gets a mail twice is a delivery of which that is known to be possible.
func TestFleetTorturePostgreSQL(t *testing.T) {
	for name, of := range map[string]struct {
		uncertain string
		leader    bool // it is always hit
		networks  bool // each machine has its own
	}{"resend": {"resend", false, false}, "hold": {"hold", false, false}, "leader": {"resend", true, false}, "networks": {"resend", false, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rounds, subscribers, apart, longest := fleetSize(t)
			f := newFleetOn(t, of.uncertain, subscribers, of.networks)
			s := newFaults(f, fleetSeed(t), apart, longest)
			s.leader = of.leader
			f.join("serve1", "serve")
			f.join("serve2", "serve")
			f.join("work1", "work")
			sum := tally{}
			for range rounds {
				sum.add(s.round())
				if t.Failed() {
					return
				}
			}
			t.Logf("%d editions to %d: %s; faults: %v", rounds, subscribers, &sum, s.counts)
		})
	}
}

// round lets faults happen while an edition goes out, and compares.
func (s *faults) round() tally {
	s.t.Helper()
	s.hit = 0
	edition := s.post()
	ctx, stop := context.WithCancel(s.t.Context())
	defer stop()
	stormy := make(chan struct{})
	go func() {
		defer close(stormy)
		s.storm(ctx)
	}()
	left := make(chan map[int64]int, 1)
	go func() { left <- s.leaveMeanwhile(ctx, edition) }()
	s.await("most of the mail", 5*time.Minute, func() bool {
		return s.settled(edition)
	})
	stop()
	<-stormy
	s.hurry()
	s.awaitEnd(edition, 3*time.Minute)
	return s.account(edition, <-left)
}

// settled reports whether an edition has reached all but a few.
func (s *faults) settled(edition int64) bool {
	all := s.fleet.count("SELECT recipients FROM edition WHERE number = $1", edition)
	left := s.fleet.count(`SELECT COUNT(*) FROM subscriber s WHERE s.status = 'active'
		AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.edition = $1 AND d.subscriber = s.id AND d.progress NOT IN ('sending', 'deferred'))`, edition)
	return left >= 0 && left*20 < all
}

// mostLeave is how many leave at most while an edition goes out.
const mostLeave = 50

// leaveMeanwhile has subscribers leave until ctx ends, and returns how often each was tried by then.
func (s *faults) leaveMeanwhile(ctx context.Context, edition int64) map[int64]int {
	left := map[int64]int{}
	rng := rand.New(rand.NewPCG(uint64(edition), 1))
	for {
		if len(left) == mostLeave {
			return left
		}
		select {
		case <-ctx.Done():
			return left
		case <-time.After(time.Duration(rng.Int64N(int64(500 * time.Millisecond)))):
		}
		var id int64
		err := s.db.QueryRow(s.t.Context(), "SELECT id FROM subscriber WHERE status = 'active' AND id >= $1 ORDER BY id LIMIT 1", rng.Int64N(int64(1+max(0, s.fleet.count("SELECT COUNT(*) FROM subscriber"))))).Scan(&id)
		if err != nil {
			continue // the database is away
		}
		_, ended, err := subscription.Do(s.t.Context(), s.ledger, subscription.Request{Subscriber: id, Proof: mailtoken.Unsubscribe, Action: subscription.Leave, At: time.Now()})
		if err != nil || !ended {
			continue
		}
		for tries := -1; tries < 0 && s.t.Context().Err() == nil; time.Sleep(time.Millisecond) {
			tries = s.fleet.count("SELECT COALESCE(SUM(attempts), 0) FROM delivery WHERE edition = $1 AND subscriber = $2", edition, id)
			left[id] = tries
		}
	}
}

// tally is what became of editions.
type tally struct{ mails, uncertain, doubles, left int }

func (a *tally) add(b tally) {
	a.mails += b.mails
	a.uncertain += b.uncertain
	a.doubles += b.doubles
	a.left += b.left
}

func (a *tally) String() string {
	return fmt.Sprintf("%d mails, %d uncertain, %d twice, %d left meanwhile", a.mails, a.uncertain, a.doubles, a.left)
}

// outcome is what the ledger says of an edition to somebody.
type outcome struct {
	ID               int64
	Email, Progress  string
	Resent, Attempts int
	Reply            string
	Active           bool
}

// account compares what the mail server has accepted of an edition with the ledger. left says how often
// those were tried who left meanwhile.
func (s *faults) account(edition int64, left map[int64]int) (sum tally) {
	s.t.Helper()
	rows, err := s.db.Query(s.t.Context(), `SELECT s.id, s.email, COALESCE(d.progress, ''), COALESCE(d.resent, 0), COALESCE(d.attempts, 0), COALESCE(d.reply, ''), s.status = 'active'
		FROM subscriber s LEFT JOIN delivery d ON d.subscriber = s.id AND d.edition = $1`, edition)
	s.check(err)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[outcome])
	s.check(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	var doubles []string
	for _, d := range all {
		n := s.mails[mailKey{edition, d.Email}]
		tries, has := left[d.ID]
		said := d.Resent
		if d.Progress == "uncertain" {
			said = 1
			sum.uncertain++
		}
		sum.uncertain += d.Resent
		sum.mails += n
		switch {
		case n > 1+d.Resent:
			s.t.Errorf("edition %d: %s got %d mails, and was sent again %d times", edition, d.Email, n, d.Resent)
		case n > 1 && s.uncertain == "hold":
			s.t.Errorf("edition %d: %s got %d mails although uncertain ones are held", edition, d.Email, n)
		case n == 0 && d.Progress == "sent":
			s.t.Errorf("edition %d: %s is sent, and got none", edition, d.Email)
		case n == 0 && d.Active && said == 0:
			s.t.Errorf("edition %d: %s got none: %s %s", edition, d.Email, d.Progress, d.Reply)
		case d.Active && d.Progress != "sent" && (s.uncertain == "resend" || d.Progress != "uncertain"):
			s.t.Errorf("edition %d: %s is %q: %s", edition, d.Email, d.Progress, d.Reply)
		}
		if n > 0 && !d.Active && !has {
			s.t.Errorf("edition %d: %s had left before, and got %d mails", edition, d.Email, n)
		}
		if has {
			sum.left++
			if n > tries || d.Attempts > tries {
				s.t.Errorf("edition %d: %s left after %d attempts, and got %d mails in %d attempts", edition, d.Email, tries, n, d.Attempts)
			}
		}
		if n > 1 {
			sum.doubles += n - 1
			doubles = append(doubles, d.Email)
		}
	}
	if most := s.hit * fleetConnections; sum.doubles > most {
		s.t.Errorf("edition %d: %d doubles, with %d processes hit", edition, sum.doubles, s.hit)
	}
	s.t.Logf("edition %d: %s, %d hit; twice: %s", edition, &sum, s.hit, strings.Join(doubles, " "))
	return sum
}
