package script

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// moment is a date of Luxon's, Day.js' or Moment's.
type moment struct {
	t   time.Time
	dot bool // Luxon's, whose parts are properties and not methods
}

// Time is the moment that a date is; ok is false for what is none.
func Time(v any) (t time.Time, ok bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case moment:
		return v.t, true
	}
	return time.Time{}, false
}

func (m moment) member(name string) any {
	if m.dot {
		switch name {
		case "year":
			return float64(m.t.Year())
		case "month":
			return float64(m.t.Month())
		case "day":
			return float64(m.t.Day())
		case "hour":
			return float64(m.t.Hour())
		case "minute":
			return float64(m.t.Minute())
		case "isValid":
			return true
		case "monthLong":
			return m.t.Format("January")
		case "monthShort":
			return m.t.Format("Jan")
		}
	}
	unknown("the part " + name + " of a date")
	return nil
}

func (m moment) method(e *evaluator, name string, args []any) any {
	switch name {
	case "toFormat", "toLocaleFormat":
		if m.dot && len(args) == 1 {
			return formatLuxon(m.t, text(args[0]))
		}
	case "format":
		if !m.dot && len(args) == 1 {
			return formatDayjs(m.t, text(args[0]))
		}
	case "toISODate":
		if m.dot {
			return m.t.Format("2006-01-02")
		}
	case "toISO":
		if m.dot && len(args) == 0 {
			return m.t.Format("2006-01-02T15:04:05.000") + strings.Replace(m.t.Format("-07:00"), "+00:00", "Z", 1)
		}
	case "toUTC", "utc":
		return moment{m.t.UTC(), m.dot}
	case "setZone", "tz":
		if o, ok := argument(args, 1).(*Object); ok && truth(o.get("keepLocalTime")) {
			t := m.t
			return moment{time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zoneOf(e, argument(args, 0))), m.dot}
		}
		return moment{m.t.In(zoneOf(e, argument(args, 0))), m.dot}
	case "setLocale", "locale", "reconfigure":
		if l, ok := argument(args, 0).(string); ok && (l == "en" || strings.HasPrefix(l, "en-")) {
			return m
		}
	case "toJSDate", "toDate":
		return m.t
	case "toISOString":
		return m.t.UTC().Format("2006-01-02T15:04:05.000Z")
	case "year":
		return float64(m.t.Year())
	case "month":
		return float64(m.t.Month() - 1)
	case "date":
		return float64(m.t.Day())
	case "toMillis", "valueOf":
		return float64(m.t.UnixMilli())
	case "isValid":
		return true
	}
	unknown("the method " + name + " of a date")
	return nil
}

func zoneOf(e *evaluator, v any) *time.Location {
	switch name, _ := v.(string); strings.ToLower(name) {
	case "local", "system":
		return e.host.Zone
	case "utc":
		return time.UTC
	case "":
	default:
		if loc, err := time.LoadLocation(name); err == nil {
			return loc
		}
	}
	unknown("a time zone")
	return nil
}

// inZone is the zone that the options of a function of Luxon's name.
func (e *evaluator) inZone(options any) *time.Location {
	if o, ok := options.(*Object); ok {
		for _, key := range o.keys {
			if key != "zone" && key != "locale" && key != "setZone" {
				unknown("the option " + key)
			}
			if key == "locale" && !strings.HasPrefix(text(o.values[key]), "en") {
				unknown("a date in another language")
			}
		}
		if z, ok := o.values["zone"]; ok {
			return zoneOf(e, z)
		}
	}
	return e.host.Zone
}

func callExternal(e *evaluator, f external, args []any) any {
	v := argument(args, 0)
	name := strings.TrimPrefix(f.name, "default.")
	switch f.module {
	case "luxon":
		return e.luxon(name, v, argument(args, 1))
	case "dayjs", "moment", "moment-timezone":
		t, ok := e.newDate([]any{v}).(time.Time)
		switch {
		case !ok || len(args) > 1 && name != "tz":
		case name == "default":
			return moment{t.In(e.host.Zone), false}
		case name == "utc":
			return moment{t.UTC(), false}
		case name == "tz":
			return moment{t.In(zoneOf(e, argument(args, 1))), false}
		}
	case "date-fns", "date-fns/format":
		if name == "format" || f.module == "date-fns/format" {
			if t, ok := v.(time.Time); ok && len(args) == 2 {
				return formatLuxon(t.In(e.host.Zone), text(args[1]))
			}
		}
	case "slugify":
		return slugify(text(v), argument(args, 1))
	case "@sindresorhus/slugify":
		return e.slug(text(v), argument(args, 1))
	case "path", "node:path":
		if name == "basename" && len(args) == 1 {
			s := strings.TrimRight(text(v), "/")
			return s[strings.LastIndexByte(s, '/')+1:]
		}
	case "markdown-it":
		return outside{"markdown-it", args}
	case "html-minifier", "html-minifier-terser":
		if name == "minify" {
			return text(v) // the same to a reader
		}
	}
	unknown(f.module)
	return nil
}

