// Package walktest compares a ledger on random walks with a simple model of what it promises.
package walktest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/racedetector"
)

// Reset empties a ledger, so that not every walk needs a new one.
type Reset func() error

// Run compares the ledger on random walks with a model that keeps, for each subscriber, a
// set of posts due instead of a cursor: nobody may miss a post, receive one twice, or
// receive one that was not for them. PUBLISHER_WALKS sets another number of walks.
func Run(t *testing.T, walks int, open func(*testing.T) (*ledger.Ledger, Reset)) {
	switch n, err := strconv.Atoi(os.Getenv("PUBLISHER_WALKS")); {
	case err == nil:
		walks = n
	case racedetector.Enabled || testing.Short():
		walks = min(walks, 100)
	}
	seeds := make(chan uint64)
	var walkers sync.WaitGroup
	for range runtime.NumCPU() {
		l, reset := open(t)
		walkers.Go(func() {
			for seed := range seeds {
				if t.Failed() {
					continue
				}
				if trace, fault := walkOnce(l, reset, seed, func(*walk) {}); fault != nil {
					t.Errorf("walk %d: %v\n%s", seed, fault, strings.Join(trace, "\n"))
				}
			}
		})
	}
	for seed := range walks {
		seeds <- uint64(seed)
	}
	close(seeds)
	walkers.Wait()
}

// walkOnce does the walk with a seed, and calls after after each step.
func walkOnce(l *ledger.Ledger, reset Reset, seed uint64, after func(*walk)) (trace []string, fault error) {
	w := &walk{l: l, rand: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), withheld: map[int64]bool{},
		people: map[int64]*person{}, editions: map[int64]*walkEdition{}, closed: map[string]int64{}}
	defer func() {
		if failed, ok := recover().(walkFault); ok {
			trace, fault = w.trace, failed.error
		}
	}()
	w.must(reset())
	for range 3 + w.rand.IntN(2) {
		w.join()
	}
	for range 20 + w.rand.IntN(30) {
		w.step()
		after(w)
	}
	w.calm()
	after(w)
	w.verdict()
	return w.trace, nil
}

type walkFault struct{ error }

// walk is one random walk.
type walk struct {
	l     *ledger.Ledger
	rand  *rand.Rand
	now   time.Time
	trace []string

	languages []string
	posts     []ledger.NumberedPost
	withheld  map[int64]bool
	people    map[int64]*person
	editions  map[int64]*walkEdition
	closed    map[string]int64 // through which number each cadence closed
	imports   []walkImport
	calming   bool
}

// person is what the model knows about a subscriber.
type person struct {
	email             string
	paused            time.Time // until then
	active            bool
	erased            bool // and not active
	left              time.Time
	leftClosed        int64 // through which edition the cadence had closed by then
	cadence, language string
	tags              []string

	// pending waits for an edition of the cadence to close over it; due was not dealt
	// with when one did.
	pending, due map[int64]bool
	got          map[int64]int
	maybe        map[int64]int // how often it was taken and nobody knew
}

// walkEdition is an edition as the sender knows it.
type walkEdition struct {
	ledger.Edition
	own      ledger.Numbers
	done     bool
	canceled bool
}

var walkCadences = []string{"often", "seldom"}

func (w *walk) must(err error) {
	if err != nil {
		panic(walkFault{err})
	}
}

func (w *walk) fail(format string, args ...any) { panic(walkFault{fmt.Errorf(format, args...)}) }

func (w *walk) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// step does one of the things that can happen.
func (w *walk) step() {
	w.now = w.now.Add(time.Duration(1+w.rand.IntN(100)) * time.Minute)
	switch n := w.rand.IntN(100); {
	case n < 16:
		w.number()
	case n < 34:
		w.close(walkCadences[w.rand.IntN(len(walkCadences))])
	case n < 56:
		w.deliver()
	case n < 66:
		w.retryDeferred()
	case n < 70:
		w.restart()
	case n < 78:
		w.chooseOrImport()
	case n < 84:
		w.hide()
	case n < 89:
		w.leaveOrReturn()
	case n < 92:
		w.cancel()
	case n < 96:
		w.retryEdition()
	case n < 97:
		w.join()
	case n < 98:
		w.pauseOrErase()
	default:
		w.switchLanguages()
	}
}

