package work

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/postgres/fleet"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/notices"
	"publisher/mailer/smtp"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

const (
	// atOnce is how many batches are worked at a time, so that the end of one hides in the other.
	atOnce = 2
	// longestBatch is how long a batch is worked until its rest is handed out anew.
	longestBatch = 20 * time.Second
	// fetchCooldown is how long River waits at least between two looks for jobs.
	fetchCooldown = 10 * time.Millisecond
	// fetchPoll is how often River looks where nobody told it of a job.
	fetchPoll = time.Second
	// rescueAfter is River's own rescue of jobs, which has nothing to do here: a batch whose worker is
	// dead gets a new job long before.
	rescueAfter = 10 * time.Minute
	// serverPause is how long a mail server that cannot be used is left alone.
	serverPause = 5 * time.Second
	// lookForLate is how often results are looked for that earlier lives have left.
	lookForLate = 2 * time.Second
	// postsFor is how long what was read of the posts is used.
	postsFor = 2 * time.Second
)

// life is what one life of a process works with.
type life struct {
	Options
	worker   *postgres.Worker
	sender   *delivery.Sender
	stored   *editions.Stored
	join     *delivery.Join
	first    *notices.First // the notices before join; nil: none are sent
	queue    smtp.Queue     // both
	reporter *reporter
	wake     chan struct{}   // receives when a batch was added
	ending   context.Context // nothing new is begun once it has ended
	last     context.Context // what is under way has to end once it has
	end      context.CancelCauseFunc

	agreement agreement
	settings  atomic.Int64 // the version that this process agrees with
	told      []fleet.Trouble
	recheck   chan struct{} // receives when the settings of the passes have changed
	failed    func(slog.Level, string, error)

	mu      sync.Mutex
	posts   *delivery.Stored
	readAt  time.Time
	readFor int64 // the newest batch before that
}

func newLife(ctx context.Context, o Options, w *postgres.Worker, sender *delivery.Sender) (*life, error) {
	join := delivery.NewJoin()
	l := &life{Options: o, worker: w, sender: sender, stored: editions.NewStored(o.Config, w.Ledger), join: join, queue: join,
		reporter: newReporter(w.Batches, join.Stop), wake: make(chan struct{}, 1),
		recheck: make(chan struct{}, 1), failed: onChange(o.Log)}
	if o.Notices == nil {
		return l, nil
	}
	q, err := o.Notices.Open(ctx, w.Ledger)
	if err != nil {
		return nil, err
	}
	l.first = notices.NewFirst(q)
	l.first.Add(join)
	l.queue = l.first
	return l, q.Refresh(ctx)
}

func (l *life) options() delivery.Options {
	return delivery.Options{Config: l.Config, Ledger: l.worker.Ledger, Log: l.Log, Now: l.Now, Progress: l.Progress, Metrics: l.Metrics}
}

