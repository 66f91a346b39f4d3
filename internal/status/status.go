package status

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/backlog"
	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/postgres/fleet"
	"publisher/internal/publish/report"
)

const (
	// heldAge is how long an uncertain delivery can be tried again.
	heldAge = 60 * 24 * time.Hour
	// lateNotice, latePass and lateLook are how long may pass until something is wrong: a notice
	// is due, an edition is due without a pass, serve has not looked at the content.
	lateNotice = time.Hour
	latePass   = 24 * time.Hour
	lateLook   = 15 * time.Minute
)

// Options are what Make needs.
type Options struct {
	Config  *config.Config
	Ledger  *ledger.Ledger
	Now     time.Time
	Running string // what holds the lock of the passes; "" for nothing
	Start   error  // what keeps every pass from starting
	// Fleet is the processes that deliver, where the ledger is in PostgreSQL; else nil.
	Fleet *fleet.Fleet
}

// maker makes one report.
type maker struct {
	Options
	report *Report
	pass   *passstate.LastPass // nil: there was none
	posts  backlog.Posts
}

// Make reports on the ledger.
func Make(ctx context.Context, o Options) (*Report, error) {
	m := &maker{Options: o, report: &Report{At: "", State: Well, Running: o.Running,
		Editions: []Edition{}, Uncertain: []Uncertain{}, Cadences: []Cadence{}, Findings: []Finding{}}}
	m.report.At = m.time(o.Now)
	for _, part := range []func(context.Context) error{
		m.addGuard, m.addPass, m.addEditions, m.addDeferred, m.addUncertain, m.addNotices, m.addPosts, m.addCadences, m.addList, m.addFaults, m.addFleet} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(m.report.Findings, func(a, b Finding) int {
		switch {
		case a.Decide == b.Decide:
			return 0
		case a.Decide:
			return -1
		}
		return 1
	})
	if all := m.report.Findings; len(all) > 0 {
		m.report.State = Failing
		if all[0].Decide {
			m.report.State = Held
		}
	}
	return m.report, nil
}

func (m *maker) time(t time.Time) string { return report.Time(t, m.Config.Site.Timezone) }

func (m *maker) find(f Finding) { m.report.Findings = append(m.report.Findings, f) }

// addGuard finds out whether mail may be sent from this ledger.
func (m *maker) addGuard(ctx context.Context) error {
	var clone *ledger.CloneError
	err := m.Ledger.CheckCloneMark(ctx)
	if errors.As(err, &clone) {
		m.find(Finding{Kind: KindRestored, Decide: true, Message: "nothing is sent: " + clone.What,
			Hint: "if this is the right ledger, run `publisher adopt`; otherwise put the right one in its place"})
		return nil
	}
	return err
}

func (m *maker) addPass(ctx context.Context) (err error) {
	if m.Start != nil {
		m.find(Finding{Kind: KindStart, Message: oneLine(m.Start.Error()), Hint: "fix that; `publisher check` says whether it is"})
	}
	if m.pass, err = passstate.LoadLastPass(ctx, m.Ledger); err != nil || m.pass == nil {
		return err
	}
	m.report.Pass = &Pass{Command: m.pass.Command, Began: m.time(m.pass.Began), Ended: m.time(m.pass.Ended), Found: m.pass.Found}
	served := m.pass.Command == "serve"
	switch {
	case served && m.Running == "":
		m.find(Finding{Kind: KindAway, Since: m.time(m.pass.Ended), Message: "`publisher serve` has ended, and no pass has run since",
			Hint: "start it again, or have cron call `publisher run`"})
	case served && m.Now.Sub(m.pass.Ended) > lateLook:
		m.find(Finding{Kind: KindAway, Since: m.time(m.pass.Ended), Message: "`publisher serve` runs but has not looked at the content since " + m.time(m.pass.Ended),
			Hint: "its log says why; restart it if it says nothing"})
	}
	return nil
}

func (m *maker) addEditions(ctx context.Context) error {
	all, err := backlog.Editions(ctx, m.Ledger)
	if err != nil {
		return err
	}
	if m.report.Rate, err = backlog.Rate(ctx, m.Ledger, m.Now); err != nil {
		return err
	}
	for _, e := range all {
		shown := Edition{Number: e.Number, Cadence: e.Cadence, Language: report.Language(m.Config, e.Language), Subject: e.Subject, Closed: m.time(e.Closed),
			Recipients: e.Recipients, Sent: e.Sent, Deferred: e.Deferred, Failed: e.Failed, Uncertain: e.Uncertain, Left: e.Left(), Stopped: e.Stopped}
		if m.Running != "" {
			shown.End = m.time(expectedEnd(all, e, m.report.Rate, m.Now))
		}
		m.report.Editions = append(m.report.Editions, shown)
		switch {
		case e.Stopped:
			m.find(Finding{Kind: KindStopped, Message: fmt.Sprintf("edition %d was stopped: the mail server refused too many of its recipients in a row", e.Number),
				Hint: fmt.Sprintf("`publisher editions show %d` says why; the next pass tries again, `publisher editions cancel %[1]d` gives it up", e.Number)})
		case m.Running == "":
			m.find(Finding{Kind: KindIdle, Message: fmt.Sprintf("edition %d waits: %d of %d recipients are left, and nothing runs", e.Number, e.Left(), e.Recipients),
				Hint: "`publisher run` continues"})
		}
	}
	return nil
}

