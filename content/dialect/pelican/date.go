package pelican

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// parseDate parses a date as python-dateutil does, which Pelican uses: tokens are numbers, words and signs,
// and the meaning of a number depends on its position and size. Nothing is filled in from today: a date
// needs a year and a month.
func parseDate(text string, loc *time.Location) (time.Time, bool) {
	if len(text) > maxDateText {
		return time.Time{}, false
	}
	d := &dateTokens{tokens: splitDate(text), month: -1, year: -1, hour: -1, loc: loc}
	if d.read() != nil {
		return time.Time{}, false
	}
	return d.time()
}

const maxDateText = 100

var errNoDate = errors.New("not a date")

// dateTokens is the state of parsing a date.
type dateTokens struct {
	tokens  []string
	at      int
	numbers []int // of the day, in the order of the text
	month   int   // the index of the number that is known to be the month; -1 for none
	year    int   // likewise of the year
	century bool  // the year has a century
	hour    int   // -1 for none
	minute  int
	second  int
	nanos   int
	half    bool // it has am or pm
	zoned   bool
	zone    string
	loc     *time.Location
}

// splitDate divides a date where digits, letters and other characters meet. A single dot between digits is a
// decimal point.
func splitDate(text string) []string {
	var out []string
	letters := []rune(text)
	for i := 0; i < len(letters); {
		from, dots, words := i, 0, false
		class := func(r rune) byte {
			switch {
			case r >= '0' && r <= '9':
				return '0'
			case unicode.IsLetter(r):
				return 'a'
			}
			return 0
		}
		kind := class(letters[i])
		if i++; kind == 0 {
			if unicode.IsSpace(letters[from]) {
				out = append(out, " ")
			} else {
				out = append(out, string(letters[from]))
			}
			continue
		}
		words = kind == 'a'
		for ; i < len(letters); i++ {
			r, after := letters[i], letters[i-1]
			switch c := class(r); {
			case c == kind, c != 0 && after == '.':
				kind, words = c, words || c == 'a'
				continue
			case r == '.', r == ',' && kind == '0' && dots == 0 && i-from >= 2:
				dots++
				continue
			}
			break
		}
		token := string(letters[from:i])
		if dots > 0 && (words || strings.Count(token, ".") > 1 || strings.HasSuffix(token, ".") || strings.HasSuffix(token, ",")) {
			out = append(out, dividedAtDots(token)...)
			continue
		}
		out = append(out, strings.Replace(token, ",", ".", 1))
	}
	return out
}

// dividedAtDots divides a token at its dots, which become tokens.
func dividedAtDots(token string) []string {
	var out []string
	for token != "" {
		at := strings.IndexAny(token, ".,")
		if at < 0 {
			return append(out, token)
		}
		if at > 0 {
			out = append(out, token[:at])
		}
		out, token = append(out, token[at:at+1]), token[at+1:]
	}
	return out
}

// dateJumps are the words without a meaning.
var dateJumps = strings.Fields(`. , ; - / ' at on and ad m t of st nd rd th`)

func isDateJump(s string) bool { return s == " " || slices.Contains(dateJumps, strings.ToLower(s)) }

func (d *dateTokens) token(i int) string {
	if i >= 0 && i < len(d.tokens) {
		return d.tokens[i]
	}
	return ""
}

// monthOf returns the number of a month by its English name; 0 for another word.
func monthOf(word string) int {
	word = strings.ToLower(word)
	if word == "sept" {
		return 9
	}
	for m := time.January; m <= time.December; m++ {
		if name := strings.ToLower(m.String()); word == name || word == name[:3] {
			return int(m)
		}
	}
	return 0
}

// isWeekday reports whether a word is the English name of a day.
func isWeekday(word string) bool {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(word, day.String()) || strings.EqualFold(word, day.String()[:3]) {
			return true
		}
	}
	return false
}

// halfOf returns 12 for pm, 0 for am, -1 for another word.
func halfOf(word string) int {
	switch strings.ToLower(word) {
	case "am", "a":
		return 0
	case "pm", "p":
		return 12
	}
	return -1
}

// unitOf returns 0 for hours, 1 for minutes, 2 for seconds, -1 for another word.
func unitOf(word string) int {
	word = strings.ToLower(word)
	return slices.IndexFunc([]string{"h hour hours", "m minute minutes", "s second seconds"}, func(names string) bool {
		return word != "" && slices.Contains(strings.Fields(names), word)
	})
}

