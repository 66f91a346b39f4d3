package walktest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"publisher/internal/ledger"
)

// close closes editions of a cadence, or records that nothing was due, unless one is
// unfinished.
func (w *walk) close(cadence string) {
	ctx := context.Background()
	for _, e := range w.editions {
		if e.Cadence == cadence && !e.done {
			return
		}
	}
	through := int64(len(w.posts))
	var closing []*ledger.Edition
	for _, language := range append([]string{""}, w.languages[min(1, len(w.languages)):]...) {
		groups, err := w.l.RecipientGroups(ctx, w.audience(cadence, language), through, w.now)
		w.must(err)
		var all ledger.Numbers
		recipients := 0
		for _, g := range groups {
			due := only(g.UpTo(w.posts, ledger.Selection{Tags: g.Tags, Language: language}, through), w.shown)
			if len(due) > 0 {
				recipients += g.Count
				all = all.Union(due)
			}
		}
		if recipients > 0 {
			closing = append(closing, &ledger.Edition{Cadence: cadence, Language: language, Closed: w.now, Through: through, Posts: w.ids(all), Recipients: recipients})
		}
	}
	w.closed[cadence] = through
	if len(closing) == 0 {
		w.must(w.l.CloseEmpty(ctx, cadence, w.now, through))
		return
	}
	w.must(w.l.CloseEditions(ctx, closing...))
	for _, e := range closing {
		w.note("close edition %d of %s %q through %d: %v to %d", e.Number, cadence, e.Language, through, e.Posts, e.Recipients)
		w.editions[e.Number] = &walkEdition{Edition: *e, own: w.seqs(e.Posts)}
	}
}

func (w *walk) shown(seq int64) bool { return !w.withheld[seq] }

func (w *walk) ids(n ledger.Numbers) (ids []string) {
	for _, seq := range n {
		ids = append(ids, w.posts[seq-1].ID)
	}
	return ids
}

func (w *walk) seqs(ids []string) (n ledger.Numbers) {
	for _, p := range w.posts {
		if slices.Contains(ids, p.ID) {
			n = append(n, p.Seq)
		}
	}
	return n
}

