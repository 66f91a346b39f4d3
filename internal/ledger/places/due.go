package places

import "time"

// due returns the trade that is due now. If there is none, it returns when to look again, if only time
// passes; 0 for never.
func (l *Limiter) due(now time.Time) (*Trade, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var next time.Time
	at := func(t time.Time) (isNow bool) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
		return !now.Before(t)
	}
	waits := l.ordinary.waits || l.urgent.waits
	var trade *Trade
	if l.ordinary.waits && at(l.ordinary.next) {
		trade = &Trade{Want: l.block}
	}
	if l.urgent.waits && at(l.urgent.next) {
		trade = &Trade{Want: l.block, Urgent: true}
	}
	report := trade != nil
	if l.ended > 0 {
		late := l.since.Add(l.settle)
		if waits && l.open == (stock{}) { // nothing else will end
			late = l.since
		}
		report = at(late) || report
	}
	idle := l.free != (stock{}) && at(l.used.Add(l.settle))
	report = report || idle
	if !report || now.Before(l.failed) {
		if !next.IsZero() {
			return nil, max(time.Millisecond, next.Sub(now), l.failed.Sub(now))
		}
		return nil, 0
	}
	if idle {
		l.free = stock{}
	}
	if trade == nil {
		trade = new(Trade)
	}
	l.fill(trade)
	return trade, 0
}

// fill adds to a trade what is to be reported.
func (l *Limiter) fill(trade *Trade) {
	trade.Ended, trade.Held = l.ended, l.open.any+l.open.kept+l.free.any+l.free.kept
}

// settled takes in the answer to a trade.
func (l *Limiter) settled(trade Trade, grant Grant, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if err != nil {
		// Places that it has taken nevertheless are given back by the next trade: they are not in
		// its Held.
		l.failed = now.Add(patience)
		return
	}
	l.failed = time.Time{}
	if l.ended -= trade.Ended; l.ended > 0 {
		l.since = now
	}
	if trade.Want == 0 {
		return
	}
	later := demand{room: now.Add(grant.Wait), next: now.Add(max(l.pause, min(grant.Wait, mostWait)))}
	l.ordinary, l.used = demand{}, now
	switch {
	case grant.Kept:
		l.free.kept += grant.Taken
		l.urgent, l.ordinary = demand{}, later
	case grant.Taken > 0:
		l.free.any += grant.Taken
		l.urgent = demand{}
	default:
		l.ordinary = later
		if trade.Urgent {
			l.urgent = later
		}
	}
	l.broadcast()
}

// rest is the last trade; nil if there is nothing to report.
func (l *Limiter) rest() *Trade {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = stock{}
	trade := new(Trade)
	l.fill(trade)
	return trade
}