func (e *evaluator) luxon(name string, v, options any) any {
	zone := e.inZone(options)
	switch name {
	case "DateTime.fromJSDate":
		if t, ok := v.(time.Time); ok {
			return moment{t.In(zone), true}
		}
	case "DateTime.fromISO":
		if s, ok := v.(string); ok {
			if t, ok := e.parse(s, zone); ok {
				return moment{t.In(zone), true}
			}
		}
	case "DateTime.fromMillis":
		if f, ok := v.(float64); ok && f < 8e15 && f > -8e15 {
			return moment{time.UnixMilli(int64(f)).In(zone), true}
		}
	}
	unknown("Luxon's " + name)
	return nil
}

// slug is @sindresorhus/slugify's.
func (e *evaluator) slug(s string, options any) any {
	decamelize := true
	if o, ok := options.(*Object); ok {
		for _, key := range o.keys {
			if key != "decamelize" {
				unknown("the option " + key)
			}
			decamelize = truth(o.values[key])
		}
	}
	if e.host.Slug == nil {
		unknown("a slug")
	}
	return e.host.Slug(s, decamelize)
}

var (
	slugSigns  = strings.NewReplacer("&", "and", "$", "dollar", "%", "percent", "<", "less", ">", "greater", "|", "or", "€", "euro", "£", "pound", "¥", "yen", "©", "(c)", "®", "(r)", "™", "tm", "…", "...", "“", `"`, "”", `"`, "‘", "'", "’", "'", "–", "-", "—", "-", "ß", "ss", "æ", "ae", "Æ", "AE", "ø", "o", "Ø", "O", "å", "a", "ð", "d", "þ", "th", "đ", "dj", "ł", "l", "Ł", "L", "œ", "oe", "º", "o", "ª", "a")
	slugDrops  = regexp.MustCompile(`[^\w\s$*_+~.()'"!\-:@]+`)
	slugStrict = regexp.MustCompile(`[^A-Za-z0-9\s]`)
	slugSpaces = regexp.MustCompile(`\s+`)
)

// Slugify is the function of the package slugify with its option lower, and - between.
func Slugify(s string) (slug string, err error) {
	defer rescue(&err)
	o := NewObject()
	o.Set("lower", true)
	return slugify(s, o).(string), nil
}

func slugify(s string, options any) any {
	if isNothing(options) {
		options = NewObject()
	}
	between := "-"
	if text, ok := options.(string); ok {
		between, options = text, NewObject()
	}
	o, ok := options.(*Object)
	if !ok || o.Missing != nil {
		unknown("the options of slugify")
	}
	if r, ok := o.values["replacement"].(string); ok {
		between = r
	}
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		c := slugSigns.Replace(string(r))
		if c == string(r) && r >= 0x80 {
			c = plainLetter(r)
		}
		if c == between {
			c = " "
		}
		b.WriteString(dropped(c, o))
	}
	out := b.String()
	if truth(o.get("strict")) {
		out = slugStrict.ReplaceAllString(out, "")
	}
	if _, set := o.values["trim"]; !set || truth(o.values["trim"]) {
		out = strings.TrimSpace(out)
	}
	out = slugSpaces.ReplaceAllLiteralString(out, between)
	if truth(o.get("lower")) {
		out = strings.ToLower(out)
	}
	return out
}

func dropped(c string, o *Object) string {
	if re, ok := o.values["remove"].(*regex); ok {
		return re.re.ReplaceAllString(c, "")
	}
	return slugDrops.ReplaceAllString(c, "")
}

// plainLetter is an accented letter's without its accent.
func plainLetter(r rune) string {
	base := []rune(norm.NFD.String(string(r)))
	switch {
	case len(base) > 1 && base[0] < 0x80 && r < 0x250:
		return string(base[0])
	case unicode.IsLetter(r) && (r < 0x1100):
		unknown("the slug of " + string(r))
	}
	return string(r)
}

func (e *evaluator) outsideMethod(o outside, name string, args []any) any {
	switch o.kind {
	case "Intl.DateTimeFormat":
		if t, ok := argument(args, 0).(time.Time); ok && name == "format" {
			if len(o.args) < 2 {
				o.args = append(o.args, NewObject())
			}
			return localeDate(t.In(e.host.Zone), o.args, true)
		}
	case "markdown-it":
		switch name {
		case "use", "disable", "enable", "set":
			return o
		case "render", "renderInline":
			if e.host.Markdown != nil {
				if html, ok := e.host.Markdown(text(argument(args, 0)), name == "renderInline"); ok {
					return html
				}
			}
		}
	}
	unknown("the method " + name)
	return nil
}
