package script

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// pattern is a word in a layout of Luxon's, of date-fns or of Day.js and Moment.
var (
	// luxonToken and dayjsToken match the parts of a date format; letterRun matches the parts of a token.
	luxonToken = regexp.MustCompile(`'[^']*'|([A-Za-z])\w*|[^A-Za-z']+`)
	dayjsToken = regexp.MustCompile(`\[[^\]]*\]|YYYY|YY|MMMM|MMM|MM|Mo|M|DDDD|DDD|Do|DD|D|dddd|ddd|dd|d|HH|H|hh|h|mm|m|ss|s|SSS|A|a|ZZ|Z|X|x|[A-Za-z]+|[^A-Za-z\[]+`)
	letterRun  = regexp.MustCompile(`a+|c+|d+o?|E+|H+|h+|L+|M+|m+|o+|s+|S+|y+|Z+|[A-Za-z]`)
)

// luxonLayout returns Go's layout for a token of Luxon or date-fns.
func luxonLayout(word string) (string, bool) {
	layout, ok := map[string]string{
		"yyyy": "2006", "y": "2006", "yy": "06", "MM": "01", "M": "1", "MMM": "Jan", "MMMM": "January", "LL": "01", "L": "1", "LLL": "Jan", "LLLL": "January",
		"dd": "02", "d": "2", "EEE": "Mon", "ccc": "Mon", "EEEE": "Monday", "cccc": "Monday", "HH": "15", "hh": "03", "h": "3", "mm": "04", "m": "4",
		"ss": "05", "s": "5", "a": "PM", "ooo": "002", "ZZ": "-07:00", "ZZZ": "-0700", "SSS": "000",
	}[word]
	return layout, ok
}

func formatLuxon(t time.Time, layout string) string {
	var b strings.Builder
	for _, word := range luxonToken.FindAllString(layout, 100) {
		if word[0] == '\'' {
			b.WriteString(strings.Trim(word, "'"))
			continue
		}
		if !isLetter(word[0]) {
			b.WriteString(word)
			continue
		}
		rest := word
		for rest != "" {
			part := letterRun.FindString(rest)
			if part == "" || !strings.HasPrefix(rest, part) { // digits and _ within
				b.WriteString(rest[:1])
				rest = rest[1:]
				continue
			}
			rest = rest[len(part):]
			b.WriteString(luxonPart(t, part))
		}
	}
	return b.String()
}

func luxonPart(t time.Time, part string) string {
	switch part {
	case "H":
		return strconv.Itoa(t.Hour())
	case "o":
		return strconv.Itoa(t.YearDay())
	case "do":
		return ordinal(t.Day())
	case "SSS":
		return t.Format(".000")[1:]
	}
	layout, ok := luxonLayout(part)
	if !ok {
		fail("unsupported date format " + part)
	}
	return t.Format(layout)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func formatDayjs(t time.Time, layout string) string {
	var b strings.Builder
	for _, word := range dayjsToken.FindAllString(layout, 100) {
		if word[0] == '[' {
			b.WriteString(strings.Trim(word, "[]"))
			continue
		}
		if !isLetter(word[0]) {
			b.WriteString(word)
			continue
		}
		switch word {
		case "Do":
			b.WriteString(ordinal(t.Day()))
			continue
		case "H":
			b.WriteString(strconv.Itoa(t.Hour()))
			continue
		case "SSS":
			b.WriteString(t.Format(".000")[1:])
			continue
		}
		layout, ok := map[string]string{"YYYY": "2006", "YY": "06", "MMMM": "January", "MMM": "Jan", "MM": "01", "M": "1", "DD": "02", "D": "2",
			"dddd": "Monday", "ddd": "Mon", "HH": "15", "hh": "03", "h": "3", "mm": "04", "m": "4", "ss": "05", "s": "5", "A": "PM", "a": "pm",
			"Z": "-07:00", "ZZ": "-0700"}[word]
		if !ok {
			fail("unsupported date format " + word)
		}
		b.WriteString(t.Format(layout))
	}
	return b.String()
}

func ordinal(n int) string {
	ending := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return strconv.Itoa(n) + ending
}