// refill has what was added to join sent.
func (l *life) refill() {
	if l.first != nil {
		l.first.Refill()
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run delivers until ctx ends, or the worker is dead.
func (l *life) run(ctx context.Context) error {
	l.ending, l.end = context.WithCancelCause(ctx)
	defer l.end(nil)
	last, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	l.last = last
	defer giveUp()
	defer context.AfterFunc(l.worker.Lost(), func() { l.end(context.Cause(l.worker.Lost())) })()
	workers := river.NewWorkers()
	river.AddWorker(workers, &batchWorker{life: l})
	client, err := river.NewClient(riverpgxv5.New(l.worker.Pool()), &river.Config{
		ID: clientID(l.worker.ID), Workers: workers, Queues: map[string]river.QueueConfig{postgres.MailQueue: {MaxWorkers: atOnce}},
		FetchCooldown: fetchCooldown, FetchPollInterval: fetchPoll, JobTimeout: -1, RescueStuckJobsAfter: rescueAfter,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	var helpers sync.WaitGroup
	helpers.Go(func() { l.worker.Watch(l.ending, l.Config.Mail.HoldsUncertain(), l.Now, note(l.Log)) })
	helpers.Go(l.deliver)
	helpers.Go(func() { l.reporter.run(l.ending, l.complain) })
	if n := l.Notices; n != nil {
		helpers.Go(func() { l.first.Watch(l.ending, n.Poll, n.Woken, n.Note) })
	}
	helpers.Go(l.recordLate)
	<-l.ending.Done()
	stopping, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := client.Stop(stopping); err != nil {
		l.Log.Warn("batches are not given back; other processes take them over", "error", err)
		giveUp()
		l.worker.GiveUp()
		l.cancelJobs(client)
	}
	helpers.Wait()
	if cause := context.Cause(l.ending); ctx.Err() == nil {
		return cause
	}
	return nil
}

// cancelJobs ends jobs that do not end by themselves.
func (l *life) cancelJobs(client *river.Client[pgx.Tx]) {
	at, cancel := context.WithTimeout(context.Background(), cancelTime)
	defer cancel()
	if err := client.StopAndCancel(at); err != nil {
		l.Log.Warn("stopping", "error", err)
	}
}

// deliver sends the notices and what is in the batches, whenever there are some.
func (l *life) deliver() {
	var refilled <-chan struct{}
	if l.first != nil {
		refilled = l.first.Refilled()
	}
	for {
		select {
		case <-l.wake:
		case <-refilled:
		case <-l.ending.Done():
			l.join.Abandon()
			return
		}
		for more := true; more && l.ending.Err() == nil; {
			_, err := l.worker.RecordLate(l.ending) // what the ledger did not take in the last session
			if err == nil {
				err = l.session()
			}
			if l.join.Unclear() {
				l.end(errUnclear)
			}
			l.join.Abandon()
			more = l.heed(err) || l.first != nil && l.first.Pending()
		}
	}
}

// session sends what there is, until nothing is left.
func (l *life) session() error {
	err := l.sender.Session(l.ending, l.options(), func(ctx context.Context) error { return l.sender.Deliver(ctx, l.queue) })
	if l.first != nil {
		err = errors.Join(err, l.first.Release(l.last))
	}
	return err
}

// complain heeds what fails beside the delivery.
func (l *life) complain(err error) {
	if isDead(err) {
		l.end(err)
		return
	}
	l.failed(slog.LevelError, "telling the other processes what mail servers answer", err)
}

// recordLate records, every so often, what earlier lives on this machine were told by mail servers: how
// they ended may be known only later than this one began.
func (l *life) recordLate() {
	every := time.NewTicker(lookForLate)
	defer every.Stop()
	log := onChange(l.Log)
	for {
		select {
		case <-every.C:
		case <-l.ending.Done():
			return
		}
		if _, err := l.worker.RecordLate(l.ending); err != nil && l.ending.Err() == nil {
			log(slog.LevelError, "recording what mail servers answered earlier", err)
		}
	}
}

// heed decides what is done after a delivery: it reports whether to try again.
func (l *life) heed(err error) bool {
	switch {
	case err == nil:
		l.Note(nil)
		return false
	case l.ending.Err() != nil:
		return false
	case isFinal(err), isDead(err):
		l.end(err)
		return false
	}
	l.Note(err)
	var unreachable *smtp.ConnectError
	if !errors.As(err, &unreachable) { // it is not known here what the ledger has
		l.end(err)
		return false
	}
	pause(l.ending, serverPause)
	return true
}

// material returns what the digests of a batch are made of. Posts that have just got their numbers are in
// an edition that is handed out right then: what was read before the batch was there does not have them.
func (l *life) material(ctx context.Context, batch *postgres.Batch) (*delivery.Stored, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.posts != nil && batch.ID <= l.readFor && time.Since(l.readAt) < postsFor {
		return l.posts, nil
	}
	newest, err := l.worker.Newest(ctx)
	if err != nil {
		return nil, err
	}
	numbered, err := l.worker.Ledger.NumberedPosts(ctx)
	if err != nil {
		return nil, err
	}
	hidden, err := l.worker.HiddenPosts(ctx)
	if err != nil {
		return nil, err
	}
	posts := &delivery.Stored{Stored: l.stored, Posts: numbered, Hidden: map[int64]delivery.HiddenPost{}}
	for seq, p := range hidden {
		posts.Hidden[seq] = delivery.HiddenPost{Name: p.Name, Reason: p.Reason, Expired: p.Expired}
	}
	l.posts, l.readAt, l.readFor = posts, time.Now(), newest
	return posts, nil
}

// part returns what a batch hands out.
func (l *life) part(ctx context.Context, b *postgres.Batch) (delivery.Part, error) {
	e, err := l.worker.Ledger.EditionToSend(ctx, b.Edition)
	if err == nil && e == nil {
		err = fmt.Errorf("there is no edition %d", b.Edition)
	}
	if err != nil {
		return delivery.Part{}, err
	}
	p := delivery.Part{Edition: *e, After: b.After, Upto: b.Upto}
	if b.Kind == postgres.BatchRetries {
		p.After, p.Upto = 0, 0
		p.Retries, err = l.worker.Due(ctx, b)
	}
	return p, err
}

// batchesOf returns what is left of a batch as new ones.
func batchesOf(p delivery.Part) (all []postgres.Batch) {
	if p.After < p.Upto {
		all = append(all, postgres.Batch{Edition: p.Edition.Number, Kind: postgres.BatchRange, After: p.After, Upto: p.Upto})
	}
	if len(p.Retries) > 0 {
		b := postgres.Batch{Edition: p.Edition.Number, Kind: postgres.BatchRetries}
		for _, d := range p.Retries {
			b.IDs = append(b.IDs, d.Subscriber)
		}
		all = append(all, b)
	}
	return all
}