// calm lets everything finish: all posts can be shown, and the server accepts everything.
func (w *walk) calm() {
	w.calming = true
	w.note("calm")
	for seq := range w.withheld {
		delete(w.withheld, seq)
	}
	w.back()
	w.number() // something newer, for those who were given up
	for _, p := range w.posts {
		if w.withheld[p.Seq] {
			w.fail("post %d is withheld", p.Seq)
		}
	}
	for range 4 {
		w.now = w.now.Add(72 * time.Hour)
		w.back() // a retry may have been composed without a post that is back
		w.restart()
		w.back() // as each pass does: a retry may have made a digest that withholds what is back
		w.retryDeferred()
		for _, cadence := range walkCadences {
			w.deliverAll()
			w.close(cadence)
		}
		w.deliverAll()
	}
}

func (w *walk) verdict() {
	for _, p := range w.people {
		if !p.active {
			continue
		}
		for seq := range p.due {
			w.fail("%s never got post %d; the ledger says %+v", p.email, seq, w.subscriber(p).Due)
		}
		for seq := range p.pending {
			if w.selection(p).Matches(w.posts[seq-1]) {
				w.fail("%s still waits for post %d; the ledger says %+v", p.email, seq, w.subscriber(p).Due)
			}
		}
		for seq, n := range p.got {
			if n > 1+p.maybe[seq] {
				w.fail("%s got post %d %d times", p.email, seq, n)
			}
		}
	}
}

func (w *walk) subscriber(p *person) *ledger.Subscriber {
	s, err := w.l.Subscriber(context.Background(), p.email)
	w.must(err)
	if s == nil {
		w.fail("%s is not there", p.email)
	}
	return s
}

func (w *walk) selection(p *person) ledger.Selection {
	return ledger.Selection{Tags: p.tags, Language: w.reads(p.language)}
}

// reads returns which of the languages with digests of their own a subscriber reads in; ""
// is the site's.
func (w *walk) reads(language string) string {
	if len(w.languages) > 0 && (language == "de" || strings.HasPrefix(language, "de-")) {
		return "de"
	}
	return ""
}

// only returns the numbers for which keep returns true.
func only(n ledger.Numbers, keep func(int64) bool) (kept ledger.Numbers) {
	for _, seq := range n {
		if keep(seq) {
			kept = append(kept, seq)
		}
	}
	return kept
}

// walkAwayMost is how long a subscription may have ended before posts due at that time are
// not sent any more.
const walkAwayMost = 7 * 24 * time.Hour

func (w *walk) number() {
	tags := [][]string{nil, {"go"}, {"rust"}, {"go", "rust"}}[w.rand.IntN(4)]
	language := ""
	if len(w.languages) > 0 && w.rand.IntN(2) == 0 {
		language = "de"
	}
	id := fmt.Sprintf("post-%d", len(w.posts)+1)
	posts := []ledger.Post{{ID: id, Stage: ledger.Numbered, Tags: tags, Language: language, Read: true}}
	w.must(w.l.SavePosts(context.Background(), posts))
	p := ledger.NumberedPost{Seq: posts[0].Seq, ID: id, Tags: tags, Language: language}
	if p.Seq != int64(len(w.posts)+1) {
		w.fail("post %s got number %d", id, p.Seq)
	}
	w.note("number %d %v %q", p.Seq, tags, language)
	w.posts = append(w.posts, p)
	for _, s := range w.people {
		s.pending[p.Seq] = true
	}
}

func (w *walk) hide() {
	if len(w.posts) == 0 || w.calming {
		return
	}
	seq := 1 + w.rand.Int64N(int64(len(w.posts)))
	w.withheld[seq] = !w.withheld[seq]
	w.note("post %d withheld: %v", seq, w.withheld[seq])
	if !w.withheld[seq] {
		w.back()
	}
}

// back offers posts that can be shown again, as a pass does.
func (w *walk) back() {
	ctx := context.Background()
	missed, err := w.l.Withheld(ctx)
	w.must(err)
	back := only(missed, func(seq int64) bool { return !w.withheld[seq] })
	if len(back) > 0 {
		w.must(w.l.PostsReturned(ctx, back))
	}
	waiting, err := w.l.Waiting(ctx, w.now)
	w.must(err)
	for edition, digests := range waiting {
		for _, d := range digests {
			if len(only(d.Posts, func(seq int64) bool { return w.withheld[seq] })) == 0 {
				w.must(w.l.EndWait(ctx, edition, d.Number, w.now))
			}
		}
	}
}
