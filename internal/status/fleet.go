package status

import (
	"cmp"
	"context"
	"fmt"
)

// Fleet is what several processes with a ledger in PostgreSQL do.
type Fleet struct {
	Lease     *Lease           `json:"lease,omitempty"` // of the passes; absent if nobody has it
	Batches   []EditionBatches `json:"batches"`         // of editions that are handed out
	TakeOvers TakeOvers        `json:"takeovers"`
	Queues    []Queue          `json:"queues"` // River's
	Places    Places           `json:"places"`
}

// Places is what processes have of mail.smtp.rate, which they share.
type Places struct {
	Held int `json:"held"`             // may be used at once
	Used int `json:"used_last_minute"` // by mails
}

// Lease is who makes the passes.
type Lease struct {
	Holder string  `json:"holder"`
	Left   float64 `json:"seconds_left"` // until another process may take it, unless it is renewed
}

// EditionBatches is how many batches of an edition wait, are worked and are done.
type EditionBatches struct {
	Edition int64 `json:"edition"`
	Open    int   `json:"open"`
	Held    int   `json:"held"`
	Done    int   `json:"done"`
}

// TakeOvers is how often processes were declared dead.
type TakeOvers struct {
	Count int64      `json:"count"` // so far
	Last  []TakeOver `json:"last"`  // the newest first
}

// TakeOver is what others took over from a process.
type TakeOver struct {
	Host      string `json:"host"`
	Process   int64  `json:"process"` // its id on the host
	At        string `json:"at"`
	Batches   int    `json:"batches"`
	Uncertain int    `json:"uncertain"` // mails in flight
}

// Queue is how many jobs of a queue are in a state.
type Queue struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Jobs  int    `json:"jobs"`
}

// addFleet says what the processes that deliver do, and what is wrong in each.
func (m *maker) addFleet(context.Context) error {
	if m.Fleet == nil {
		return nil
	}
	for _, p := range m.Fleet.Processes {
		m.report.Processes = append(m.report.Processes, Process{Host: p.Host, Process: p.Process, Command: p.Command, Version: p.Version,
			Began: m.time(p.Began), Beat: m.time(p.Beat), Silent: p.Silent.Seconds(), Dead: p.Dead, Ended: m.time(p.Ended), Batches: p.Batches})
		if p.Dead {
			continue
		}
		for _, t := range p.Troubles {
			m.find(Finding{Kind: KindProcess, Decide: t.Decide, Message: fmt.Sprintf("%s (process %d on %s): %s", p.Command, p.Process, p.Host, oneLine(t.Message)),
				Hint: cmp.Or(oneLine(t.Hint), "its log says more")})
		}
	}
	f := &Fleet{Batches: []EditionBatches{}, TakeOvers: TakeOvers{Count: m.Fleet.TakeOvers, Last: []TakeOver{}}, Queues: []Queue{}}
	f.Places = Places(m.Fleet.Places)
	if lease := m.Fleet.Lease; lease.Holder != "" {
		f.Lease = &Lease{lease.Holder, lease.Left.Seconds()}
	}
	for _, b := range m.Fleet.Batches {
		f.Batches = append(f.Batches, EditionBatches{b.Edition, b.Open, b.Held, b.Done})
	}
	for _, t := range m.Fleet.LastTaken {
		f.TakeOvers.Last = append(f.TakeOvers.Last, TakeOver{t.Host, t.Process, m.time(t.At), t.Batches, t.Uncertain})
	}
	for _, j := range m.Fleet.Jobs {
		f.Queues = append(f.Queues, Queue{j.Queue, j.State, j.Count})
	}
	m.report.Fleet = f
	return nil
}
