package liquid

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"publisher/content/frontmatter"
)

var (
	dayFirst = regexp.MustCompile(`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})\b`)
	zoneWord = regexp.MustCompile(`\s+([A-Z]{3,5})\b`)
	rubyDay  = regexp.MustCompile(`(?:^|\D)(\d{4}|\d{2})-(\d{1,2})-(\d{1,2})(?:\D|$)`)
	rubyTime = regexp.MustCompile(`(?:^|[\sTt])(\d{1,2}):(\d{2})(?::(\d{2}))?`)
)

// rubyZones are the zone names that Ruby's Time.parse knows; it ignores others.
var rubyZones = map[string]string{"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500",
	"MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700", "UTC": "+0000", "GMT": "+0000"}

// RubyDate parses a date as Ruby's Time.parse does: with the day before the month, names of zones, days that
// a month does not have, and text around the date. ok is false if there is no date.
func RubyDate(text string, loc *time.Location) (time.Time, bool) {
	text = dayFirst.ReplaceAllString(text, "$3-$2-$1")
	if t, ok := frontmatter.ParseDate(text, loc); ok {
		return t, true
	}
	plain := zoneWord.ReplaceAllStringFunc(text, func(word string) string {
		if offset := rubyZones[strings.TrimSpace(word)]; offset != "" {
			return " " + offset
		}
		return ""
	})
	if t, ok := frontmatter.ParseDate(plain, loc); ok {
		return t, true
	}
	day := rubyDay.FindStringSubmatch(text)
	if day == nil {
		return time.Time{}, false
	}
	year, month, date := intOf(day[1]), intOf(day[2]), intOf(day[3])
	if month < 1 || month > 12 || date < 1 || date > 31 {
		return time.Time{}, false
	}
	if len(day[1]) == 2 { // as in POSIX strptime's %y
		if year += 1900; year < 1969 {
			year += 100
		}
	}
	hour, minute, second := 0, 0, 0
	if clock := rubyTime.FindStringSubmatch(text); clock != nil {
		hour, minute, second = intOf(clock[1]), intOf(clock[2]), intOf(clock[3])
	}
	if hour > 24 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	return frontmatter.InRange(time.Date(year, time.Month(month), date, hour, minute, second, 0, loc))
}

// intOf returns the value of a string of digits.
func intOf(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
