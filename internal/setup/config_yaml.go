package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"publisher/internal/config"
	"publisher/internal/xmltext"
)

// quote returns a value written so that config.yaml gives it back, whatever is in it.
// JSON's strings are YAML's double-quoted ones (YAML 1.2 §1.3), and a ${ that
// would take a value from the environment is written as one that cannot.
func quote(value string) string {
	value = strings.ReplaceAll(xmltext.Clean(strings.ToValidUTF8(value, "\ufffd")), "${", "${DOLLAR:-$}{")
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// comment returns text as a comment of one line.
func comment(text string) string { return "# " + xmltext.Line(strings.ToValidUTF8(text, "\ufffd")) }

// examples are shown in lines that nobody could fill in.
var examples = map[string]string{
	"site.title": "My blog", "site.description": "What it is about", "site.language": "en",
	"site.timezone": "Europe/Berlin", "site.author.name": "Ada Lovelace", "site.author.email": "ada@example.com",
}

// otherwise is what is used where a line is left out.
var otherwise = map[string]string{
	"site.title": "without it: the host of url", "site.language": "without it: en", "site.timezone": "without it: UTC",
}

// section is a part of config.yaml whose comments are in one column.
type section struct{ settings, comments []string }

func (s *section) add(setting, text string) {
	s.settings = append(s.settings, setting)
	s.comments = append(s.comments, comment(text))
}

// maxColumn is how far a comment moves to line up with its neighbors.
const maxColumn = 44

func (s *section) writeTo(y *strings.Builder) {
	column := 0
	for _, setting := range s.settings {
		if n := utf8.RuneCountInString(setting); n <= maxColumn {
			column = max(column, n)
		}
	}
	for i, setting := range s.settings {
		fmt.Fprintf(y, "%-*s  %s\n", column, setting, s.comments[i])
	}
}

func (s *section) addSetting(indent string, f Setting) {
	name := lastPart(f.Key)
	switch {
	case f.Value != "":
		s.add(indent+name+": "+quote(f.Value), f.From)
	case f.Key == "site.url":
		s.add(indent+`url: ""`, "FILL IN the address of your site, like https://example.com: "+f.From)
	default:
		why := f.From
		if o := otherwise[f.Key]; o != "" {
			why += "; " + o
		}
		s.add(indent+"# "+name+": "+examples[f.Key], why)
	}
}

// ConfigYAML returns a config.yaml for the blog, every line with where it came from.
// today, of the form 2006-01-02, is used in an example.
func (b *Blog) ConfigYAML(today string) []byte {
	var y strings.Builder
	y.WriteString("# The settings of publisher for this " + b.Engine() + " blog, with where each came from.\n" +
		"# Paths are relative to the folder of this file. What is not here keeps its default.\n")
	for _, note := range b.Notes {
		y.WriteString(comment("Note: "+note) + "\n")
	}
	y.WriteString("\nsite:\n")
	site := b.siteSection()
	site.writeTo(&y)
	b.writeLanguages(&y)
	y.WriteString("\ncontent:\n")
	content := b.contentSection()
	content.writeTo(&y)
	if built := b.engine.output; built != config.Default().Feeds.Dir {
		y.WriteString("\nfeeds:\n")
		var feeds section
		feeds.add("  # dir: "+built, "into the built site, if you run it after each build; default: public")
		feeds.writeTo(&y)
	}
	fmt.Fprintf(&y, tail, today)
	if b.Templates != "" {
		fmt.Fprintf(&y, "\ntemplates: %s  # of mail and pages, if you write your own; the folder %s is the blog's\n", b.Templates, config.Default().Templates)
	}
	return []byte(y.String())
}

func (b *Blog) siteSection() *section {
	var s section
	for _, key := range []string{"title", "url", "description", "language", "timezone"} {
		s.addSetting("  ", b.Setting("site."+key))
	}
	s.add("  author:", "of posts that name no author")
	s.addSetting("    ", b.Setting("site.author.name"))
	s.addSetting("    ", b.Setting("site.author.email"))
	return &s
}

func (b *Blog) contentSection() *section {
	var s section
	s.addSetting("  ", b.Setting("content.dir"))
	sign := b.ConfigFile
	if sign == "" {
		sign = "no engine's config was found"
	}
	s.add("  dialect: "+string(b.Dialect), sign)
	s.add(`  permalink: ""`, b.Permalink)
	if len(b.Exclude) > 0 {
		quoted := make([]string, len(b.Exclude))
		for i, pattern := range b.Exclude {
			quoted[i] = quote(pattern)
		}
		s.add("  exclude: ["+strings.Join(quoted, ", ")+"]", "folders that are not among the main sections")
	}
	return &s
}

const tail = `
digest:
  # default: weekly         # for subscribers who did not choose: immediate, daily or weekly
  # start: "%s"     # posts dated from this day on are mailed; by default, none that the first run finds

# Without a host no mail is sent: a built-in catcher files the messages in outbox/.
mail:
  # from: news@example.com  # sender; default: news@ and the host of url
  # postal_address: ""      # for the footer; many countries require one
  # smtp: {host: smtp.example.com, username: me, password: "${SMTP_PASSWORD:-}"}

subscribers:
  # file: subscribers.csv   # a list that each run reads, in addition to ` + "`publisher subscribers add ADDRESS`" + `
`

func lastPart(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }
