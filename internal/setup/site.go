package setup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/internal/config"
	"publisher/internal/htmldom"
	"publisher/internal/xmltext"
)

// siteKeys are the keys that an engine's config may have a setting under, the
// likeliest first.
type siteKeys struct {
	title, url, description, language, timezone, author, email []string
}

func (d *inspection) siteKeys() siteKeys {
	switch d.blog.Dialect {
	case config.Hugo:
		return d.hugoKeys()
	case config.Jekyll:
		return siteKeys{
			title: []string{"title", "name"}, url: []string{"url"},
			description: []string{"description", "tagline", "subtitle"}, language: []string{"lang", "locale", "language"},
			timezone: []string{"timezone"}, author: []string{"author.name", "author"}, email: []string{"author.email", "email"},
		}
	case config.Pelican:
		return siteKeys{
			title: []string{"SITENAME"}, url: []string{"SITEURL"},
			description: []string{"SITEDESCRIPTION", "SITE_DESCRIPTION", "SITESUBTITLE", "SITETAG"}, language: []string{"DEFAULT_LANG"},
			timezone: []string{"TIMEZONE"}, author: []string{"AUTHOR"}, email: []string{"AUTHOR_EMAIL", "EMAIL"},
		}
	case config.Zola:
		return siteKeys{
			title: []string{"title"}, url: []string{"base_url"},
			description: []string{"description", "extra.description"}, language: []string{"default_language"},
			author: []string{"author", "extra.author"}, email: []string{"extra.author.email", "extra.email"},
		}
	}
	return siteKeys{
		title: []string{"site.title", "site.name"}, url: []string{"site.url", "site.baseUrl", "site.domain", "package.homepage"},
		description: []string{"site.description", "site.tagline", "package.description"},
		language:    []string{"site.language", "site.lang", "site.locale"}, timezone: []string{"site.timezone"},
		author: []string{"site.author", "site.authorName", "package.author"}, email: []string{"site.author.email", "site.email", "site.authorEmail", "package.author.email"},
	}
}

// hugoKeys put the default language's own settings first.
func (d *inspection) hugoKeys() siteKeys {
	own := "languages." + d.hugoLanguage() + "."
	return siteKeys{
		title: []string{own + "title", "title"}, url: []string{own + "baseURL", "baseURL"},
		description: []string{own + "params.description", own + "description", "params.description", "description", own + "params.subtitle", "params.subtitle"},
		language:    []string{own + "locale", own + "languageCode", "locale", "languageCode", "defaultContentLanguage"},
		timezone:    []string{own + "timeZone", "timeZone"},
		author:      []string{own + "params.author", "params.author", "author"},
		email:       []string{own + "params.author.email", "params.author.email", "author.email", own + "params.email", "params.email"},
	}
}

func (d *inspection) hugoLanguage() string {
	if lang, _ := d.layers.text("defaultContentLanguage"); lang != "" {
		return lang
	}
	return "en"
}

// tellSite fills in what config.yaml's site section asks for.
func (d *inspection) tellSite() {
	d.blog.Dialect = config.Markdown
	if d.own != nil {
		d.blog.Dialect = d.own.Dialect
		d.blog.ConfigFile = d.sign()
	}
	keys := d.siteKeys()
	title, from := d.layers.text(keys.title...)
	d.tell("site.title", htmldom.StripTags(title), from, keys.title)
	d.tellURL(keys.url)
	description, from := d.layers.text(keys.description...)
	d.tell("site.description", htmldom.StripTags(description), from, keys.description)
	language, from := d.layers.text(keys.language...)
	d.tell("site.language", strings.ReplaceAll(language, "_", "-"), from, keys.language)
	timezone, from := d.layers.text(keys.timezone...)
	d.tell("site.timezone", timezone, from, keys.timezone)
	d.tellAuthor(keys)
}

// sign is the file that the engine is known by: the one that others lie over.
func (d *inspection) sign() string {
	for _, l := range slices.Backward(d.layers) {
		if l.prefix == "" {
			return l.name
		}
	}
	switch d.own.Dialect {
	case config.Jekyll:
		return d.rel(filepath.Join(d.root, "_posts"))
	case config.Eleventy:
		return d.rel(filepath.Join(d.root, "package.json"))
	}
	return d.rel(d.root)
}

