// Package stats tells how many read the feeds and the mail over time.
package stats

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"publisher/internal/ledger"
)

// By is the length of a period.
type By string

// The lengths of periods.
const (
	Day   By = "day"
	Week  By = "week" // from Monday on
	Month By = "month"
)

// MaxPeriods limits how many periods a report can have.
const MaxPeriods = 1000

// maxPages limits how many pages it names.
const maxPages = 100

// Report is what `publisher stats` says. Its JSON must not change.
type Report struct {
	By      By       `json:"by"`
	Periods []Period `json:"periods"` // oldest first; the last one is still going on
	Feeds   []Feed   `json:"feeds"`   // on the last day on which each was read, most readers first
	Pages   []Page   `json:"pages"`   // where people subscribed, most of them first
}

// Period is a day, week or month.
type Period struct {
	Start string `json:"start"` // its first day
	// FeedReaders is the average of the days that were counted; nil if none was.
	FeedReaders *int64 `json:"feed_readers"`
	// Subscribers are those by mail at its end.
	Subscribers int `json:"subscribers"`
	Joined      int `json:"joined"`
	Left        int `json:"left"`
	Growth      int `json:"growth"` // joined less left
	// LeftBy divides Left by what they became: unsubscribed, removed, bounced, complained.
	LeftBy map[string]int `json:"left_by,omitempty"`
	// Erased are those of whom nothing else is known any more; they are in no other number.
	Erased int `json:"erased,omitempty"`
}

// Feed is who reads one feed.
type Feed struct {
	Feed     string    `json:"feed"` // below feeds.dir
	Day      string    `json:"day"`
	Readers  int64     `json:"readers"`
	Services []Service `json:"services"`
	Others   int64     `json:"others"` // who fetch it themselves
}

// Service is a service that fetches a feed for so many.
type Service struct {
	Name    string `json:"name"`
	Readers int64  `json:"readers"`
}

// Page is a page that people subscribed on.
type Page struct {
	Page   string `json:"page"`
	Joined int    `json:"joined"`
	Active int    `json:"active"` // still subscribed
}

// Options say which periods a report has.
type Options struct {
	By   By
	Last int // periods, the present one included
	Zone *time.Location
	Now  time.Time
}

const dayFormat = "2006-01-02"

// Make makes a report.
func Make(ctx context.Context, l *ledger.Ledger, o Options) (*Report, error) {
	starts, err := o.starts()
	if err != nil {
		return nil, err
	}
	c := &counting{Options: o, starts: starts, report: &Report{By: o.By, Feeds: []Feed{}, Pages: []Page{}}}
	for _, start := range starts {
		c.report.Periods = append(c.report.Periods, Period{Start: start.Format(dayFormat)})
	}
	if err := c.subscribers(ctx, l); err != nil {
		return nil, err
	}
	if err := c.readers(ctx, l); err != nil {
		return nil, err
	}
	pages, err := l.PageCounts(ctx, maxPages)
	for _, p := range pages {
		c.report.Pages = append(c.report.Pages, Page(p))
	}
	return c.report, err
}

// starts returns when the periods begin, oldest first.
func (o Options) starts() ([]time.Time, error) {
	if o.Last < 1 || o.Last > MaxPeriods {
		return nil, fmt.Errorf("%d periods; a report can have 1 to %d", o.Last, MaxPeriods)
	}
	year, month, day := o.Now.In(o.Zone).Date()
	at := func(back int) time.Time { return time.Date(year, month, day-back, 0, 0, 0, 0, o.Zone) }
	switch o.By {
	case Day:
	case Week:
		monday := (int(at(0).Weekday()) + 6) % 7
		at = func(back int) time.Time { return time.Date(year, month, day-monday-7*back, 0, 0, 0, 0, o.Zone) }
	case Month:
		at = func(back int) time.Time { return time.Date(year, month-time.Month(back), 1, 0, 0, 0, 0, o.Zone) }
	default:
		return nil, fmt.Errorf("%q is no period; use day, week or month", o.By)
	}
	var starts []time.Time
	for back := o.Last - 1; back >= 0; back-- {
		starts = append(starts, at(back))
	}
	return starts, nil
}

// counting is a report in the making.
type counting struct {
	Options
	starts []time.Time
	report *Report
}

// at returns the period that a time is in; -1 if it is before the first.
func (c *counting) at(t time.Time) int {
	i, found := slices.BinarySearchFunc(c.starts, t, time.Time.Compare)
	if !found {
		i--
	}
	return i
}

// subscribers counts who joined and left, and so how many there were at the end of each period.
func (c *counting) subscribers(ctx context.Context, l *ledger.Ledger) error {
	active := 0
	for s, err := range l.Spans(ctx) {
		if err != nil {
			return err
		}
		ended := s.Status != ledger.Active
		if s.Status == ledger.Pending || ended && s.StatusAt.IsZero() { // nobody knows when
			continue
		}
		joined := s.Created
		if !s.Confirmed.IsZero() {
			joined = s.Confirmed
		}
		if i := c.at(joined); i >= 0 {
			c.report.Periods[i].Joined++
		}
		if !ended {
			active++
			continue
		}
		if i := c.at(s.StatusAt); i >= 0 {
			p := &c.report.Periods[i]
			p.Left++
			if p.LeftBy == nil {
				p.LeftBy = map[string]int{}
			}
			p.LeftBy[string(s.Status)]++
		}
	}
	for i := len(c.report.Periods) - 1; i >= 0; i-- {
		p := &c.report.Periods[i]
		p.Subscribers, p.Growth = active, p.Joined-p.Left
		active -= p.Growth
	}
	erased, err := l.Events(ctx, "erased", c.starts[0])
	for _, e := range erased {
		c.report.Periods[c.at(e.At)].Erased++
	}
	return err
}

// readers sums up who reads the feeds.
func (c *counting) readers(ctx context.Context, l *ledger.Ledger) error {
	rows, err := l.FeedReaders(ctx, c.starts[0].Format(dayFormat))
	if err != nil {
		return err
	}
	days := map[string]int64{}
	feeds := map[string]*Feed{}
	for _, r := range rows { // by day
		days[r.Day] += r.Readers
		f := feeds[r.Feed]
		if f == nil || f.Day != r.Day {
			f = &Feed{Feed: r.Feed, Day: r.Day, Services: []Service{}}
			feeds[r.Feed] = f
		}
		f.Readers += r.Readers
		if r.Service == "" {
			f.Others = r.Readers
		} else {
			f.Services = append(f.Services, Service{r.Service, r.Readers})
		}
	}
	c.average(days)
	for _, f := range feeds {
		slices.SortFunc(f.Services, func(a, b Service) int { return cmp.Or(cmp.Compare(b.Readers, a.Readers), cmp.Compare(a.Name, b.Name)) })
		c.report.Feeds = append(c.report.Feeds, *f)
	}
	slices.SortFunc(c.report.Feeds, func(a, b Feed) int { return cmp.Or(cmp.Compare(b.Readers, a.Readers), cmp.Compare(a.Feed, b.Feed)) })
	return nil
}

// average fills in how many read feeds on an average day of each period.
func (c *counting) average(days map[string]int64) {
	sums, counted := make([]int64, len(c.starts)), make([]int64, len(c.starts))
	for day, n := range days {
		at, err := time.ParseInLocation(dayFormat, day, c.Zone)
		if i := c.at(at); err == nil && i >= 0 {
			sums[i] += n
			counted[i]++
		}
	}
	for i, n := range counted {
		if n > 0 {
			mean := (sums[i] + n/2) / n
			c.report.Periods[i].FeedReaders = &mean
		}
	}
}
