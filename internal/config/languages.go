package config

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

// Language is a language beside site.language that has feeds and digests of its own.
type Language struct {
	// Folder is the key as written: its feeds are below that folder of feeds.dir.
	Folder string `yaml:"-"`
	Tag    string `yaml:"-"` // BCP 47, in canonical form
	// What is not given is the site's.
	Title       string   `yaml:"title"`
	Description string   `yaml:"description"`
	URL         *url.URL `yaml:"url"` // home address, without a trailing slash
}

// LanguageOf is the language of Languages in whose feeds and digests something in
// the tag's language belongs; "" for the site's own, which also has all that is in
// no language listed. It is the longest that the tag begins with, which is what
// Lookup finds (RFC 4647 §3.4).
func (c *Config) LanguageOf(tag string) string {
	if len(c.Languages) == 0 {
		return ""
	}
	longest := ""
	if begins(c.Site.Language, tag) {
		longest = c.Site.Language
	}
	for _, l := range c.Languages {
		if begins(l.Tag, tag) && len(l.Tag) > len(longest) {
			longest = l.Tag
		}
	}
	if longest == c.Site.Language {
		return ""
	}
	return longest
}

// HasDigestsIn reports whether there are digests in the tag's language: the site's
// own, or one of Languages.
func (c *Config) HasDigestsIn(tag string) bool {
	return begins(c.Site.Language, tag) || c.LanguageOf(tag) != ""
}

// begins reports whether a tag is that of the language or of a variety of it.
func begins(language, tag string) bool {
	return tag == language || len(tag) > len(language) && tag[len(language)] == '-' && tag[:len(language)] == language
}

// SiteIn is the publication as it presents itself in a language of Languages; for
// others, and "", Site itself.
func (c *Config) SiteIn(tag string) Site {
	site := c.Site
	for _, l := range c.Languages {
		if l.Tag == tag {
			site.Title, site.Description, site.Language = l.Title, l.Description, l.Tag
			site.URL = l.URL
		}
	}
	return site
}

// AllLanguages are those that have feeds and digests of their own, the site's first;
// none where all is together.
func (c *Config) AllLanguages() []string {
	if len(c.Languages) == 0 {
		return nil
	}
	tags := []string{c.Site.Language}
	for _, l := range c.Languages {
		tags = append(tags, l.Tag)
	}
	return tags
}

// LanguageTag is a BCP 47 tag in canonical form; false where text is none.
func LanguageTag(text string) (string, bool) {
	tag, err := language.Parse(text)
	if err != nil || tag == language.Und || !tagForm.MatchString(text) {
		return "", false
	}
	return tag.String(), true
}

// tagForm leaves out what language.Parse takes beyond BCP 47, such as de_AT.
var tagForm = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)

// languages decodes the map of languages, in its order.
func (d *decoder) languages(key string, n *yaml.Node, into *[]Language) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, "%s: want languages with what they are called, such as de: {title: …, url: https://example.com/de}", key)
		return
	}
	*into = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		tag, ok := LanguageTag(k.Value)
		at := key + "." + k.Value
		switch {
		case !ok:
			d.fault(k, "%s: %q is not a language; write a BCP 47 tag like de, fr or pt-BR", key, k.Value)
			continue
		case slices.ContainsFunc(*into, func(l Language) bool { return l.Tag == tag }):
			d.fault(k, "%s stands here a second time; keep one", at)
			continue
		}
		l := Language{Folder: k.Value, Tag: tag}
		d.decode(at, val, &l)
		d.at[at] = k
		*into = append(*into, l)
	}
}

// resolveLanguages fills in what a language leaves to the site.
func (c *Config) resolveLanguages(d *decoder) {
	for i := range c.Languages {
		l := &c.Languages[i]
		if l.Tag == c.Site.Language {
			d.faultAt("languages."+l.Folder, "is site.language, which has the main feeds and digests; take it out here")
		}
		l.Title = cmp.Or(l.Title, c.Site.Title)
		l.Description = cmp.Or(l.Description, c.Site.Description)
		l.URL = cmp.Or(l.URL, c.Site.URL)
		for _, f := range []string{c.Feeds.RSS, c.Feeds.Atom, c.Feeds.JSON} {
			if first, _, ok := strings.Cut(f, "/"); ok && strings.EqualFold(first, l.Folder) {
				d.faultAt("languages."+l.Folder, "its feeds are to be in the folder %s, and so is %s of feeds; give that another name", l.Folder, f)
			}
		}
	}
}