// expectedEnd returns when an edition will be done at a speed; zero if that cannot be said.
// Editions take turns, so that each of the others goes on until then, or until its own end.
func expectedEnd(all []backlog.Edition, e backlog.Edition, rate float64, now time.Time) time.Time {
	if rate <= 0 {
		return time.Time{}
	}
	ahead := 0
	for _, other := range all {
		ahead += min(other.Left(), e.Left())
	}
	const longest = 1000 * 24 * time.Hour
	seconds := min(float64(ahead)/rate, longest.Seconds())
	return now.Add(time.Duration(seconds * float64(time.Second))).Truncate(time.Second)
}

func (m *maker) addDeferred(ctx context.Context) error {
	d, err := backlog.DeferredDeliveries(ctx, m.Ledger)
	if err != nil || d.Count == 0 {
		return err
	}
	m.report.Deferred = &Deferred{Count: d.Count, Oldest: m.time(d.Oldest), Next: m.time(d.Next), Code: d.Code, Reply: oneLine(d.Reply)}
	message := fmt.Sprintf("%s again from %s on", counted(d.Count, "delivery is tried", "deliveries are tried"), m.time(d.Next))
	if d.Reply != "" {
		message += ": " + oneLine(d.Reply)
	}
	what := "they go out by themselves for as long as mail.retry_for says; `publisher editions show NUMBER` lists them"
	if m.Running == "" {
		what = "the next `publisher run` after that tries them; `publisher editions show NUMBER` lists them"
	}
	m.find(Finding{Kind: KindDeferred, Since: m.time(d.Oldest), Message: message, Hint: what})
	return nil
}

func (m *maker) addUncertain(ctx context.Context) error {
	all, err := backlog.UncertainDeliveries(ctx, m.Ledger, m.Now.Add(-heldAge))
	for _, u := range all {
		m.report.Uncertain = append(m.report.Uncertain, Uncertain(u))
		m.find(Finding{Kind: KindUncertain, Decide: true,
			Message: fmt.Sprintf("%s of edition %d: the server may or may not have accepted", counted(u.Count, "delivery is held", "deliveries are held"), u.Edition),
			Hint:    fmt.Sprintf("`publisher editions retry %d` sends again, `publisher reconcile --maillog FILE` asks the mail server's log", u.Edition)})
	}
	return err
}

func (m *maker) addNotices(ctx context.Context) error {
	n, err := backlog.WaitingNotices(ctx, m.Ledger)
	if err != nil {
		return err
	}
	m.report.Notices = Notices{Waiting: n.Waiting, Deferred: n.Deferred, Oldest: m.time(n.Oldest)}
	if n.Waiting+n.Deferred > 0 && m.Now.Sub(n.Due) > lateNotice {
		what := "look for what fails in the log of `publisher serve`"
		if m.Running == "" {
			what = "`publisher run` sends them, `publisher serve` at once"
		}
		m.find(Finding{Kind: KindNotices, Since: m.time(n.Due), Message: counted(n.Waiting+n.Deferred, "mail to one person waits", "mails to one person wait") +
			", such as those that ask to confirm", Hint: what})
	}
	return nil
}

func (m *maker) addPosts(ctx context.Context) (err error) {
	m.posts, err = backlog.WaitingPosts(ctx, m.Ledger)
	posts := m.posts
	if err != nil || posts.Held == 0 {
		return err
	}
	names := strings.Join(posts.Paths, ", ")
	if more := posts.Held - len(posts.Paths); more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	m.find(Finding{Kind: KindPosts, Decide: true, Message: fmt.Sprintf("%s, because they came at once (digest.hold_above): %s",
		counted(posts.Held, "new post is held", "new posts are held"), names),
		Hint: "`publisher release` puts them all into the next mail, `publisher release POST…` some of them"})
	return nil
}

// addList finds out about subscribers.file.
func (m *maker) addList(ctx context.Context) error {
	if m.Config.Subscribers.File == "" {
		return nil
	}
	list, err := passstate.LoadSubscriberFile(ctx, m.Ledger)
	if err == nil && list.Missing > 0 {
		m.find(Finding{Kind: KindMissing, Decide: true, Message: fmt.Sprintf("%s gone from %s; their subscriptions continue",
			counted(list.Missing, "row is", "rows are"), m.Config.Subscribers.File),
			Hint: fmt.Sprintf("put the rows back, or run `publisher subscribers import --prune %s`", m.Config.Subscribers.File)})
	}
	return err
}

func (m *maker) addFaults(ctx context.Context) error {
	faults, err := passstate.LoadFaults(ctx, m.Ledger)
	var parts []string
	for part := range faults {
		parts = append(parts, part)
	}
	slices.Sort(parts)
	for _, part := range parts {
		f := faults[part]
		message, what := hint.Split(f.Message)
		if what == "" {
			what = "fix what it names; the next pass tries again"
		}
		m.find(Finding{Kind: KindFault, Part: part, Since: m.time(f.Since), Message: part + ": " + message, Hint: what})
	}
	return err
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