// person is a name with an address, as package.json has it.
var person = regexp.MustCompile(`^([^<>()]+)<([^<>()\s]+)>`)

func (d *inspection) tellAuthor(keys siteKeys) {
	name, from := d.layers.text(keys.author...)
	email, emailFrom := d.layers.text(keys.email...)
	if m := person.FindStringSubmatch(name); m != nil {
		name = strings.TrimSpace(m[1])
		if email == "" {
			email, emailFrom = m[2], from
		}
	}
	d.tell("site.author.name", name, from, keys.author)
	d.tell("site.author.email", email, emailFrom, keys.email)
}

// tellURL adds Jekyll's baseurl, and knows the file that GitHub Pages keeps the
// blog's domain in.
func (d *inspection) tellURL(keys []string) {
	value, from := d.layers.text(keys...)
	if d.blog.Dialect == config.Jekyll && value != "" {
		if below, at := d.layers.text("baseurl"); strings.Trim(below, "/") != "" {
			value = strings.TrimRight(value, "/") + "/" + strings.Trim(below, "/")
			from += " and " + at[strings.LastIndex(at, " ")+1:]
		}
	}
	if _, why := usable("site.url", value); value == "" || why != "" {
		if domain, file := d.domain(); domain != "" {
			value, from = "https://"+domain, file
		}
	}
	d.tell("site.url", value, from, keys)
}

func (d *inspection) domain() (domain, file string) {
	for _, name := range []string{"CNAME", "static/CNAME", "content/extra/CNAME", "public/CNAME"} {
		file := filepath.Join(d.root, filepath.FromSlash(name))
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := dialect.ReadLimited(file)
		domain := strings.TrimSpace(string(text))
		if _, why := usable("site.url", "https://"+domain); err == nil && why == "" && strings.Contains(domain, ".") && !strings.ContainsAny(domain, "/:") {
			return domain, d.rel(file)
		}
	}
	return "", ""
}

// maxValue is more than any title or description needs.
const maxValue = 1000

// tell adds a fact, if the value is one that config.yaml takes.
func (d *inspection) tell(key, value, from string, keys []string) {
	f := Setting{Key: key, Value: value, From: from}
	switch value, why := usable(key, value); {
	case value == "":
		f = Setting{Key: key, From: d.unset(keys)}
	case why != "":
		f = Setting{Key: key, From: reasonOf(from + ": " + why)}
	}
	d.blog.Settings = append(d.blog.Settings, f)
}

// reasonOf keeps a reason to a line that people read.
func reasonOf(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

// unset says why there is no value.
func (d *inspection) unset(keys []string) string {
	keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return strings.HasPrefix(key, "languages.") })
	switch {
	case d.own == nil || len(d.layers) == 0:
		return "nothing here tells it"
	case len(keys) == 0:
		return d.blog.Engine() + " has no such setting"
	case d.blog.Dialect == config.Eleventy:
		return "no file of global data has " + strings.TrimPrefix(keys[0], "site.")
	}
	return d.blog.ConfigFile + " has no " + keys[0]
}

// usable is the value as config.yaml would take it, and why it would not.
func usable(key, value string) (clean, why string) {
	value = xmltext.Line(value)
	if value == "" {
		return "", ""
	}
	if len(value) > maxValue {
		return value, fmt.Sprintf("it has more than %d characters", maxValue)
	}
	text, indent := "", ""
	parts := strings.Split(key, ".")
	for _, part := range parts[:len(parts)-1] {
		text += indent + part + ":\n"
		indent += "  "
	}
	if key != "site.url" {
		text += indent[:2] + "url: https://example.com\n"
		if len(parts) == 3 { // the url stands before site's inner table
			text = "site:\n  url: https://example.com\n  " + parts[1] + ":\n"
		}
	}
	text += indent + parts[len(parts)-1] + ": " + quote(value) + "\n"
	var faulty *config.Error
	if _, err := config.Parse("", []byte(text), func(string) (string, bool) { return "", false }); errors.As(err, &faulty) {
		return value, strings.TrimPrefix(faulty.Faults[0].Message, key+": ")
	}
	return value, ""
}
