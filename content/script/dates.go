package script

import (
	"math"
	"slices"
	"strings"
	"time"
)

// parseDate reads a string as Date does. A day alone is in the given zone, a time without an offset in
// the host's.
func (e *evaluator) parseDate(s string, day *time.Location) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02", "2006-01", "2006"} {
		if t, err := time.ParseInLocation(layout, s, day); err == nil {
			return t, true
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05 -0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999", "2006-01-02T15:04", "2006-01-02 15:04:05.999", "2006-01-02 15:04", "January 2, 2006", "2 January 2006", "Jan 2, 2006", "2 Jan 2006", "01/02/2006", "2006/01/02"} {
		if t, err := time.ParseInLocation(layout, s, e.host.Zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func (e *evaluator) newDate(args []any) any {
	if len(args) == 0 {
		return currentTime{}
	}
	switch v := argAt(args, 0).(type) {
	case time.Time:
		return v
	case libraryDate:
		return v.t
	case string:
		if t, ok := e.parseDate(v, time.UTC); ok {
			return t
		}
	case float64:
		if len(args) > 1 {
			return e.dateParts(args, e.host.Zone)
		}
		if math.Abs(v) < 8e15 {
			return time.UnixMilli(int64(v))
		}
	}
	fail("unknown date")
	return nil
}

func (e *evaluator) dateParts(args []any, zone *time.Location) time.Time {
	part := [7]int{0, 0, 1}
	for i := range args[:min(len(args), 7)] {
		f := toNumber(args[i])
		if math.IsNaN(f) || math.Abs(f) > 1e6 {
			fail("unsupported date")
		}
		part[i] = int(f)
	}
	return time.Date(part[0], time.Month(part[1]+1), part[2], part[3], part[4], part[5], part[6]*1e6, zone)
}

func (e *evaluator) dateMethod(t time.Time, name string, args []any) any {
	local := t.In(e.host.Zone)
	if getter, ok := strings.CutPrefix(name, "getUTC"); ok {
		local, name = t.UTC(), "get"+getter
	}
	switch name {
	case "getFullYear":
		return float64(local.Year())
	case "getMonth":
		return float64(local.Month() - 1)
	case "getDate":
		return float64(local.Day())
	case "getDay":
		return float64(local.Weekday())
	case "getHours":
		return float64(local.Hour())
	case "getMinutes":
		return float64(local.Minute())
	case "getSeconds":
		return float64(local.Second())
	case "getTime", "valueOf":
		return float64(t.UnixMilli())
	case "toISOString", "toJSON":
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	case "toUTCString":
		return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	case "toDateString":
		return local.Format("Mon Jan 02 2006")
	case "toLocaleDateString":
		return localeDate(local, args)
	}
	fail("unsupported method of a date: " + name)
	return nil
}

// localeDate is toLocaleDateString, for English.
func localeDate(t time.Time, args []any) string {
	locale, ok := argAt(args, 0).(string)
	options, _ := argAt(args, 1).(*Object)
	if !ok || options != nil && options.Lookup != nil {
		fail("unknown locale")
	}
	has := map[string]string{}
	if options != nil {
		for _, key := range options.keys {
			has[key] = toString(options.values[key])
		}
	}
	if zone := has["timeZone"]; zone != "" {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			fail("unknown time zone " + zone)
		}
		t = t.In(loc)
		delete(has, "timeZone")
	}
	month := map[string]string{"long": "January", "short": "Jan", "numeric": "1", "2-digit": "01"}[has["month"]]
	day := map[string]string{"numeric": "2", "2-digit": "02"}[has["day"]]
	year := map[string]string{"numeric": "2006", "2-digit": "06"}[has["year"]]
	weekday := map[string]string{"long": "Monday", "short": "Mon"}[has["weekday"]]
	for key := range has {
		if !slices.Contains([]string{"month", "day", "year", "weekday"}, key) {
			fail("unsupported date option " + key)
		}
	}
	switch {
	case len(has) == 0 && locale == "en-US":
		return t.Format("1/2/2006")
	case len(has) == 0 && locale == "en-GB":
		return t.Format("02/01/2006")
	case len(has) == 0 && (locale == "en-CA" || locale == "sv-SE"):
		return t.Format("2006-01-02")
	case len(has) == 1 && locale == "en-US" && len(args) > 1:
		return t.Format(month + day + year + weekday)
	case (has["month"] == "long" || has["month"] == "short") && day != "" && year != "" && (locale == "en-US" || locale == "en"):
		if weekday != "" {
			weekday += ", "
		}
		return t.Format(weekday + month + " " + day + ", " + year)
	case (has["month"] == "long" || has["month"] == "short" && t.Month() != time.September) && day != "" && year != "" && locale == "en-GB" && weekday == "":
		return t.Format(day + " " + month + " " + year)
	case (has["month"] == "long" || has["month"] == "short") && day == "" && year != "" && weekday == "" && strings.HasPrefix(locale, "en-"):
		return t.Format(month + " " + year)
	}
	fail("unsupported date format of " + locale)
	return ""
}
