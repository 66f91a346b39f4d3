package frontmatter

import (
	"regexp"
	"strings"
	"time"
)

// zonedLayouts have an offset; localLayouts are read in the blog's zone.
// Go's parser takes one or two digits for 1, 2, 15, 4 and 5.
var zonedLayouts = []string{
	"2006-1-2 15:4:5 -0700", "2006-1-2 15:4:5 -07:00", "2006-1-2 15:4:5Z07:00", "2006-1-2 15:4:5-0700",
	"2006-1-2 15:4 -0700", "2006-1-2 15:4 -07:00", "2006-1-2 15:4Z07:00", "2006-1-2 15:4-0700",
	"2006-1-2 15:4:5 -07", "2006-1-2 15:4:5-07", "2006-1-2 15:4:5 2006 -0700",
	"2 Jan 2006 15:4:5 -0700", "2 Jan 2006 15:4 -0700", "2 January 2006 15:4:5 -0700",
	"Jan 2 2006 15:4:5 -0700", "January 2 2006 15:4:5 -0700", "January 2 2006 15:4 -0700",
	"Jan 2 15:4:5 2006 -0700", "Jan 2 15:4:5 -0700 2006",
}

var localLayouts = []string{
	"2006-1-2 15:4:5", "2006-1-2 15:4", "2006-1-2", "2006/1/2 15:4:5", "2006/1/2 15:4", "2006/1/2",
	"2006-1-2 3:4:5 PM", "2006-1-2 3:4 PM", "2006-1-2 3:4PM", "2006-1-2 3PM", "2006.1.2 15:4", "2006.1.2",
	"20060102", "20060102 150405", "20060102 1504", "20060102150405", "2006-1",
	"2 Jan 2006 15:4:5", "2 Jan 2006 15:4", "2 Jan 2006", "2 January 2006 15:4:5", "2 January 2006 15:4", "2 January 2006",
	"Jan 2 2006 15:4:5", "Jan 2 2006 15:4", "Jan 2 2006 3:4 PM", "Jan 2 2006 3:4PM", "Jan 2 2006 3PM", "Jan 2 2006",
	"January 2 2006 15:4:5", "January 2 2006 15:4", "January 2 2006 3:4 PM", "January 2 2006 3:4PM", "January 2 2006 3PM", "January 2 2006",
	"2006 January 2", "2006 Jan 2", "2-Jan-2006", "2-Jan-2006 15:4", "Jan 2 15:4:5 2006",
	"2.1.2006 15:4:5", "2.1.2006 15:4", "2.1.2006",
	"1/2/2006 15:4:5", "1/2/2006 15:4", "1/2/2006", "2/1/2006 15:4:5", "2/1/2006 15:4", "2/1/2006",
	"1-2-2006 15:4", "1-2-2006", "2-1-2006 15:4", "2-1-2006",
}

var (
	weekday    = regexp.MustCompile(`(?i)^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+`)
	ordinal    = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th)\b`)
	fraction   = regexp.MustCompile(`(:\d{1,2})[.,](\d{1,9})\d*`)
	zoneName   = regexp.MustCompile(`(?i)\s*\b(?:UTC|GMT|Z)(?:\+00:?00)?$`)
	isoT       = regexp.MustCompile(`(\d)[Tt_](\d)`)
	basicISO   = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})[Tt](\d{2})(\d{2})(\d{2})`)
	abbrDot    = regexp.MustCompile(`(?i)\b(jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.`)
	september  = regexp.MustCompile(`(?i)\bsept\b`)
	zoneSuffix = regexp.MustCompile(`\s([A-Z][A-Za-z]+/[A-Za-z_/+-]+)$`)
)

// ParseDate parses a date in any of the forms that blog engines accept. One without
// an offset is in loc.
func ParseDate(text string, loc *time.Location) (time.Time, bool) {
	s := strings.Join(strings.Fields(text), " ")
	if t, ok := parseCommon(s, loc); ok {
		return InRange(t)
	}
	if m := zoneSuffix.FindStringSubmatchIndex(s); m != nil {
		if zone, err := time.LoadLocation(s[m[2]:m[3]]); err == nil {
			s, loc = s[:m[0]], zone
		}
	}
	s = basicISO.ReplaceAllString(s, "$1-$2-$3 $4:$5:$6")
	s = isoT.ReplaceAllString(weekday.ReplaceAllString(s, ""), "$1 $2")
	s = september.ReplaceAllString(abbrDot.ReplaceAllString(ordinal.ReplaceAllString(s, "$1"), "$1"), "Sep")
	var nanos string
	if m := fraction.FindStringSubmatch(s); m != nil {
		nanos = m[2]
		s = fraction.ReplaceAllString(s, "$1")
	}
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, ",", " ")), " ")
	if at := zoneName.FindStringIndex(s); at != nil && at[0] > 0 {
		s, loc = s[:at[0]], time.UTC
	}
	t, ok := parseLayouts(normalizeMeridiem(s), loc)
	if ok && nanos != "" {
		d, _ := time.ParseDuration("0." + nanos + "s")
		t = t.Add(d)
	}
	if !ok {
		return t, false
	}
	return InRange(t)
}

// parseCommon parses the forms that nearly every post has without the work that
// the others need.
func parseCommon(s string, loc *time.Location) (time.Time, bool) {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02 15:04:05 -0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return withFixedZone(t), true
		}
	}
	for _, layout := range [...]string{time.DateOnly, "2006-1-2 15:4", time.DateTime} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// withFixedZone keeps the author's offset: Parse would replace it by the machine's own
// zone if the offsets agree.
func withFixedZone(t time.Time) time.Time {
	_, offset := t.Zone()
	if offset == 0 {
		return t.UTC()
	}
	return t.In(time.FixedZone("", offset))
}

func parseLayouts(s string, loc *time.Location) (time.Time, bool) {
	for _, layout := range localLayouts {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, true
		}
	}
	for _, layout := range zonedLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return withFixedZone(t), true
		}
	}
	return time.Time{}, false
}

func normalizeMeridiem(s string) string {
	for _, m := range []string{"am", "pm", "a.m.", "p.m."} {
		if rest, ok := strings.CutSuffix(strings.ToLower(s), m); ok && rest != "" && strings.ContainsAny(rest[len(rest)-1:], " 0123456789") {
			return s[:len(rest)] + strings.ToUpper(m[:1]) + "M"
		}
	}
	return s
}

// InRange returns t and reports whether feeds can write its year.
func InRange(t time.Time) (time.Time, bool) {
	return t, t.Year() >= 1 && t.Year() <= 9999
}
