package config

import (
	"slices"
	"strconv"
	"strings"

	"github.com/robfig/cron/v3"
)

// parseSchedule parses five fields or a word such as @daily. Sunday is 0 or 7, as in
// crontab(5), and a range may end with SUN.
func parseSchedule(spec string) (cron.Schedule, error) {
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	fields := strings.Fields(spec)
	if len(fields) != 5 || strings.Contains(fields[0], "TZ=") {
		return parser.Parse(spec)
	}
	days := strings.Split(fields[4], ",")
	for i, part := range days {
		days[i] = withoutSeven(part)
	}
	fields[4] = strings.Join(days, ",")
	return parser.Parse(strings.Join(fields, " "))
}

// withoutSeven rewrites one element of the day-of-week field without 7, which the parser
// does not accept. It leaves errors to the parser.
func withoutSeven(part string) string {
	days, step, stepped := strings.Cut(part, "/")
	every := 1
	if stepped {
		n, err := strconv.Atoi(step)
		if err != nil || n < 1 {
			return part
		}
		every = n
	}
	first, last, isRange := strings.Cut(days, "-")
	from, ok := weekday(first)
	if !ok {
		return part
	}
	if !isRange {
		if from != 7 || stepped {
			return part
		}
		return "0"
	}
	to, ok := weekday(last)
	if ok && to == 0 && from > 0 && !isDigit(last) {
		to = 7 // FRI-SUN
	}
	if !ok || to != 7 || from > to {
		return part
	}
	var list []string
	for day := from; day <= to; day += every {
		if name := strconv.Itoa(day % 7); !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return strings.Join(list, ",")
}

// weekday returns the number, 0 to 7, of a day given as a digit or a name.
func weekday(name string) (int, bool) {
	if isDigit(name) {
		return int(name[0] - '0'), name[0] <= '7'
	}
	n := slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, strings.ToLower(name))
	return n, n >= 0
}

func isDigit(s string) bool { return len(s) == 1 && '0' <= s[0] && s[0] <= '9' }