func (d *dateTokens) read() error {
	for ; d.at < len(d.tokens); d.at++ {
		token := d.tokens[d.at]
		var err error
		switch {
		case token[0] >= '0' && token[0] <= '9':
			err = d.number(token)
		case isWeekday(token):
		case monthOf(token) > 0:
			err = d.monthName(monthOf(token))
		case halfOf(token) >= 0:
			err = d.halfDay(halfOf(token))
		case d.isZone(token):
			d.namedZone(token)
		case d.hour >= 0 && (token == "+" || token == "-"):
			err = d.offset(token)
		case !isDateJump(token):
			err = errNoDate
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add adds a number that is a day, month or year.
func (d *dateTokens) add(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil {
		whole, _, _ := strings.Cut(s, ".")
		if n, err = strconv.Atoi(whole); err != nil {
			return errNoDate
		}
	}
	if len(s) > 2 && isDigits(s) || n > 100 {
		if d.century = true; d.year >= 0 {
			return errNoDate
		}
		d.year = len(d.numbers)
	}
	d.numbers = append(d.numbers, n)
	return nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func (d *dateTokens) addMonth(n int) error {
	if d.month >= 0 {
		return errNoDate
	}
	d.month = len(d.numbers)
	d.numbers = append(d.numbers, n)
	return nil
}

// monthName reads Jan, and the rest of Jan-02-2006.
func (d *dateTokens) monthName(n int) error {
	if err := d.addMonth(n); err != nil {
		return err
	}
	sign := d.token(d.at + 1)
	if sign == " " && strings.EqualFold(d.token(d.at+2), "of") && d.token(d.at+3) == " " && d.token(d.at+4) != "" {
		return d.yearAfterOf(d.token(d.at + 4))
	}
	if sign != "-" && sign != "/" {
		return nil
	}
	if err := d.add(d.token(d.at + 2)); err != nil {
		return err
	}
	if d.token(d.at+3) == sign {
		if err := d.add(d.token(d.at + 4)); err != nil {
			return err
		}
		d.at += 2
	}
	d.at += 2
	return nil
}

// yearAfterOf reads the year of "Jan of 06".
func (d *dateTokens) yearAfterOf(s string) error {
	d.at += 4
	if !isDigits(s) {
		return nil
	}
	if d.year >= 0 {
		return errNoDate
	}
	d.year = len(d.numbers)
	d.numbers = append(d.numbers, number(s))
	return nil
}

func (d *dateTokens) halfDay(add int) error {
	if d.hour < 0 || d.hour > 12 {
		return errNoDate
	}
	d.hour, d.half = d.hour%12+add, true
	return nil
}

func (d *dateTokens) isZone(token string) bool {
	if d.hour < 0 || d.zoned || d.zone != "" || len(token) > 5 {
		return false
	}
	return token == "z" || strings.IndexFunc(token, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
}

// namedZone reads the name of a zone. Only UTC counts. In GMT+3 the sign is POSIX's: add three hours to get
// GMT.
func (d *dateTokens) namedZone(token string) {
	isUTC := slices.Contains([]string{"UTC", "GMT", "Z", "z"}, token)
	switch next := d.token(d.at + 1); {
	case next == "+":
		d.tokens[d.at+1] = "-"
	case next == "-":
		d.tokens[d.at+1] = "+"
	case isUTC:
		d.zoned, d.loc = true, time.UTC
	}
	if !isUTC {
		d.zone = token
	}
}

func (d *dateTokens) offset(sign string) error {
	digits := d.token(d.at + 1)
	hours, minutes := digits, "0"
	switch {
	case !isDigits(digits):
		return errNoDate
	case len(digits) == 4:
		hours, minutes = digits[:2], digits[2:]
	case d.token(d.at+2) == ":" && isDigits(d.token(d.at+3)):
		minutes = d.token(d.at + 3)
		d.at += 2
	case len(digits) > 2:
		return errNoDate
	}
	seconds := number(hours)*3600 + number(minutes)*60
	if seconds >= 24*3600 {
		return errNoDate
	}
	if sign == "-" {
		seconds = -seconds
	}
	d.zoned, d.loc = true, time.FixedZone("", seconds)
	if seconds == 0 {
		d.loc = time.UTC
	}
	d.at++
	if isDateJump(d.token(d.at+1)) && d.token(d.at+2) == "(" && d.token(d.at+4) == ")" && len(d.token(d.at+3)) >= 3 {
		d.at += 4
	}
	return nil
}
