package editions

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/robfig/cron/v3"
)

// How schedules behave around clock changes.
func TestNextFire(t *testing.T) {
	for _, c := range []struct {
		name, zone, spec, after string
		want                    []string
	}{
		{"plain", "Europe/Berlin", "0 8 * * *", "2026-06-01T06:00:00Z", []string{"2026-06-02T08:00:00+02:00", "2026-06-03T08:00:00+02:00"}},
		{"just before", "Europe/Berlin", "0 8 * * *", "2026-06-01T05:59:59Z", []string{"2026-06-01T08:00:00+02:00"}},
		{"skipped hour fires once, at the change", "Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z",
			[]string{"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"}},
		{"doubled hour fires once, the first time", "Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z",
			[]string{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
		{"between the two", "Europe/Berlin", "30 2 * * *", "2026-10-25T00:45:00Z", []string{"2026-10-26T02:30:00+01:00"}},
		{"skipped hour in New York", "America/New_York", "15 2 * * *", "2026-03-07T12:00:00Z",
			[]string{"2026-03-08T03:00:00-04:00", "2026-03-09T02:15:00-04:00"}},
		{"doubled hour in New York", "America/New_York", "15 1 * * *", "2026-10-31T12:00:00Z",
			[]string{"2026-11-01T01:15:00-04:00", "2026-11-02T01:15:00-05:00"}},
		{"half an hour's change", "Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00:00Z",
			[]string{"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"}},
		{"midnight that does not exist", "Africa/Cairo", "0 0 * * *", "2026-04-23T10:00:00Z",
			[]string{"2026-04-24T01:00:00+03:00", "2026-04-25T00:00:00+03:00"}},
		{"monthly", "America/New_York", "0 9 1 * *", "2026-10-15T00:00:00Z", []string{"2026-11-01T09:00:00-05:00", "2026-12-01T09:00:00-05:00"}},
		{"every", "UTC", "@every 90m", "2026-10-15T00:00:00Z", []string{"2026-10-15T01:30:00Z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			loc, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			schedule, err := cron.ParseStandard(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			at, _ := time.Parse(time.RFC3339, c.after)
			var got []string
			for range c.want {
				at = NextFire(schedule, at, loc)
				got = append(got, at.In(loc).Format(time.RFC3339))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever the schedule, each wall-clock time of a year fires once.
func TestAYearOfFires(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "UTC", "Australia/Lord_Howe"} {
		for spec, want := range map[string]int{"0 8 * * *": 365, "30 2 * * *": 365, "30 1 * * *": 365, "0 8 * * MON": 52, "0 3 1 * *": 12} {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			schedule, err := cron.ParseStandard(spec)
			if err != nil {
				t.Fatal(err)
			}
			at, end := time.Date(2026, 1, 1, 0, 0, 0, 0, loc), time.Date(2027, 1, 1, 0, 0, 0, 0, loc)
			n := 0
			for at = NextFire(schedule, at, loc); at.Before(end); at = NextFire(schedule, at, loc) {
				n++
			}
			if n != want {
				t.Errorf("%s in %s: %d times in 2026, want %d", spec, zone, n, want)
			}
		}
	}
}
