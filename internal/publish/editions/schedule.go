package editions

import (
	"time"

	"github.com/robfig/cron/v3"
)

// NextFire returns the first moment after t at which the schedule fires in loc, by
// the clock on the wall: a time that the spring change skips fires once, at the
// change; one that the autumn change repeats fires once, the first time.
func NextFire(schedule cron.Schedule, t time.Time, loc *time.Location) time.Time {
	if every, ok := schedule.(cron.ConstantDelaySchedule); ok {
		return every.Next(t)
	}
	wall := onWall(t.In(loc)).Add(-2 * time.Hour)
	for {
		wall = schedule.Next(wall)
		if wall.IsZero() {
			return time.Time{}
		}
		if fire := fromWall(wall, loc); fire.After(t) {
			return fire
		}
	}
}

// FiredSince reports whether the schedule fired in (last, now].
func FiredSince(schedule cron.Schedule, last, now time.Time, loc *time.Location) bool {
	next := NextFire(schedule, last, loc)
	return !next.IsZero() && !next.After(now)
}

// onWall returns what a clock in t's zone shows, as a time in UTC, where every
// wall-clock time exists exactly once.
func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// fromWall returns the moment at which a clock in loc first shows wall, or would have.
func fromWall(wall time.Time, loc *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	if !onWall(t).Equal(wall) {
		return skippedAt(t)
	}
	// Where the hour is doubled, time.Date may give the second.
	start, _ := t.ZoneBounds()
	if !start.IsZero() {
		_, before := start.Add(-time.Second).Zone()
		_, after := t.Zone()
		if earlier := t.Add(-time.Duration(before-after) * time.Second); before > after && earlier.Before(start) {
			return earlier
		}
	}
	return t
}

// skippedAt returns the change of clocks nearest to t, at which a skipped time fires.
func skippedAt(t time.Time) time.Time {
	start, end := t.ZoneBounds()
	if start.IsZero() || !end.IsZero() && end.Sub(t) < t.Sub(start) {
		return end
	}
	return start
}
