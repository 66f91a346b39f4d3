package setup

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/internal/config"
	"publisher/internal/htmldom"
	"publisher/internal/xmltext"
)

// setSite fills in what config.yaml's site section asks for.
func (d *inspection) setSite() {
	if d.own != nil {
		d.blog.ConfigFile = d.configFile()
	}
	keys := d.blog.engine.keys(d.sources)
	title, from := d.sources.text(keys.title...)
	d.set("site.title", htmldom.StripTags(title), from, keys.title)
	d.setURL(keys)
	description, from := d.sources.text(keys.description...)
	d.set("site.description", htmldom.StripTags(description), from, keys.description)
	language, from := d.sources.text(keys.language...)
	d.set("site.language", strings.ReplaceAll(language, "_", "-"), from, keys.language)
	timezone, from := d.sources.text(keys.timezone...)
	d.set("site.timezone", timezone, from, keys.timezone)
	d.setAuthor(keys)
}

// configFile returns the file that shows which engine it is: the one that others
// are merged over.
func (d *inspection) configFile() string {
	for _, file := range slices.Backward(d.sources) {
		if file.prefix == "" {
			return file.name
		}
	}
	return d.rel(d.below(d.blog.engine.bareSign))
}

// person is a name with an address, as package.json has it.
var person = regexp.MustCompile(`^([^<>()]+)<([^<>()\s]+)>`)

func (d *inspection) setAuthor(keys siteKeys) {
	name, from := d.sources.text(keys.author...)
	email, emailFrom := d.sources.text(keys.email...)
	if m := person.FindStringSubmatch(name); m != nil {
		name = strings.TrimSpace(m[1])
		if email == "" {
			email, emailFrom = m[2], from
		}
	}
	d.set("site.author.name", name, from, keys.author)
	d.set("site.author.email", email, emailFrom, keys.email)
}

// setURL also looks into the file that GitHub Pages keeps the blog's domain in.
func (d *inspection) setURL(keys siteKeys) {
	value, from := d.sources.text(keys.url...)
	if below, at := d.sources.text(keys.urlPath...); value != "" && strings.Trim(below, "/") != "" {
		value = strings.TrimRight(value, "/") + "/" + strings.Trim(below, "/")
		from += " and " + at[strings.LastIndex(at, " ")+1:]
	}
	if _, why := usable("site.url", value); value == "" || why != "" {
		if domain, file := d.domain(); domain != "" {
			value, from = "https://"+domain, file
		}
	}
	d.set("site.url", value, from, keys.url)
}

func (d *inspection) domain() (domain, file string) {
	for _, name := range []string{"CNAME", "static/CNAME", "content/extra/CNAME", "public/CNAME"} {
		file := d.below(name)
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

// set adds a setting, if the value is one that config.yaml takes.
func (d *inspection) set(key, value, from string, keys []string) {
	f := Setting{Key: key, Value: value, From: from}
	switch value, why := usable(key, value); {
	case value == "":
		f = Setting{Key: key, From: d.unset(keys)}
	case why != "":
		f = Setting{Key: key, From: reasonOf(from + ": " + why)}
	}
	d.blog.Settings = append(d.blog.Settings, f)
}

// reasonOf cuts a reason to what fits a line.
func reasonOf(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

// unset returns why there is no value.
func (d *inspection) unset(keys []string) string {
	e := d.blog.engine
	keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		return e.languagePrefix != "" && strings.HasPrefix(key, e.languagePrefix)
	})
	switch {
	case d.own == nil || len(d.sources) == 0:
		return "not found in this folder"
	case len(keys) == 0:
		return e.name + " has no such setting"
	case e.nowhere != "":
		return e.nowhere + " has " + strings.TrimPrefix(keys[0], "site.")
	}
	return d.blog.ConfigFile + " has no " + keys[0]
}

// usable returns the value as config.yaml would take it, and why it would not.
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
		if len(parts) == 3 { // the url comes before site's inner table
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
