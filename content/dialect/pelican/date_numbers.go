package pelican

import (
	"strconv"
	"strings"
	"time"

	"publisher/content/frontmatter"
)

// number reads a token of digits, by the first of dateutil's rules that applies.
func (d *dateTokens) number(s string) error {
	next := d.token(d.at + 1)
	whole, _, _ := strings.Cut(s, ".")
	switch {
	case len(d.numbers) == 3 && (len(s) == 2 || len(s) == 4) && isDigits(s) && d.hour < 0 && next != ":" && unitOf(next) < 0:
		d.hour = number(s[:2]) // 20060102T15 or T1504
		if len(s) == 4 {
			d.minute = number(s[2:])
		}
		return nil
	case len(whole) == 6:
		return d.packed(s)
	case isDigits(s) && (len(s) == 8 || len(s) == 12 || len(s) == 14):
		return d.stamp(s)
	case d.unitAt() >= 0:
		return d.withUnit(s)
	case next == ":" && d.token(d.at+2) != "":
		return d.clock(s)
	case next == "-" || next == "/" || next == ".":
		return d.separated(s, next)
	case next == "" || isDateJump(next):
		return d.alone(s)
	case halfOf(next) >= 0 && number(whole) < 24:
		d.hour = number(whole)
		d.at++
		return d.halfDay(halfOf(next))
	case number(whole) >= 1 && number(whole) <= 31:
		return d.add(s)
	}
	return errNoDate
}

// packed reads 060102, or 150405 if the day is known.
func (d *dateTokens) packed(s string) error {
	if len(d.numbers) == 0 && isDigits(s) {
		for _, part := range []string{s[:2], s[2:4], s[4:]} {
			if err := d.add(part); err != nil {
				return err
			}
		}
		return nil
	}
	d.hour, d.minute = number(s[:2]), number(s[2:4])
	return d.seconds(s[4:])
}

// stamp reads 20060102, 200601021504 or 20060102150405.
func (d *dateTokens) stamp(s string) error {
	for _, part := range []string{s[:4], s[4:6], s[6:8]} {
		if err := d.add(part); err != nil {
			return err
		}
	}
	if len(s) > 8 {
		d.hour, d.minute = number(s[8:10]), number(s[10:12])
	}
	if len(s) > 12 {
		d.second = number(s[12:])
	}
	return nil
}

func (d *dateTokens) seconds(s string) error {
	whole, part, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(whole)
	if err != nil {
		return errNoDate
	}
	d.second = n
	if part != "" {
		d.nanos = number((part + "000000")[:6]) * 1000
	}
	return nil
}

// clock reads 15:04 or 15:04:05.
func (d *dateTokens) clock(s string) error {
	minutes := d.token(d.at + 2)
	if !isDigits(s) || minutes[0] < '0' || minutes[0] > '9' {
		return errNoDate
	}
	d.hour = number(s)
	whole, part, _ := strings.Cut(minutes, ".")
	d.minute = number(whole)
	if part != "" {
		share, _ := strconv.ParseFloat("0."+part, 64)
		d.second = int(60 * share)
	}
	if d.token(d.at+3) == ":" && d.token(d.at+4) != "" {
		if err := d.seconds(d.token(d.at + 4)); err != nil {
			return err
		}
		d.at += 2
	}
	d.at += 2
	return nil
}

// separated reads 2006-01-02 with any of three separators; the month may be a name.
func (d *dateTokens) separated(s, sign string) error {
	if err := d.add(s); err != nil {
		return err
	}
	if second := d.token(d.at + 2); second != "" && !isDateJump(second) {
		if err := d.dayOrMonth(second); err != nil {
			return err
		}
		if d.token(d.at+3) == sign {
			if err := d.dayOrMonth(d.token(d.at + 4)); err != nil {
				return err
			}
			d.at += 2
		}
		d.at++
	}
	d.at++
	return nil
}

func (d *dateTokens) dayOrMonth(s string) error {
	if n := monthOf(s); n > 0 {
		return d.addMonth(n)
	}
	if !isDigits(s) {
		return errNoDate
	}
	return d.add(s)
}

// alone reads a number between spaces: an hour before am or pm, else part of the day.
func (d *dateTokens) alone(s string) error {
	if half := halfOf(d.token(d.at + 2)); half >= 0 {
		d.hour = number(s)
		d.at += 2
		return d.halfDay(half)
	}
	d.at++
	return d.add(s)
}

// unitAt returns where the h, m or s is that gives the number its unit; -1 for none.
func (d *dateTokens) unitAt() int {
	switch {
	case unitOf(d.token(d.at+1)) >= 0:
		return d.at + 1
	case d.token(d.at+1) == " " && unitOf(d.token(d.at+2)) >= 0:
		return d.at + 2
	case unitOf(d.token(d.at-1)) >= 0:
		return d.at - 1
	}
	return -1
}

// withUnit reads 10h, 30m, or the 30 of 10h30, which is in the next smaller unit.
func (d *dateTokens) withUnit(s string) error {
	at := d.unitAt()
	unit := unitOf(d.token(at))
	if at < d.at {
		unit++
	}
	whole, _, _ := strings.Cut(s, ".")
	switch unit {
	case 0:
		d.hour = number(whole)
	case 1:
		d.minute = number(whole)
	case 2:
		if err := d.seconds(s); err != nil {
			return err
		}
	}
	d.at = max(d.at, at)
	return nil
}

// time returns the date, with the numbers of the day ordered by what is known about each and by their size.
func (d *dateTokens) time() (time.Time, bool) {
	year, month, day, ok := d.day()
	if !ok || month < 1 || month > 12 || day < 1 || day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return time.Time{}, false
	}
	if !d.century && year < 100 {
		if year += 2000; year >= 2070 {
			year -= 100
		}
	}
	if d.hour > 23 || d.minute > 59 || d.second > 59 {
		return time.Time{}, false
	}
	return frontmatter.InRange(time.Date(year, time.Month(month), day, max(d.hour, 0), d.minute, d.second, d.nanos, d.loc))
}

func (d *dateTokens) day() (year, month, day int, ok bool) {
	n := d.numbers
	switch {
	case len(n) == 2 && d.month >= 0: // January 2006
		year, month, day = n[1-d.month], n[d.month], 1
		return year, month, day, year > 31 || d.year >= 0
	case len(n) == 2 && n[0] > 31: // 2006-01
		return n[0], n[1], 1, true
	case len(n) == 2 && n[1] > 31:
		return n[1], n[0], 1, true
	case len(n) != 3:
		return 0, 0, 0, false
	case d.month >= 0 && d.year >= 0:
		return n[d.year], n[d.month], n[3-d.year-d.month], d.year != d.month
	}
	order := [3]int{2, 0, 1} // the positions of year, month and day: 1/2/06
	switch {
	case d.month == 0 && n[1] > 31:
		order = [3]int{1, 0, 2}
	case d.month == 0:
	case d.month == 1 && n[0] > 31:
		order = [3]int{0, 1, 2}
	case d.month == 1:
		order = [3]int{2, 1, 0}
	case d.month == 2 && n[1] > 31:
		order = [3]int{1, 2, 0}
	case d.month == 2:
		order = [3]int{0, 2, 1}
	case n[0] > 31 || d.year == 0:
		order = [3]int{0, 1, 2}
	case n[0] > 12:
		order = [3]int{2, 1, 0}
	}
	return n[order[0]], n[order[1]], n[order[2]], true
}

// number returns the value of a text of digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
