package templates

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// fallback is the language that has every phrase.
const fallback = "en"

// translation is one language as its file i18n/TAG.yaml has it.
type translation struct {
	Name        string            `yaml:"name"`
	Direction   string            `yaml:"direction"` // "" for left to right
	Months      []string          `yaml:"months"`
	MonthsShort []string          `yaml:"months_short"`
	Days        []string          `yaml:"days"` // from Sunday
	DaysShort   []string          `yaml:"days_short"`
	FirstDay    string            `yaml:"first_day"` // of a month, such as "1er"; "" for the number
	Dates       map[string]string `yaml:"dates"`     // style to layout
	Words       map[string]phrase `yaml:"words"`
}

// phrase is a sentence or word in its plural forms, with {names} to fill in.
type phrase struct {
	language language.Tag // whose plural rules apply
	forms    map[plural.Form]string
}

var pluralForms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two,
	"few": plural.Few, "many": plural.Many, "other": plural.Other,
}

func (p *phrase) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		p.forms = map[plural.Form]string{plural.Other: node.Value}
		return nil
	}
	var byName map[string]string
	if err := node.Decode(&byName); err != nil {
		return err
	}
	p.forms = map[plural.Form]string{}
	for name, text := range byName {
		form, ok := pluralForms[name]
		if !ok {
			return fmt.Errorf("line %d: %q is not a plural form; use zero, one, two, few, many or other", node.Line, name)
		}
		p.forms[form] = text
	}
	if _, ok := p.forms[plural.Other]; !ok {
		return fmt.Errorf("line %d: the plural form \"other\" is missing", node.Line)
	}
	return nil
}

// choose returns the form for the number n, or the general one.
func (p phrase) choose(n int, counted bool) string {
	if counted {
		if text, ok := p.forms[plural.Cardinal.MatchPlural(p.language, n, 0, 0, 0, 0)]; ok {
			return text
		}
	}
	return p.forms[plural.Other]
}

// parseTranslation parses the file of a language.
func parseTranslation(tag string, source []byte) (*translation, error) {
	parsed, err := language.Parse(tag)
	if err != nil {
		return nil, fmt.Errorf("%q is not a language tag; name the file after one, such as nl.yaml", tag)
	}
	var f translation
	decoder := yaml.NewDecoder(strings.NewReader(string(source)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
		return nil, err
	}
	for key, p := range f.Words {
		p.language = parsed
		f.Words[key] = p
	}
	return &f, f.validate()
}

func (f *translation) validate() error {
	for _, list := range []struct {
		key    string
		values []string
		want   int
	}{
		{"months", f.Months, 12}, {"months_short", f.MonthsShort, 12},
		{"days", f.Days, 7}, {"days_short", f.DaysShort, 7},
	} {
		if n := len(list.values); n != 0 && n != list.want {
			return fmt.Errorf("%s must have %[3]d names, not %[2]d", list.key, n, list.want)
		}
	}
	if f.Direction != "" && f.Direction != "ltr" && f.Direction != "rtl" {
		return errors.New("direction must be \"ltr\" or \"rtl\"")
	}
	return nil
}

// over returns f with what it lacks filled in from g.
func (f *translation) over(g *translation) *translation {
	out := &translation{
		Name:        cmp.Or(f.Name, g.Name),
		Direction:   cmp.Or(f.Direction, g.Direction),
		Months:      orList(f.Months, g.Months),
		MonthsShort: orList(f.MonthsShort, g.MonthsShort),
		Days:        orList(f.Days, g.Days),
		DaysShort:   orList(f.DaysShort, g.DaysShort),
		FirstDay:    cmp.Or(f.FirstDay, g.FirstDay),
		Dates:       maps.Clone(g.Dates),
		Words:       maps.Clone(g.Words),
	}
	if out.Dates == nil {
		out.Dates = map[string]string{}
	}
	if out.Words == nil {
		out.Words = map[string]phrase{}
	}
	maps.Copy(out.Dates, f.Dates)
	maps.Copy(out.Words, f.Words)
	return out
}

func orList(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}

// missing returns the keys of g that f lacks.
func (f *translation) missing(g *translation) []string {
	var keys []string
	for key := range g.Words {
		if _, ok := f.Words[key]; !ok {
			keys = append(keys, key)
		}
	}
	for key := range g.Dates {
		if _, ok := f.Dates[key]; !ok {
			keys = append(keys, "dates."+key)
		}
	}
	for key, list := range map[string][]string{
		"months": f.Months, "months_short": f.MonthsShort, "days": f.Days, "days_short": f.DaysShort,
	} {
		if len(list) == 0 {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// phrase returns the phrase under key with the named values filled in. "n" also selects the
// plural form.
func (f *translation) phrase(key string, pairs ...any) (string, error) {
	p, ok := f.Words[key]
	if !ok {
		return "", fmt.Errorf("unknown phrase %q; i18n/en.yaml lists them", key)
	}
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("t %q: the key must be followed by pairs of name and value", key)
	}
	n, counted := 0, false
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return "", fmt.Errorf("t %q: %v is not a name", key, pairs[i])
		}
		if name == "n" {
			if n, counted = pairs[i+1].(int); !counted {
				return "", fmt.Errorf("t %q: n must be a whole number, not %v", key, pairs[i+1])
			}
		}
	}
	return fill(p.choose(n, counted), pairs), nil
}

// fill returns text with the value of each pair of name and value in place of {name}.
func fill(text string, pairs []any) string {
	if len(pairs) == 0 {
		return text
	}
	var b strings.Builder
	for {
		start := strings.IndexByte(text, '{')
		if start < 0 {
			break
		}
		b.WriteString(text[:start])
		text = text[start:]
		end, value := valueAt(text, pairs)
		b.WriteString(value)
		text = text[end:]
	}
	b.WriteString(text)
	return b.String()
}

// valueAt returns what stands for a brace and, if it begins one of the names, what follows up to
// end.
func valueAt(text string, pairs []any) (end int, value string) {
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		if rest, ok := strings.CutPrefix(text[1:], name); ok && strings.HasPrefix(rest, "}") {
			return len(name) + 2, fmt.Sprint(pairs[i+1])
		}
	}
	return 1, "{"
}

