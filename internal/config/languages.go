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

// Language is a language other than site.language with its own feeds and digests.
type Language struct {
	// Folder is the key as written. The feeds are in this folder of feeds.dir.
	Folder string `yaml:"-"`
	Tag    string `yaml:"-"` // BCP 47, in canonical form
	// Defaults are those of the site.
	Title       string   `yaml:"title"`
	Description string   `yaml:"description"`
	URL         *url.URL `yaml:"url"` // home address, without a trailing slash
}

// LanguageOf returns which of Languages content in the tag's language belongs to, or "" for
// the site's language, which also includes languages not listed. It is the longest one that
// the tag begins with, as in Lookup (RFC 4647 §3.4).
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

// HasDigestsIn reports whether there are digests in the tag's language: the site's, or one
// of Languages.
func (c *Config) HasDigestsIn(tag string) bool {
	return begins(c.Site.Language, tag) || c.LanguageOf(tag) != ""
}

// begins reports whether a tag is a language or a variety of it.
func begins(language, tag string) bool {
	return tag == language || len(tag) > len(language) && tag[len(language)] == '-' && tag[:len(language)] == language
}

// SiteIn returns the site as presented in one of Languages. For others and "" it is Site.
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

// AllLanguages returns the languages with their own feeds and digests, the site's first, or
// nil if all posts are together.
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

// LanguageTag returns a BCP 47 tag in canonical form, or false if text is not one.
func LanguageTag(text string) (string, bool) {
	tag, err := language.Parse(text)
	if err != nil || tag == language.Und || !tagForm.MatchString(text) {
		return "", false
	}
	return tag.String(), true
}

// tagForm excludes what language.Parse accepts beyond BCP 47, such as de_AT.
var tagForm = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)

// languages decodes the map of languages in order.
func (d *decoder) languages(key string, n *yaml.Node, into *[]Language) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, "%s: must have languages with their settings, such as de: {title: …, url: https://example.com/de}", key)
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
			d.fault(k, "%s: duplicate key", at)
			continue
		}
		l := Language{Folder: k.Value, Tag: tag}
		d.decode(at, val, &l)
		d.at[at] = k
		*into = append(*into, l)
	}
}

// resolveLanguages fills in defaults from the site.
func (c *Config) resolveLanguages(d *decoder) {
	for i := range c.Languages {
		l := &c.Languages[i]
		if l.Tag == c.Site.Language {
			d.faultAt("languages."+l.Folder, "is site.language, which has the main feeds and digests; remove it here")
		}
		l.Title = cmp.Or(l.Title, c.Site.Title)
		l.Description = cmp.Or(l.Description, c.Site.Description)
		l.URL = cmp.Or(l.URL, c.Site.URL)
		for _, f := range []string{c.Feeds.RSS, c.Feeds.Atom, c.Feeds.JSON} {
			if first, _, ok := strings.Cut(f, "/"); ok && strings.EqualFold(first, l.Folder) {
				d.faultAt("languages."+l.Folder, "its feeds go into the folder %s, which also contains %s of feeds; rename that file", l.Folder, f)
			}
		}
	}
}
