package script

import (
	"strings"
	"time"
)

// libraryDate is a date of Luxon, Day.js or Moment.
type libraryDate struct {
	t     time.Time
	luxon bool // of Luxon, whose parts are properties, not methods
}

// Time returns the time of a date; ok is false for other values.
func Time(v any) (t time.Time, ok bool) {
	switch v := v.(type) {
	case time.Time:
		return v, true
	case libraryDate:
		return v.t, true
	}
	return time.Time{}, false
}

func (m libraryDate) member(name string) any {
	if m.luxon {
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
	fail("unsupported property of a date: " + name)
	return nil
}

func (m libraryDate) method(e *evaluator, name string, args []any) any {
	switch name {
	case "toFormat", "toLocaleFormat":
		if m.luxon && len(args) == 1 {
			return formatLuxon(m.t, toString(args[0]))
		}
	case "format":
		if !m.luxon && len(args) == 1 {
			return formatDayjs(m.t, toString(args[0]))
		}
	case "toISODate":
		if m.luxon {
			return m.t.Format("2006-01-02")
		}
	case "toISO":
		if m.luxon && len(args) == 0 {
			return m.t.Format("2006-01-02T15:04:05.000") + strings.Replace(m.t.Format("-07:00"), "+00:00", "Z", 1)
		}
	case "toUTC", "utc":
		return libraryDate{m.t.UTC(), m.luxon}
	case "setZone", "tz":
		if o, ok := argAt(args, 1).(*Object); ok && toBoolean(o.get("keepLocalTime")) {
			t := m.t
			return libraryDate{time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zoneOf(e, argAt(args, 0))), m.luxon}
		}
		return libraryDate{m.t.In(zoneOf(e, argAt(args, 0))), m.luxon}
	case "setLocale", "locale", "reconfigure":
		if l, ok := argAt(args, 0).(string); ok && (l == "en" || strings.HasPrefix(l, "en-")) {
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
	fail("unsupported method of a date: " + name)
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
	fail("unknown time zone")
	return nil
}

// inZone returns the zone in the options of a function of Luxon.
func (e *evaluator) inZone(options any) *time.Location {
	if o, ok := options.(*Object); ok {
		for _, key := range o.keys {
			if key != "zone" && key != "locale" && key != "setZone" {
				fail("unsupported option " + key)
			}
			if key == "locale" && !strings.HasPrefix(toString(o.values[key]), "en") {
				fail("unsupported locale")
			}
		}
		if z, ok := o.values["zone"]; ok {
			return zoneOf(e, z)
		}
	}
	return e.host.Zone
}

func callPackage(e *evaluator, f packageExport, args []any) any {
	v := argAt(args, 0)
	name := strings.TrimPrefix(f.name, "default.")
	switch f.module {
	case "luxon":
		return e.luxon(name, v, argAt(args, 1))
	case "dayjs", "moment", "moment-timezone":
		t, ok := e.newDate([]any{v}).(time.Time)
		switch {
		case !ok || len(args) > 1 && name != "tz":
		case name == "default":
			return libraryDate{t.In(e.host.Zone), false}
		case name == "utc":
			return libraryDate{t.UTC(), false}
		case name == "tz":
			return libraryDate{t.In(zoneOf(e, argAt(args, 1))), false}
		}
	case "date-fns", "date-fns/format":
		if name == "format" || f.module == "date-fns/format" {
			if t, ok := v.(time.Time); ok && len(args) == 2 {
				return formatLuxon(t.In(e.host.Zone), toString(args[1]))
			}
		}
	case "slugify":
		return slugify(toString(v), argAt(args, 1))
	case "@sindresorhus/slugify":
		return e.sindresorhusSlug(toString(v), argAt(args, 1))
	case "path", "node:path":
		if name == "basename" && len(args) == 1 {
			s := strings.TrimRight(toString(v), "/")
			return s[strings.LastIndexByte(s, '/')+1:]
		}
	case "markdown-it":
		return packageObject{"markdown-it", args}
	case "html-minifier", "html-minifier-terser":
		if name == "minify" {
			return toString(v) // a reader sees no difference
		}
	}
	fail("unsupported function of " + f.module)
	return nil
}

func (e *evaluator) luxon(name string, v, options any) any {
	zone := e.inZone(options)
	switch name {
	case "DateTime.fromJSDate":
		if t, ok := v.(time.Time); ok {
			return libraryDate{t.In(zone), true}
		}
	case "DateTime.fromISO":
		if s, ok := v.(string); ok {
			if t, ok := e.parseDate(s, zone); ok {
				return libraryDate{t.In(zone), true}
			}
		}
	case "DateTime.fromMillis":
		if f, ok := v.(float64); ok && f < 8e15 && f > -8e15 {
			return libraryDate{time.UnixMilli(int64(f)).In(zone), true}
		}
	}
	fail("unsupported function of Luxon: " + name)
	return nil
}

func (e *evaluator) packageObjectMethod(o packageObject, name string, args []any) any {
	switch o.kind {
	case "Intl.DateTimeFormat":
		if t, ok := argAt(args, 0).(time.Time); ok && name == "format" {
			if len(o.args) < 2 {
				o.args = append(o.args, NewObject())
			}
			return localeDate(t.In(e.host.Zone), o.args)
		}
	case "markdown-it":
		switch name {
		case "use", "disable", "enable", "set":
			return o
		case "render", "renderInline":
			if e.host.Markdown != nil {
				if html, ok := e.host.Markdown(toString(argAt(args, 0)), name == "renderInline"); ok {
					return html
				}
			}
		}
	}
	fail("unsupported method " + name)
	return nil
}
