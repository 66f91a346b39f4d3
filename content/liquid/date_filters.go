package liquid

import (
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"

	"publisher/content/frontmatter"
)

// dateFilter formats a date.
func (e *Evaluator) dateFilter(name string, v any, arguments []any) (any, bool) {
	layout := ""
	switch name {
	case "date":
		if len(arguments) == 1 && Text(v) == "" {
			return "", true
		}
		if len(arguments) == 1 {
			layout = Text(arguments[0])
		}
	case "date_to_string":
		layout = dateWithOrdinal("%b", arguments)
	case "date_to_long_string":
		layout = dateWithOrdinal("%B", arguments)
	case "date_to_xmlschema":
		layout = "%Y-%m-%dT%H:%M:%S%:z"
	case "date_to_rfc822":
		layout = "%a, %d %b %Y %H:%M:%S %z"
	}
	if layout == "" {
		return nil, false
	}
	when, ok := e.timeOf(v)
	if !ok {
		return v, !e.Nunjucks && name == "date" // Liquid returns it unchanged
	}
	if name != "date" && !e.Nunjucks {
		when = when.In(e.Location)
	}
	layout = strings.ReplaceAll(layout, "%\x00", ordinalDay(when.Day()))
	if name == "date_to_xmlschema" {
		return when.Format("2006-01-02T15:04:05-07:00"), true
	}
	return strftime.Format(layout, when), true
}

// timeOf parses what Liquid accepts as a time: also seconds since 1970, and now.
func (e *Evaluator) timeOf(v any) (time.Time, bool) {
	if when, ok := v.(time.Time); ok {
		return when, true
	}
	text := Text(v)
	if !e.Nunjucks {
		if text == "now" || text == "today" {
			e.useOutside()
			return time.Now().In(e.Location), true
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > 8 {
			return frontmatter.InRange(time.Unix(n, 0).In(e.Location))
		}
		return RubyDate(text, e.Location)
	}
	return frontmatter.ParseDate(text, e.Location)
}

// dateWithOrdinal returns the layout of 3 Feb 2024, or, with the arguments "ordinal" and possibly "US", of
// 3rd Feb 2024 and Feb 3rd, 2024.
func dateWithOrdinal(month string, arguments []any) string {
	switch {
	case len(arguments) > 1 && Text(arguments[0]) == "ordinal" && Text(arguments[1]) == "US":
		return month + " %\x00, %Y"
	case len(arguments) > 0 && Text(arguments[0]) == "ordinal":
		return "%\x00 " + month + " %Y"
	}
	return "%d " + month + " %Y"
}

func ordinalDay(day int) string {
	ending := "th"
	if day/10 != 1 {
		ending = [10]string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[day%10]
	}
	return strconv.Itoa(day) + ending
}
