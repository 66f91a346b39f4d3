package walktest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/subscription"
)

func (w *walk) join() {
	email := fmt.Sprintf("s%d@example.com", len(w.people)+1)
	row := imports.Row{Email: email, Cadence: walkCadences[w.rand.IntN(2)], Tags: [][]string{nil, {"go"}}[w.rand.IntN(2)]}
	_, err := imports.Run(context.Background(), w.l, func(yield func(imports.Row, error) bool) { yield(row, nil) }, imports.Options{DefaultCadence: "often", Now: w.now})
	w.must(err)
	p := &person{email: email, active: true, cadence: row.Cadence, tags: row.Tags, pending: map[int64]bool{}, due: map[int64]bool{},
		got: map[int64]int{}, maybe: map[int64]int{}}
	w.people[w.subscriber(p).ID] = p
	w.note("join %s %s %v", email, p.cadence, p.tags)
}

// settleChoice updates the model when a choice changes: what editions closed over is
// either due or not, by the previous choice.
func (w *walk) settleChoice(p *person) { w.settleUpTo(p, w.closed[p.cadence]) }

func (w *walk) settleUpTo(p *person, closed int64) {
	for seq := range p.pending {
		if seq > closed {
			continue
		}
		if w.selection(p).Matches(w.posts[seq-1]) {
			p.due[seq] = true
		}
		delete(p.pending, seq)
	}
}

func (w *walk) choose() {
	p := w.anyone()
	if p == nil || !p.active {
		return
	}
	ctx := context.Background()
	next := *p
	switch w.rand.IntN(3) {
	case 0:
		next.tags = [][]string{nil, {"go"}, {"rust"}}[w.rand.IntN(3)]
	case 1:
		next.cadence = walkCadences[w.rand.IntN(2)]
	case 2:
		next.language = []string{"", "de"}[w.rand.IntN(2)]
	}
	if next.cadence != p.cadence || next.language != p.language || !slices.Equal(next.tags, p.tags) {
		w.settleChoice(p)
	}
	p.tags, p.cadence, p.language = next.tags, next.cadence, next.language
	w.note("%s chooses %s %v %q", p.email, p.cadence, p.tags, p.language)
	_, err := w.l.SetPreferences(ctx, p.email, ledger.Choice{Cadence: &p.cadence, Language: &p.language, Tags: &p.tags}, "often", w.now)
	w.must(err)
}

func (w *walk) pauseOrErase() {
	if w.rand.IntN(5) == 0 {
		w.erase()
	} else {
		w.pause()
	}
}

func (w *walk) erase() {
	p := w.anyone()
	if p == nil {
		return
	}
	w.note("%s is erased", p.email)
	got, err := erasure.Erase(context.Background(), w.l, []string{p.email}, w.now)
	w.must(err)
	if !got[0].Known {
		w.fail("nothing was known of %s", p.email)
	}
	p.active, p.erased = false, true
}

// pause has somebody pause for up to two days, or end a pause.
func (w *walk) pause() {
	p := w.anyone()
	if p == nil || !p.active {
		return
	}
	p.paused = time.Time{}
	if w.rand.IntN(3) > 0 {
		p.paused = w.now.Add(time.Duration(w.rand.IntN(48*60)) * time.Minute)
	}
	w.note("%s pauses until %s", p.email, p.paused)
	_, _, err := subscription.Do(context.Background(), w.l, subscription.Request{Subscriber: w.subscriber(p).ID, Proof: mailtoken.Preferences, Action: subscription.Pause, Until: p.paused, DefaultCadence: "often", At: w.now})
	w.must(err)
}

func (w *walk) leaveOrReturn() {
	p := w.anyone()
	if p == nil {
		return
	}
	status := ledger.Unsubscribed
	if p.active {
		p.left, p.leftClosed = w.now, 0
		for _, e := range w.editions {
			if e.Cadence == p.cadence {
				p.leftClosed = max(p.leftClosed, e.Through)
			}
		}
		w.settleLeaving(p)
	} else {
		status = ledger.Active
		for seq := range p.pending {
			if seq <= w.closed[p.cadence] {
				delete(p.pending, seq)
			}
		}
		if w.now.Sub(p.left) > walkAwayMost {
			clear(p.due)
		}
	}
	p.active = !p.active
	w.note("%s is %s", p.email, status)
	_, err := w.l.SetStatus(context.Background(), p.email, status, "often", w.now)
	w.must(err)
}

// settleLeaving updates the model when a subscriber leaves: only what an edition had
// closed over is due.
func (w *walk) settleLeaving(p *person) {
	for seq := range p.pending {
		if seq <= p.leftClosed {
			if w.selection(p).Matches(w.posts[seq-1]) {
				p.due[seq] = true
			}
			delete(p.pending, seq)
		}
	}
}

func (w *walk) switchLanguages() {
	if w.languages != nil {
		return // posts in German would be nobody's in one language
	}
	for _, p := range w.people {
		if !p.active && !p.erased {
			return // what is due to who is away is held against the languages of the day
		}
	}
	for _, p := range w.people {
		w.settleUpTo(p, w.closed[p.cadence])
	}
	w.languages = []string{"en", "de"}
	w.note("languages %v", w.languages)
	var cadences []ledger.Audience
	for _, c := range walkCadences {
		cadences = append(cadences, w.audience(c, ""))
	}
	w.must(w.l.SetDigestLanguages(context.Background(), w.languages, cadences, w.now))
	for _, e := range w.editions {
		if !e.done {
			delete(w.closed, e.Cadence)
			e.done = true
		}
	}
}

func (w *walk) audience(cadence, language string) ledger.Audience {
	return ledger.Audience{Cadence: cadence, Default: cadence == "often", Configured: walkCadences, Languages: w.languages, Language: language}
}

func (w *walk) anyone() *person {
	ids := slices.Sorted(maps.Keys(w.people))
	ids = slices.DeleteFunc(ids, func(id int64) bool { return w.people[id].erased })
	if len(ids) == 0 {
		return nil
	}
	return w.people[ids[w.rand.IntN(len(ids))]]
}
