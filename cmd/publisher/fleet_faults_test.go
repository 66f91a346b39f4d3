//go:build postgres

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"time"
)

// faults happen to the machines of a fleet, one every few seconds.
type faults struct {
	*fleet
	rng *rand.Rand
	// apart is the longest time between two, longest that of one.
	apart, longest time.Duration
	leader         bool // it is always the leader's machine that something happens to
	joined         int
	under          sync.WaitGroup

	counting sync.Mutex
	counts   map[string]int
	hit      int // processes that may have left a delivery uncertain on each connection
}

func newFaults(f *fleet, seed uint64, apart, longest time.Duration) *faults {
	f.t.Cleanup(func() {
		if f.t.Failed() {
			f.t.Logf("run again with PUBLISHER_SEED=%d", seed)
		}
	})
	return &faults{fleet: f, rng: rand.New(rand.NewPCG(seed, 0)), apart: apart, longest: longest, counts: map[string]int{}}
}

// between returns a random time.
func (s *faults) between(least, most time.Duration) time.Duration {
	return least + time.Duration(s.rng.Int64N(int64(most-least)+1))
}

// fault is something that happens to a machine, for some time.
type fault struct {
	name string
	do   func(m *member, long time.Duration)
}

func (s *faults) kinds() []fault {
	all := []fault{
		{"kill -9", func(m *member, _ time.Duration) { m.signal(syscall.SIGKILL) }},
		{"SIGSTOP", func(m *member, long time.Duration) {
			m.signal(syscall.SIGSTOP)
			s.sleep(long)
			m.signal(syscall.SIGCONT)
		}},
		{"SIGTERM", func(m *member, _ time.Duration) { m.signal(syscall.SIGTERM) }},
		{"cut off", func(m *member, long time.Duration) {
			m.cutOff()
			s.sleep(long)
			m.rejoin()
		}},
	}
	if s.networks {
		return all
	}
	return append(all, []fault{
		{"black hole to PostgreSQL", s.inTheWay(toDB, holes)},
		{"cut from PostgreSQL", s.inTheWay(toDB, cuts)},
		{"delay to PostgreSQL", s.inTheWay(toDB, delays)},
		{"black hole to the mail server", s.inTheWay(toSink, holes)},
		{"cut from the mail server", s.inTheWay(toSink, cuts)},
		{"delay to the mail server", s.inTheWay(toSink, delays)},
	}...)
}

func toDB(m *member) *proxy   { return m.toDB }
func toSink(m *member) *proxy { return m.toSink }

// inTheWay returns what has a proxy be in the way for some time.
func (s *faults) inTheWay(of func(*member) *proxy, mode proxyMode) func(*member, time.Duration) {
	return func(m *member, long time.Duration) {
		of(m).set(mode)
		s.sleep(long)
		of(m).set(passes)
	}
}

// sleep waits, but not beyond the end of the test.
func (s *faults) sleep(long time.Duration) {
	select {
	case <-time.After(long):
	case <-s.t.Context().Done():
	}
}

// storm lets faults happen until ctx ends, and returns once the last one is over.
func (s *faults) storm(ctx context.Context) {
	for {
		pause := time.NewTimer(s.between(s.apart/2, s.apart))
		select {
		case <-pause.C:
			s.next()
		case <-ctx.Done():
			pause.Stop()
			s.under.Wait()
			return
		}
	}
}

// next lets one fault begin.
func (s *faults) next() {
	kinds := s.kinds()
	n, long := s.rng.IntN(len(kinds)+3), s.between(2*time.Second, s.longest)
	switch {
	case n == len(kinds):
		s.count("pg_ctl restart -m immediate", len(s.all()))
		s.postgres.Restart(s.t)
	case n == len(kinds)+1:
		s.count("pg_terminate_backend", len(s.all()))
		s.terminate()
	case n == len(kinds)+2:
		s.joinOrLeave()
	default:
		s.hitOne(kinds[n], long)
	}
}

// hitOne lets something happen to one machine, if there is one to which nothing happens.
func (s *faults) hitOne(kind fault, long time.Duration) {
	m := s.victim()
	if m == nil {
		return
	}
	s.count(kind.name+" of "+m.name, 1)
	s.under.Go(func() {
		kind.do(m, long)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.busy = false
	})
}

// terminate ends all connections of the machines.
func (f *fleet) terminate() {
	_, err := f.db.Exec(f.t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	if err != nil {
		f.t.Log(err)
	}
}

// mostMachines is how many there are at most before another one joins.
const mostMachines = 4

// joinOrLeave has another machine work, or one of those leave.
func (s *faults) joinOrLeave() {
	for _, m := range s.all() {
		if s.rng.IntN(2) == 0 && m.name[0] == 'j' && m.take() {
			s.count("leaves", 0)
			s.under.Go(func() { m.leave(syscall.SIGTERM) })
			return
		}
	}
	s.joined++
	if len(s.all()) > mostMachines {
		return
	}
	s.count("joins", 0)
	s.join(fmt.Sprintf("joined%d", s.joined), "work")
}

func (s *faults) count(name string, hit int) {
	s.counting.Lock()
	defer s.counting.Unlock()
	kind, _, _ := strings.Cut(name, " of ")
	s.counts[kind]++
	s.hit += hit
	s.t.Logf("%s %s", time.Now().UTC().Format("15:04:05.000"), name)
}

// victim takes a machine to which nothing else happens; nil if there is none.
func (s *faults) victim() *member {
	all := s.all()
	s.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, m := range all {
		if (!s.leader || m.leads()) && m.take() {
			return m
		}
	}
	return nil
}

// take reports whether nothing else happened to the machine.
func (m *member) take() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.busy
	m.busy = true
	return !was
}
