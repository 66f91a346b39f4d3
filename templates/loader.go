package templates

import (
	"errors"
	html "html/template"
	"maps"
	"path"
	"publisher/templates/mailhtml"
	"slices"
	"strings"
	text "text/template"

	"golang.org/x/text/language"
)

// loader holds the files and what was read from them, before any language is chosen.
type loader struct {
	files     map[string]File
	sheet     *mailhtml.Stylesheet
	languages map[string]*wordFile
	html      map[string]*html.Template // by entry
	text      map[string]*text.Template
}

// entries are the templates that are executed; all others are partials of theirs.
var entries = []string{
	"digest.html", "digest.txt", "subject.txt",
	"confirm.html", "confirm.txt", "welcome.html", "welcome.txt", "goodbye.html", "goodbye.txt",
}

func newLoader(files map[string]File) (*loader, error) {
	l := &loader{
		files:     files,
		sheet:     mailhtml.NewStylesheet(),
		languages: map[string]*wordFile{},
		html:      map[string]*html.Template{},
		text:      map[string]*text.Template{},
	}
	return l, errors.Join(l.readStyles(), l.readWords(), l.parseHTML(), l.parseText())
}

// with returns the loader with one file replaced.
func (l *loader) with(f File) (*loader, error) {
	files := maps.Clone(l.files)
	files[f.Name] = f
	return newLoader(files)
}

// names are the files that end in suffix, in a fixed order.
func (l *loader) names(suffix string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		if strings.HasSuffix(name, suffix) {
			out = append(out, name)
		}
	}
	return out
}

// readStyles reads every style sheet: the owner's own additions after the rest.
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

// readWords reads every language, an owner's file over the built-in one, so that
// it may hold only the words that differ.
func (l *loader) readWords() error {
	for _, name := range l.names(".yaml") {
		f := l.files[name]
		tag := strings.TrimSuffix(path.Base(name), ".yaml")
		read, err := parseWords(tag, f.Source)
		if err != nil {
			return inYAML(f.place(), err)
		}
		if original, err := BuiltIn(name); err == nil && f.Path != "" {
			base, err := parseWords(tag, original.Source)
			if err != nil {
				return inYAML(original.place(), err)
			}
			read = read.over(base)
		}
		l.languages[tag] = read
	}
	return nil
}

// words are a language's, with English for what it lacks.
func (l *loader) words(tag string) *wordFile {
	own := l.ownWords(tag)
	if english, ok := l.languages[fallback]; ok { // not where its file is faulty
		return own.over(english)
	}
	return own
}

// ownWords are a language's, from its own file and that of the language without
// its region.
func (l *loader) ownWords(tag string) *wordFile {
	out := &wordFile{}
	parsed, err := language.Parse(tag)
	if err != nil {
		return out
	}
	base, _ := parsed.Base()
	for _, name := range []string{base.String(), parsed.String()} {
		if f, ok := l.languages[name]; ok {
			out = f.over(out)
		}
	}
	return out
}

// Missing are the words that a language lacks; English stands in for them.
func (s *Set) Missing(tag string) []string {
	return s.ownWords(tag).missing(s.languages[fallback])
}

func (l *loader) parseHTML() error {
	base := html.New("").Funcs(html.FuncMap(l.helpers(Site{})))
	for _, name := range l.names(".html") {
		if slices.Contains(entries, name) {
			continue
		}
		if _, err := base.New(name).Parse(string(l.files[name].Source)); err != nil {
			return l.located(err)
		}
	}
	for _, name := range entries {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		own, err := base.Clone()
		if err != nil {
			return err
		}
		if l.html[name], err = own.New(name).Parse(string(l.files[name].Source)); err != nil {
			return l.located(err)
		}
	}
	return nil
}

func (l *loader) parseText() error {
	base := text.New("").Funcs(text.FuncMap(l.helpers(Site{})))
	for _, name := range l.names(".txt") {
		if slices.Contains(entries, name) {
			continue
		}
		if _, err := base.New(name).Parse(string(l.files[name].Source)); err != nil {
			return l.located(err)
		}
	}
	for _, name := range entries {
		if !strings.HasSuffix(name, ".txt") {
			continue
		}
		own, err := base.Clone()
		if err != nil {
			return err
		}
		if l.text[name], err = own.New(name).Parse(string(l.files[name].Source)); err != nil {
			return l.located(err)
		}
	}
	return nil
}

// bind gives copies of all entries the helpers of one site.
func (l *loader) bind(site Site) (*pages, error) {
	p := &pages{html: map[string]*html.Template{}, text: map[string]*text.Template{}}
	helpers := l.helpers(site)
	for name, t := range l.html {
		own, err := t.Clone()
		if err != nil {
			return nil, err
		}
		p.html[name] = own.Funcs(html.FuncMap(helpers))
	}
	for name, t := range l.text {
		own, err := t.Clone()
		if err != nil {
			return nil, err
		}
		p.text[name] = own.Funcs(text.FuncMap(helpers))
	}
	return p, nil
}
