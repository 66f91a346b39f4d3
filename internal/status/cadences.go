package status

import (
	"context"
	"fmt"
	"slices"
	"time"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/publish/editions"
)

// addCadences says when editions close, and which are due.
func (m *maker) addCadences(ctx context.Context) error {
	first, err := passstate.FirstPass(ctx, m.Ledger)
	if err != nil {
		return err
	}
	newest, err := m.Ledger.NewestNumber(ctx)
	if err != nil {
		return err
	}
	for _, cadence := range m.Config.Digest.Cadences {
		last, through, err := m.Ledger.LastClosed(ctx, cadence.Name)
		if err != nil {
			return err
		}
		c := Cadence{Name: cadence.Name, Last: m.time(last)}
		var due time.Time
		switch {
		case first.IsZero():
		case cadence.Schedule == nil && through < newest:
			due = m.lastLook()
		case cadence.Schedule != nil:
			due = m.fired(cadence, orElse(last, first))
		}
		if cadence.Schedule != nil {
			c.Next = m.time(editions.NextFire(cadence.Schedule, m.Now, m.Config.Site.Timezone))
		}
		if !due.IsZero() {
			c.Due, c.Why = m.time(due), m.why(cadence.Name, due)
		}
		m.report.Cadences = append(m.report.Cadences, c)
	}
	return nil
}

// why returns what an edition waits for that is due since a time.
func (m *maker) why(cadence string, due time.Time) string {
	open := slices.IndexFunc(m.report.Editions, func(e Edition) bool { return e.Cadence == cadence })
	looked := m.pass != nil && !m.pass.Began.Before(due)
	switch {
	case open >= 0:
		return fmt.Sprintf("edition %d is still under way", m.report.Editions[open].Number)
	case looked && m.posts.Held > 0:
		return "posts are held"
	case looked && m.posts.Waiting > 0:
		return "a post waits to settle, or for its date"
	}
	if !looked && m.Now.Sub(due) > latePass {
		m.find(Finding{Kind: KindOverdue, Since: m.time(due), Message: fmt.Sprintf("an edition of %s is due since %s, and no pass has run", cadence, m.time(due)),
			Hint: "have `publisher serve` run, or cron call `publisher run`"})
	}
	return "the next pass closes it if somebody is due something"
}

// orElse returns a time or, if it is zero, another one.
func orElse(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

// lastLook returns when the last pass began.
func (m *maker) lastLook() time.Time {
	if m.pass == nil {
		return m.Now
	}
	return m.pass.Began
}

// fired returns when the schedule of a cadence fired after last; zero if it has not.
func (m *maker) fired(cadence config.Cadence, last time.Time) time.Time {
	if last.After(m.Now.Add(ledger.MaxClockSkew)) {
		return time.Time{} // the clock was set back: the schedule continues from now
	}
	fire := editions.NextFire(cadence.Schedule, last, m.Config.Site.Timezone)
	if fire.After(m.Now) {
		return time.Time{}
	}
	return fire
}
