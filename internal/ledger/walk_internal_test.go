package ledger

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"publisher/internal/racedetector"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Random walks hold the ledger against a model that keeps, for each subscriber, a set of
// what is due instead of a cursor: nobody may miss a post, get one twice, or get one
// that is not theirs. PUBLISHER_WALKS asks for more of them.
func TestWalks(t *testing.T) {
	walks := 2_000
	switch n, err := strconv.Atoi(os.Getenv("PUBLISHER_WALKS")); {
	case err == nil:
		walks = n
	case racedetector.Enabled || testing.Short():
		walks = 100
	}
	seeds := make(chan uint64)
	var walkers sync.WaitGroup
	for range runtime.NumCPU() {
		l := walkLedger(t)
		walkers.Go(func() {
			for seed := range seeds {
				if t.Failed() {
					continue
				}
				if trace, fault := walkOnce(l, seed); fault != nil {
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

// walkLedger is one that is thrown away, and so need not be synced.
func walkLedger(t *testing.T) *Ledger {
	t.Helper()
	l, err := OpenCopy(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "none.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func walkOnce(l *Ledger, seed uint64) (trace []string, fault error) {
	w := &walk{l: l, rand: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC), withheld: map[int64]bool{},
		people: map[int64]*person{}, editions: map[int64]*walkEdition{}, closed: map[string]int64{}}
	defer func() {
		if failed, ok := recover().(walkFault); ok {
			trace, fault = w.trace, failed.error
		}
	}()
	w.reset()
	for range 3 + w.rand.IntN(2) {
		w.join()
	}
	for range 20 + w.rand.IntN(30) {
		w.step()
	}
	w.calm()
	w.verdict()
	return nil, nil
}

type walkFault struct{ error }

// walk is one of them.
type walk struct {
	l     *Ledger
	rand  *rand.Rand
	now   time.Time
	trace []string

	languages []string
	posts     []NumberedPost
	withheld  map[int64]bool
	people    map[int64]*person
	editions  map[int64]*walkEdition
	closed    map[string]int64 // through which number each cadence closed
	calming   bool
}

// person is what the model knows of a subscriber.
type person struct {
	email             string
	active            bool
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

// walkEdition is an edition as the sending side knows it.
type walkEdition struct {
	Edition
	own      Numbers
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

func (w *walk) reset() {
	ctx := context.Background()
	for _, table := range []string{"delivery", "digest", "bundle", "edition", "cadence", "subscriber", "post", "journal", "bounce", "pace"} {
		_, err := w.l.write.db.ExecContext(ctx, "DELETE FROM "+table)
		w.must(err)
	}
	_, err := w.l.write.db.ExecContext(ctx, "UPDATE pass_state SET digest_languages = ''")
	w.must(err)
	w.l.write.changes.Add(1)
}

// step does one of the things that happen.
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
		w.choose()
	case n < 84:
		w.hide()
	case n < 89:
		w.leaveOrReturn()
	case n < 92:
		w.cancel()
	case n < 96:
		w.retryEdition()
	case n < 98:
		w.join()
	default:
		w.switchLanguages()
	}
}

// calm lets everything come to rest: all posts can be shown, the server takes all.
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
		w.restart()
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

func (w *walk) subscriber(p *person) *Subscriber {
	s, err := w.l.Subscriber(context.Background(), p.email)
	w.must(err)
	if s == nil {
		w.fail("%s is not there", p.email)
	}
	return s
}

func (w *walk) selection(p *person) Selection {
	return Selection{Tags: p.tags, Language: digestLanguage(p.language, w.languages)}
}

func (w *walk) number() {
	tags := [][]string{nil, {"go"}, {"rust"}, {"go", "rust"}}[w.rand.IntN(4)]
	language := ""
	if len(w.languages) > 0 && w.rand.IntN(2) == 0 {
		language = "de"
	}
	id := fmt.Sprintf("post-%d", len(w.posts)+1)
	posts := []Post{{ID: id, Stage: Numbered, Tags: tags, Language: language, Read: true}}
	w.must(w.l.SavePosts(context.Background(), posts))
	p := NumberedPost{Seq: posts[0].Seq, ID: id, Tags: tags, Language: language}
	if p.Seq != int64(len(w.posts)+1) {
		w.fail("post %s got number %d", id, p.Seq)
	}
	w.note("number %d %v %q", p.Seq, tags, language)
	w.posts = append(w.posts, p)
	for _, s := range w.people {
		s.pending[p.Seq] = true
	}
}

func (w *walk) join() {
	email := fmt.Sprintf("s%d@example.com", len(w.people)+1)
	row := Row{Email: email, Cadence: walkCadences[w.rand.IntN(2)], Tags: [][]string{nil, {"go"}}[w.rand.IntN(2)]}
	_, err := w.l.Import(context.Background(), func(yield func(Row, error) bool) { yield(row, nil) }, ImportOptions{DefaultCadence: "often", Now: w.now})
	w.must(err)
	p := &person{email: email, active: true, cadence: row.Cadence, tags: row.Tags, pending: map[int64]bool{}, due: map[int64]bool{},
		got: map[int64]int{}, maybe: map[int64]int{}}
	w.people[w.subscriber(p).ID] = p
	w.note("join %s %s %v", email, p.cadence, p.tags)
}

// settleChoice is the model's: what closed under the choice of so far is due or over.
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
	_, err := w.l.SetPreferences(ctx, p.email, Choice{Cadence: &p.cadence, Language: &p.language, Tags: &p.tags}, "often", w.now)
	w.must(err)
}

func (w *walk) leaveOrReturn() {
	p := w.anyone()
	if p == nil {
		return
	}
	status := Unsubscribed
	if p.active {
		p.left, p.leftClosed = w.now, 0
		for _, e := range w.editions {
			if e.Cadence == p.cadence {
				p.leftClosed = max(p.leftClosed, e.Through)
			}
		}
		w.settleLeaving(p)
	} else {
		status = Active
		for seq := range p.pending {
			if seq <= w.closed[p.cadence] {
				delete(p.pending, seq)
			}
		}
		if w.now.Sub(p.left) > awayMost {
			clear(p.due)
		}
	}
	p.active = !p.active
	w.note("%s is %s", p.email, status)
	_, err := w.l.SetStatus(context.Background(), p.email, status, "often", w.now)
	w.must(err)
}

// settleLeaving is the model's: only what an edition had closed over is due to who leaves.
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
		if !p.active {
			return // what is due to who is away is held against the languages of the day
		}
	}
	for _, p := range w.people {
		w.settleUpTo(p, w.closed[p.cadence])
	}
	w.languages = []string{"en", "de"}
	w.note("languages %v", w.languages)
	var cadences []Audience
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

func (w *walk) audience(cadence, language string) Audience {
	return Audience{Cadence: cadence, Default: cadence == "often", Configured: walkCadences, Languages: w.languages, Language: language}
}

func (w *walk) anyone() *person {
	ids := slices.Sorted(maps.Keys(w.people))
	if len(ids) == 0 {
		return nil
	}
	return w.people[ids[w.rand.IntN(len(ids))]]
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

// back offers what can be shown again, as a pass does.
func (w *walk) back() {
	ctx := context.Background()
	missed, err := w.l.Withheld(ctx)
	w.must(err)
	back := missed.only(func(seq int64) bool { return !w.withheld[seq] })
	if len(back) > 0 {
		w.must(w.l.PostsReturned(ctx, back))
	}
	waiting, err := w.l.Waiting(ctx, w.now)
	w.must(err)
	for edition, digests := range waiting {
		for _, d := range digests {
			if len(d.Posts.only(func(seq int64) bool { return w.withheld[seq] })) == 0 {
				w.must(w.l.EndWait(ctx, edition, d.Number, w.now))
			}
		}
	}
}
