package dialect

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Placeholders are the names that content.permalink takes, written :name: those of Hugo and
// Jekyll.
var Placeholders = []string{
	"year", "short_year", "w_year", "month", "i_month", "monthname", "short_month", "long_month", "week", "day", "i_day", "y_day", "yearday",
	"weekday", "weekdayname", "w_day", "short_day", "long_day", "hour", "minute", "second", "title", "slug", "section", "sections",
	"sectionslug", "sectionslugs", "filename", "slugorfilename", "contentbasename", "slugorcontentbasename", "name", "basename", "path",
	"category", "categories", "slugified_categories", "collection", "lang", "output_ext",
}

// CheckPermalink returns an error if nothing could fill a placeholder of the pattern.
func CheckPermalink(pattern string) error {
	for rest := pattern; ; {
		at := strings.IndexByte(rest, ':')
		if at < 0 {
			return nil
		}
		rest = rest[at+1:]
		if name := longestPlaceholder(rest); name == "" {
			if word := wordOf(rest); word != "" && LayoutDay.Format(word) == word {
				return fmt.Errorf("unknown placeholder :%s; must be one of :%s", word, strings.Join(Placeholders, " :"))
			}
		}
	}
}

// longestPlaceholder returns the longest known name that s begins with, or "".
func longestPlaceholder(s string) string {
	best := ""
	for _, name := range Placeholders {
		if len(name) > len(best) && strings.HasPrefix(s, name) {
			best = name
		}
	}
	return best
}

// Expand fills a pattern such as /:year/:month/:title/.
func (p *Page) Expand(pattern string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, ":")
		if escaped, ok := strings.CutSuffix(before, `\`); ok && found {
			b.WriteString(escaped + ":")
			pattern = rest
			continue
		}
		b.WriteString(before)
		if !found {
			break
		}
		name := longestPlaceholder(rest)
		if word := wordOf(rest); !slices.Contains(Placeholders, word) {
			if filled, ok := p.Engine.Placeholder(p, word); ok {
				b.WriteString(filled)
				pattern = rest[len(word):]
				continue
			}
		}
		if name == "" {
			b.WriteByte(':')
		}
		filled := p.fillPlaceholder(name)
		pattern = rest[len(name):]
		if cut := sectionCut.FindStringSubmatch(pattern); cut != nil && (name == "sections" || name == "sectionslugs") {
			filled = cutSections(filled, cut[1])
			pattern = pattern[len(cut[0]):]
		}
		b.WriteString(filled)
	}
	out := b.String()
	for strings.Contains(out, "//") {
		out = strings.ReplaceAll(out, "//", "/")
	}
	return out
}

// LayoutDay shows whether a word is a layout for dates: formatting it changes the word.
var LayoutDay = time.Date(2019, 11, 9, 23, 1, 42, 1, time.UTC)

// wordOf returns the word that a text begins with.
func wordOf(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

var sectionCut = regexp.MustCompile(`^\[([^\]]*)\]`)

// cutSections returns a part of a path, as Hugo's :sections[1:] or [last].
func cutSections(p, cut string) string {
	parts := strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
	index := func(s string, otherwise int) int {
		switch n, err := strconv.Atoi(s); {
		case s == "last":
			return len(parts) - 1
		case err != nil:
			return otherwise
		default:
			return max(n, 0)
		}
	}
	low, high, isRange := strings.Cut(strings.ToLower(strings.TrimSpace(cut)), ":")
	from := index(low, 0)
	to := from + 1
	if isRange {
		to = index(high, len(parts))
	}
	if from >= len(parts) || from < 0 || to < from {
		return ""
	}
	return strings.Join(parts[from:min(to, len(parts))], "/")
}

func (p *Page) fillPlaceholder(name string) string {
	if filled, ok := p.Engine.Placeholder(p, name); ok {
		return filled
	}
	switch name {
	case "title":
		return p.TitleSlug
	case "slug":
		return p.Slug
	case "section":
		first, _, _ := strings.Cut(p.Name.Dir, "/")
		return p.Engine.Slugify(first)
	case "sections", "sectionslug", "sectionslugs", "path":
		return p.SlugPath(p.Name.Dir)
	case "filename", "name", "basename", "contentbasename":
		return p.Engine.Slugify(p.Name.Full)
	case "slugorfilename", "slugorcontentbasename":
		if p.Front.Scalar("slug") != "" {
			return p.Slug
		}
		return p.Engine.Slugify(p.Name.Full)
	case "category", "categories", "slugified_categories":
		return p.categoryPath(name)
	case "collection":
		return "posts"
	case "lang":
		return p.Post.Language
	case "output_ext":
		return ".html"
	}
	return datePart(p.Post.Date, name)
}

// categoryPath returns the first category, or all of them as a path.
func (p *Page) categoryPath(name string) string {
	if len(p.Categories) > 0 && name == "category" {
		return p.Engine.Slugify(p.Categories[0])
	}
	return p.JoinCategories(p.Engine.Slugify)
}

// JoinCategories returns the categories as a path, each once.
func (p *Page) JoinCategories(slugify func(string) string) string {
	var parts []string
	for _, c := range p.Categories {
		if slug := slugify(c); !slices.Contains(parts, slug) {
			parts = append(parts, slug)
		}
	}
	return strings.Join(parts, "/")
}

var dateLayouts = map[string]string{
	"year": "2006", "short_year": "06", "month": "01", "i_month": "1", "monthname": "January", "long_month": "January",
	"short_month": "Jan", "day": "02", "i_day": "2", "y_day": "002", "weekdayname": "Monday", "short_day": "Mon", "long_day": "Monday",
	"hour": "15", "minute": "04", "second": "05",
}

// datePart returns what a placeholder takes of a date.
func datePart(t time.Time, name string) string {
	year, week := t.ISOWeek()
	switch name {
	case "w_year":
		return strconv.Itoa(year)
	case "week":
		return fmt.Sprintf("%02d", week)
	case "w_day":
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1)
	case "weekday":
		return strconv.Itoa(int(t.Weekday()))
	case "yearday":
		return strconv.Itoa(t.YearDay())
	case "monthname", "weekdayname":
		return strings.ToLower(t.Format(dateLayouts[name]))
	}
	return t.Format(dateLayouts[name])
}

// SlugPath returns a folder with each element slugified.
func (p *Page) SlugPath(dir string) string {
	if dir == "" {
		return ""
	}
	parts := strings.Split(dir, "/")
	for i, part := range parts {
		parts[i] = p.Engine.Slugify(part)
	}
	return strings.Join(parts, "/")
}
