package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const head = "site: {url: https://example.com}\n"

func TestSundayIsAlsoSeven(t *testing.T) {
	const week = "Sun Mon Tue Wed Thu Fri Sat"
	for days, want := range map[string]string{
		"7": "Sun", "0": "Sun", "SUN": "Sun", "1,7": "Sun Mon", "5-7": "Sun Fri Sat", "0-7": week, "1-7": week, "7-7": "Sun", "0-7/7": "Sun",
		"1-7/2": "Sun Mon Wed Fri", "0-7/3": "Sun Wed Sat", "FRI-SUN": "Sun Fri Sat", "fri-7": "Sun Fri Sat", "5-7,2": "Sun Tue Fri Sat", "*": week, "1-5": "Mon Tue Wed Thu Fri", "SUN-TUE": "Sun Mon Tue",
	} {
		t.Run(days, func(t *testing.T) {
			cfg, err := parse(fmt.Sprintf("%sdigest: {cadences: {x: \"0 8 * * %s\"}, default: x}\n", head, days), nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := cfg.Digest.Cadences[0].Spec; got != "0 8 * * "+days {
				t.Errorf("the schedule reads %q", got)
			}
			var got []string
			day := time.Date(2026, 11, 22, 7, 0, 0, 0, time.UTC) // a Sunday
			for range 7 {
				if next := cfg.Digest.Cadences[0].Schedule.Next(day); next.Sub(day) == time.Hour {
					got = append(got, day.Format("Mon"))
				}
				day = day.AddDate(0, 0, 1)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	for _, days := range []string{"8", "7-3", "0-8", "7/2", "-7", "7-", "77", "07", "SUN-7x", "5-7/0", "FRI-MON"} {
		if _, err := parse(fmt.Sprintf("%sdigest: {cadences: {x: \"0 8 * * %s\"}, default: x}\n", head, days), nil); err == nil {
			t.Errorf("%q: no error", days)
		} else if !strings.Contains(err.Error(), "0 8 * * "+days) {
			t.Errorf("%q: the error does not show what is written: %v", days, err)
		}
	}
}
