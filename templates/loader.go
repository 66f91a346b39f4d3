package templates

import (
	"errors"
	html "html/template"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	text "text/template"

	"golang.org/x/text/language"

	"publisher/templates/mailhtml"
)

// loader holds the files and what was read from them, before a language is chosen.
type loader struct {
	files        map[string]File
	sheet        *mailhtml.Stylesheet
	translations map[string]*translation
	merged       sync.Map       // what translation has returned, by tag
	html         *html.Template // the partials
	text         *text.Template
}

// entries are the templates that are executed. All others are their partials.
var entries = []string{
	"digest.html", "digest.txt", "subject.txt",
	"confirm.html", "confirm.txt", "already.html", "already.txt", "welcome.html", "welcome.txt", "goodbye.html", "goodbye.txt",
	"manage.html", "manage.txt", "address.html", "address.txt", "moved.html", "moved.txt", "alarm.html", "alarm.txt",
}

func newLoader(files map[string]File) (*loader, error) {
	l := &loader{
		files:        files,
		sheet:        mailhtml.NewStylesheet(),
		translations: map[string]*translation{},
	}
	return l, errors.Join(l.readStyles(), l.readTranslations(), l.parseHTML(), l.parseText())
}

// with returns a loader with one file replaced.
func (l *loader) with(f File) (*loader, error) {
	files := maps.Clone(l.files)
	files[f.Name] = f
	return newLoader(files)
}

// names returns the files that end in suffix, sorted.
func (l *loader) names(suffix string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		if strings.HasSuffix(name, suffix) {
			out = append(out, name)
		}
	}
	return out
}

// readStyles reads all style sheets, those that the owner added last.
func (l *loader) readStyles() error {
	var faults []error
	names := l.names(".css")
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	for _, name := range names {
		f := l.files[name]
		faults = append(faults, inCSS(f.place(), l.sheet.Add(f.Source)))
	}
	return errors.Join(faults...)
}

func rank(sheetName string) int {
	if _, err := BuiltIn(sheetName); err == nil {
		return 0
	}
	return 1
}

// readTranslations reads all languages. The owner's file for a language is laid over the
// built-in one, so that it needs only the phrases that differ.
func (l *loader) readTranslations() error {
	for _, name := range l.names(".yaml") {
		f := l.files[name]
		tag := strings.TrimSuffix(path.Base(name), ".yaml")
		read, err := parseTranslation(tag, f.Source)
		if err != nil {
			return inYAML(f.place(), err)
		}
		if original, err := BuiltIn(name); err == nil && f.Path != "" {
			base, err := parseTranslation(tag, original.Source)
			if err != nil {
				return inYAML(original.place(), err)
			}
			read = read.over(base)
		}
		l.translations[tag] = read
	}
	return nil
}

// translation returns a language's phrases, with English for those it lacks. Every page and mail
// asks for them, so they are merged once.
func (l *loader) translation(tag string) *translation {
	if known, ok := l.merged.Load(tag); ok {
		return known.(*translation)
	}
	merged := l.ownTranslation(tag)
	if english, ok := l.translations[fallback]; ok { // missing if its file is faulty
		merged = merged.over(english)
	}
	l.merged.Store(tag, merged) // the config limits the tags
	return merged
}

// ownTranslation returns a language's phrases, from its own file and from that of the language
// without its region.
func (l *loader) ownTranslation(tag string) *translation {
	out := &translation{}
	parsed, err := language.Parse(tag)
	if err != nil {
		return out
	}
	base, _ := parsed.Base()
	for _, name := range []string{base.String(), parsed.String()} {
		if f, ok := l.translations[name]; ok {
			out = f.over(out)
		}
	}
	return out
}

// Missing returns the keys that a language lacks, for which English is used.
func (s *Set) Missing(tag string) []string {
	return s.ownTranslation(tag).missing(s.translations[fallback])
}

// parseHTML parses the partials. The entries are parsed too, for their faults, but not kept: each
// would hold a copy of all partials, and a program needs few of them.
func (l *loader) parseHTML() error {
	l.html = html.New("").Funcs(html.FuncMap(l.helpers(Site{})))
	for _, name := range l.names(".html") {
		if slices.Contains(entries, name) {
			continue
		}
		if _, err := l.html.New(name).Parse(string(l.files[name].Source)); err != nil {
			return l.located(err)
		}
	}
	for _, name := range entries {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		if _, err := l.htmlEntry(name, Site{}); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) parseText() error {
	l.text = text.New("").Funcs(text.FuncMap(l.helpers(Site{})))
	for _, name := range l.names(".txt") {
		if slices.Contains(entries, name) {
			continue
		}
		if _, err := l.text.New(name).Parse(string(l.files[name].Source)); err != nil {
			return l.located(err)
		}
	}
	for _, name := range entries {
		if !strings.HasSuffix(name, ".txt") {
			continue
		}
		if _, err := l.textEntry(name, Site{}); err != nil {
			return err
		}
	}
	return nil
}

// htmlEntry returns an entry and all partials, with the helpers of one site.
func (l *loader) htmlEntry(name string, site Site) (*html.Template, error) {
	own, err := l.html.Clone()
	if err != nil {
		return nil, err
	}
	entry, err := own.Funcs(html.FuncMap(l.helpers(site))).New(name).Parse(string(l.files[name].Source))
	return entry, l.located(err)
}

// textEntry is htmlEntry for text.
func (l *loader) textEntry(name string, site Site) (*text.Template, error) {
	own, err := l.text.Clone()
	if err != nil {
		return nil, err
	}
	entry, err := own.Funcs(text.FuncMap(l.helpers(site))).New(name).Parse(string(l.files[name].Source))
	return entry, l.located(err)
}