// some returns an edition that meets the condition; nil if there is none.
func (w *walk) some(condition func(*walkEdition) bool) *walkEdition {
	var found []*walkEdition
	for _, number := range slices.Sorted(maps.Keys(w.editions)) {
		if condition(w.editions[number]) {
			found = append(found, w.editions[number])
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found[w.rand.IntN(len(found))]
}

// deliver goes to some of an edition's recipients.
func (w *walk) deliver() {
	ctx := context.Background()
	e := w.some(func(e *walkEdition) bool { return !e.done })
	if e == nil {
		return
	}
	for after := int64(0); ; {
		page, err := w.l.Recipients(ctx, e.Number, w.audience(e.Cadence, e.Language), after, 2, w.now)
		w.must(err)
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			after = r.ID
			if !w.calming && w.rand.IntN(5) == 0 {
				w.choose() // between reading and sending
			}
			if !w.calming && w.rand.IntN(10) == 0 {
				w.leaveOrReturn()
			}
			if !w.calming && w.rand.IntN(8) == 0 {
				w.pauseOrErase()
			}
			w.first(e, r)
		}
		if !w.calming && w.rand.IntN(3) == 0 {
			return
		}
	}
	w.must(w.l.FinishEdition(ctx, e.Number, w.now))
	e.done = true
}

// deliverAll finishes every edition.
func (w *walk) deliverAll() {
	for w.some(func(e *walkEdition) bool { return !e.done }) != nil {
		w.deliver()
	}
}

// first is the first attempt for a recipient of an edition.
func (w *walk) first(e *walkEdition, r ledger.Recipient) {
	due := r.UpTo(w.posts, ledger.Selection{Tags: r.Tags, Language: e.Language}, e.Through)
	posts, withheld, away := w.share(e, due, nil)
	withheld = only(withheld, func(seq int64) bool { return seq > r.Cursor })
	if len(posts) == 0 {
		return
	}
	ctx := context.Background()
	digest, err := w.l.FindDigest(ctx, e.Number, posts, withheld)
	w.must(err)
	p := w.people[r.ID]
	if away {
		w.note("%s waits for edition %d: %v", p.email, e.Number, posts)
		_, err := w.l.Record(ctx, &ledger.Result{Edition: e.Number, Subscriber: r.ID, After: r.Cursor, Through: e.Through, Digest: digest,
			Status: ledger.Deferred, PostHidden: true, Next: w.now.Add(time.Hour), At: w.now}, nil)
		w.must(err)
		return
	}
	begun, err := w.l.Record(ctx, nil, &ledger.Intent{Edition: e.Number, Subscriber: r.ID, After: r.Cursor, Owed: r.Owed, Through: e.Through, Digest: digest, At: w.now})
	w.must(err)
	if begun {
		w.send(e, p, r.ID, posts, false)
	}
}

// share divides what is due, and adds to the edition what it lacks.
func (w *walk) share(e *walkEdition, due, kept ledger.Numbers) (posts, withheld ledger.Numbers, waits bool) {
	posts, withheld, waits = ledger.SplitDue(due, e.own, func(seq int64) ledger.Visibility {
		if w.withheld[seq] {
			return ledger.Hidden
		}
		return ledger.Shown
	})
	if more := posts.Minus(e.own); len(more) > 0 {
		e.own = e.own.Union(more)
		e.Posts = w.ids(e.own)
		w.must(w.l.ExtendEdition(context.Background(), &e.Edition))
	}
	return posts, withheld.Union(kept), waits
}

// send is a message's body and the server's reply.
func (w *walk) send(e *walkEdition, p *person, id int64, posts ledger.Numbers, again bool) {
	if !p.active {
		w.fail("a mail to %s begins after they left", p.email)
	}
	if p.erased {
		w.fail("edition %d goes to %s, who was erased", e.Number, p.email)
	}
	if w.now.Before(p.paused) {
		w.fail("edition %d goes to %s, who pauses until %s", e.Number, p.email, p.paused)
	}
	for _, seq := range posts {
		if w.withheld[seq] {
			w.fail("post %d is shown to %s though it is withheld", seq, p.email)
		}
		if !again && !p.due[seq] && !(p.pending[seq] && w.selection(p).Matches(w.posts[seq-1])) {
			w.fail("edition %d shows %s post %d, which is not due", e.Number, p.email, seq)
		}
	}
	r := ledger.Result{Edition: e.Number, Subscriber: id, At: w.now, Code: 250, Status: ledger.Sent}
	outcome := w.rand.IntN(100)
	if w.calming {
		outcome = 0
	}
	switch {
	case outcome < 55:
		w.take(p, posts)
	case outcome < 68:
		r.Status, r.Code, r.Next = ledger.Deferred, 451, w.now.Add(time.Hour)
	case outcome < 74:
		r.Status, r.Code = ledger.Failed, 554
	case outcome < 80:
		r.Status, r.Code, r.KeepCursor = ledger.Failed, 451, true
	case outcome < 86:
		w.perhaps(p, posts)
		r.Status, r.Code, r.Resend, r.Next = ledger.Deferred, 0, true, w.now
	case outcome < 92:
		w.perhaps(p, posts)
		r.Status, r.Code = ledger.Uncertain, 0
	default:
		w.perhaps(p, posts)
		w.note("killed while sending edition %d %v to %s", e.Number, posts, p.email)
		return
	}
	w.note("edition %d %v to %s: %s", e.Number, posts, p.email, r.Status)
	_, err := w.l.Record(context.Background(), &r, nil)
	w.must(err)
	w.settled(e, p, posts, r)
}

// settled updates the model: posts that the result settles are no longer due.
func (w *walk) settled(e *walkEdition, p *person, posts ledger.Numbers, r ledger.Result) {
	over := r.Status == ledger.Sent || r.Status == ledger.Uncertain || r.Status == ledger.Failed && !r.KeepCursor
	if !over && !e.canceled {
		return
	}
	for _, seq := range posts {
		delete(p.due, seq)
		delete(p.pending, seq)
	}
	if p.active {
		w.passed(p, e.Through)
	}
}

// passed updates the model: posts that match and were not shown stay due.
func (w *walk) passed(p *person, through int64) {
	for seq := range p.pending {
		if seq <= through {
			if w.selection(p).Matches(w.posts[seq-1]) {
				p.due[seq] = true
			}
			delete(p.pending, seq)
		}
	}
}

func (w *walk) take(p *person, posts ledger.Numbers) {
	for _, seq := range posts {
		p.got[seq]++
	}
}

// perhaps is a message that may or may not have arrived.
func (w *walk) perhaps(p *person, posts ledger.Numbers) {
	if w.rand.IntN(2) == 0 {
		w.take(p, posts)
		for _, seq := range posts {
			p.maybe[seq]++
		}
	}
}

func (w *walk) digest(e *walkEdition, number int64) ledger.Digest {
	all, err := w.l.Digests(context.Background(), e.Number)
	w.must(err)
	for _, d := range all {
		if d.Number == number {
			return d
		}
	}
	w.fail("edition %d has no digest %d", e.Number, number)
	return ledger.Digest{}
}

// retryDeferred retries the deliveries that are due again.
func (w *walk) retryDeferred() {
	ctx := context.Background()
	found, err := w.l.Deferred(ctx, w.now, 0, 0, 100)
	w.must(err)
	for _, d := range found {
		e, p := w.editions[d.Edition], w.people[d.Subscriber]
		held := w.digest(e, d.Digest)
		still := held.Posts
		if !d.ManualRetry {
			still = w.subscriber(p).Filter(held.Posts)
		}
		posts, withheld, away := w.share(e, still, held.Withheld)
		withheld = only(withheld, func(seq int64) bool { return seq > w.subscriber(p).Cursor })
		if len(posts) == 0 {
			_, err := w.l.Record(ctx, &ledger.Result{Edition: d.Edition, Subscriber: d.Subscriber, Status: ledger.Failed, At: w.now}, nil)
			w.must(err)
			w.settled(e, p, nil, ledger.Result{Status: ledger.Failed})
			continue
		}
		digest := d.Digest
		if posts.String() != held.Posts.String() {
			digest, err = w.l.FindDigest(ctx, e.Number, posts, withheld)
			w.must(err)
		}
		if away {
			_, err := w.l.Record(ctx, &ledger.Result{Edition: d.Edition, Subscriber: d.Subscriber, After: d.After, Through: d.Through, Digest: digest,
				Status: ledger.Deferred, PostHidden: true, Next: w.now.Add(time.Hour), At: w.now}, nil)
			w.must(err)
			continue
		}
		begun, err := w.l.Record(ctx, nil, &ledger.Intent{Edition: d.Edition, Subscriber: d.Subscriber, After: d.After, Through: d.Through, Digest: digest, At: w.now})
		w.must(err)
		if begun {
			w.send(e, p, d.Subscriber, posts, d.ManualRetry)
		}
	}
}

// restart settles what a crash interrupted.
func (w *walk) restart() {
	ctx := context.Background()
	left, err := w.l.Interrupted(ctx)
	w.must(err)
	for _, d := range left {
		e, p := w.editions[d.Edition], w.people[d.Subscriber]
		r := ledger.Result{Edition: d.Edition, Subscriber: d.Subscriber, Status: ledger.Deferred, Resend: true, Next: w.now, At: w.now}
		if w.rand.IntN(3) == 0 {
			r.Status, r.Resend = ledger.Uncertain, false
		}
		w.note("edition %d to %s was cut short: %s", d.Edition, p.email, r.Status)
		_, err := w.l.Record(ctx, &r, nil)
		w.must(err)
		w.settled(e, p, w.digest(e, d.Digest).Posts, r)
	}
}

func (w *walk) retryEdition() {
	e := w.some(func(*walkEdition) bool { return true })
	if e == nil {
		return
	}
	n, err := w.l.Retry(context.Background(), e.Number, time.UnixMicro(0), w.now)
	w.must(err)
	w.note("retry edition %d: %d", e.Number, n)
}

func (w *walk) cancel() {
	ctx := context.Background()
	e := w.some(func(e *walkEdition) bool { return !e.canceled })
	if e == nil {
		return
	}
	waiting := map[int64]bool{}
	for d, err := range w.l.Deliveries(ctx, e.Number, ledger.Deferred) {
		w.must(err)
		waiting[d.Subscriber] = true
	}
	canceled, err := w.l.CancelEdition(ctx, e.Number, w.audience(e.Cadence, e.Language), w.now)
	w.must(err)
	if !canceled {
		return
	}
	w.note("cancel edition %d %v", e.Number, fmt.Sprint(e.own))
	e.canceled, e.done = true, true
	for id, p := range w.people {
		if !waiting[id] && (p.cadence != e.Cadence || w.selection(p).Language != e.Language) {
			continue
		}
		w.passed(p, e.Through)
		for _, seq := range e.own {
			delete(p.due, seq)
		}
	}
}