// dayOf matches the day of the month in a layout; firstDay replaces it.
var dayOf = regexp.MustCompile(`\b2\b`)

const firstDay = "\x00"

// date formats t by a style of the translation or by a layout of package time, with the names
// of months and days in the language.
func (f *translation) date(style string, t time.Time) string {
	layout := style
	if named, ok := f.Dates[style]; ok {
		layout = named
	}
	type namedPart struct {
		token string
		list  []string
		index int
	}
	names := []namedPart{
		{"January", f.Months, int(t.Month()) - 1},
		{"Jan", f.MonthsShort, int(t.Month()) - 1},
		{"Monday", f.Days, int(t.Weekday())},
		{"Mon", f.DaysShort, int(t.Weekday())},
	}
	if day := dayOf.FindStringIndex(layout); day != nil && t.Day() == 1 && f.FirstDay != "" {
		layout = layout[:day[0]] + firstDay + layout[day[0]+1:]
		names = append(names, namedPart{firstDay, []string{f.FirstDay}, 0})
	}
	var b strings.Builder
	for start := 0; start < len(layout); {
		end, name := len(layout), ""
		for _, n := range names {
			at := strings.Index(layout[start:], n.token)
			if at >= 0 && start+at < end && n.index < len(n.list) {
				end, name = start+at, n.token
			}
		}
		b.WriteString(t.Format(layout[start:end]))
		for _, n := range names {
			if n.token == name {
				b.WriteString(n.list[n.index])
			}
		}
		start = end + len(name)
	}
	return b.String()
}

// autonym returns a language's own name for itself, or its tag if that is unknown.
func autonym(tag string) string {
	parsed, err := language.Parse(tag)
	if name := display.Self.Name(parsed); err == nil && name != "" {
		return name
	}
	return tag
}

// Direction returns the direction in which a language is written: "ltr" or "rtl".
func Direction(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil {
		return "ltr"
	}
	script, _ := parsed.Script()
	switch script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg", "Mand", "Samr":
		return "rtl"
	}
	return "ltr"
}
