package content

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// placeholders are the names that content.permalink takes, written :name.
var placeholders = []string{
	"year", "short_year", "month", "i_month", "monthname", "short_month", "long_month", "day", "i_day", "y_day", "yearday",
	"weekday", "weekdayname", "hour", "minute", "second", "title", "slug", "section", "sections", "filename", "slugorfilename",
	"contentbasename", "name", "basename", "path", "category", "categories", "lang", "output_ext",
}

// checkPermalink finds a placeholder that nothing could fill.
func checkPermalink(pattern string) error {
	for rest := pattern; ; {
		at := strings.IndexByte(rest, ':')
		if at < 0 {
			return nil
		}
		rest = rest[at+1:]
		if name := placeholder(rest); name == "" {
			end := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
			if end < 0 {
				end = len(rest)
			}
			if end > 0 {
				return fmt.Errorf("there is no placeholder :%s; known are :%s", rest[:end], strings.Join(placeholders, " :"))
			}
		}
	}
}

// placeholder is the longest known name that s begins with.
func placeholder(s string) string {
	best := ""
	for _, name := range placeholders {
		if len(name) > len(best) && strings.HasPrefix(s, name) {
			best = name
		}
	}
	return best
}

// expand fills a pattern such as /:year/:month/:title/.
func (a *article) expand(pattern string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, ":")
		b.WriteString(before)
		if !found {
			break
		}
		name := placeholder(rest)
		if name == "" {
			b.WriteByte(':')
		}
		b.WriteString(a.fillPlaceholder(name))
		pattern = rest[len(name):]
	}
	out := b.String()
	for strings.Contains(out, "//") {
		out = strings.ReplaceAll(out, "//", "/")
	}
	return out
}

func (a *article) fillPlaceholder(name string) string {
	switch name {
	case "title":
		return a.titleSlug
	case "slug":
		return a.slug
	case "section":
		return a.engine.slugify(a.name.section())
	case "sections", "path":
		return a.slugPath(a.name.dir)
	case "filename", "name", "basename":
		return a.engine.slugify(a.name.full)
	case "contentbasename":
		return a.engine.slugify(a.name.full)
	case "slugorfilename":
		if a.front.scalar("slug") != "" {
			return a.slug
		}
		return a.engine.slugify(a.name.full)
	case "category":
		if len(a.categories) > 0 {
			return a.engine.slugify(a.categories[0])
		}
		return ""
	case "categories":
		var parts []string
		for _, c := range a.categories {
			if slug := a.engine.slugify(c); !slices.Contains(parts, slug) {
				parts = append(parts, slug)
			}
		}
		return strings.Join(parts, "/")
	case "lang":
		return a.post.Language
	case "output_ext":
		return ".html"
	}
	return datePart(a.post.Date, name)
}

var dateLayouts = map[string]string{
	"year": "2006", "short_year": "06", "month": "01", "i_month": "1", "monthname": "January", "long_month": "January",
	"short_month": "Jan", "day": "02", "i_day": "2", "y_day": "002", "weekdayname": "Monday", "hour": "15", "minute": "04", "second": "05",
}

func datePart(t time.Time, name string) string {
	switch name {
	case "weekday":
		return strconv.Itoa(int(t.Weekday()))
	case "yearday":
		return strconv.Itoa(t.YearDay())
	case "monthname", "weekdayname":
		return strings.ToLower(t.Format(dateLayouts[name]))
	}
	return t.Format(dateLayouts[name])
}

func (a *article) slugPath(dir string) string {
	if dir == "" {
		return ""
	}
	parts := strings.Split(dir, "/")
	for i, p := range parts {
		parts[i] = a.engine.slugify(p)
	}
	return strings.Join(parts, "/")
}

// host is the site's scheme and host, without the folder that the blog is in.
func (s *site) host() string { return (&url.URL{Scheme: s.url.Scheme, Host: s.url.Host}).String() }

// absolute makes the address of a path on the site. The path is as people read
// it; a leading slash means the site's root all the same, since a blog may live
// below one. Dots cannot lead out of the site.
func (s *site) absolute(p string) string {
	clean := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	if clean == "/" {
		return s.url.String() + "/"
	}
	return s.url.String() + (&url.URL{Path: clean}).EscapedPath()
}
