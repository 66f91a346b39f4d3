package templates

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
)

// repeatable is the data of a page that is shown to many people, each time with other addresses in
// it.
type repeatable interface {
	Framed
	// repeated returns what all such pages have in common, as a map's key, and the strings in which
	// they differ: where links lead, and others.
	repeated() (key any, links, words []*string)
}

func (p *CodePage) repeated() (key any, links, words []*string) {
	type common struct {
		Frame
		fault string
	}
	return common{p.Frame, p.Fault}, []*string{&p.URL}, nil
}

func (p *WorkPage) repeated() (key any, links, words []*string) {
	type common struct {
		Frame
		Script
		mailURL, fields string
	}
	var fields strings.Builder
	words = []*string{&p.Challenge}
	for i := range p.Fields {
		fields.WriteString(p.Fields[i].Label + "\x00")
		words = append(words, &p.Fields[i].Value)
	}
	return common{p.Frame, p.Script, p.MailURL, fields.String()}, []*string{&p.URL}, words
}

func (p *UnsubscribePage) repeated() (key any, links, words []*string) {
	type common struct {
		Frame
		state                 State
		canUndo, canSay, said bool
		says                  Outcome
		rarer                 string
	}
	var rarer strings.Builder
	for _, c := range p.Rarer {
		rarer.WriteString(c.Value + "\x00" + c.Label + "\x00")
	}
	return common{p.Frame, p.State, p.CanUndo, p.CanSay, p.Said, p.Says, rarer.String()},
		[]*string{&p.URL, &p.ManageURL, &p.FeedURL, &p.PreferencesURL}, []*string{&p.Address}
}

// repeatedPages are pages as they were executed with marks in place of what differs. Executing one
// takes longer than all else about a request, and mail waits for the processor meanwhile. Owners'
// templates may do anything with a string, so they are executed each time.
type repeatedPages struct {
	off  bool
	mark string // nobody knows it, so it is in no other text

	mu    sync.Mutex
	known map[pageKey][]string // parts, between which are the marks' numbers
}

// maxRepeated limits the pages that are kept. The config and the languages make fewer.
const maxRepeated = 200

// pageKey is what pages that are kept have in common.
type pageKey struct {
	name   string
	common any
	there  uint64 // a bit for each string that is not empty
}

func newRepeatedPages(l *loader) *repeatedPages {
	return &repeatedPages{off: l.ownHTML() != "", mark: strings.ToLower(rand.Text()), known: map[pageKey][]string{}}
}

// page returns a page, which execute makes.
func (r *repeatedPages) page(name string, data Framed, execute func() (string, error)) (string, error) {
	p, ok := data.(repeatable)
	if !ok || r.off {
		return execute()
	}
	common, links, words := p.repeated()
	key := pageKey{name: name, common: common}
	differing := append(links, words...)
	values := make([]string, len(differing))
	for i, s := range differing {
		if values[i] = *s; *s != "" {
			key.there |= 1 << i
		}
		if i > 60 || !unescaped(*s, i < len(links)) {
			return execute()
		}
	}
	r.mu.Lock()
	parts, ok := r.known[key]
	r.mu.Unlock()
	if !ok {
		for i, s := range differing {
			if *s != "" {
				*s = r.mark + strconv.Itoa(i) + "z"
			}
		}
		marked, err := execute()
		for i, s := range differing {
			*s = values[i]
		}
		if err != nil {
			return "", err
		}
		parts = r.keep(key, marked)
	}
	return join(parts, values), nil
}

// keep divides a page at its marks.
func (r *repeatedPages) keep(key pageKey, marked string) []string {
	var parts []string
	for i, part := range strings.Split(marked, r.mark) {
		if i > 0 {
			number, rest, _ := strings.Cut(part, "z")
			parts, part = append(parts, number), rest
		}
		parts = append(parts, part)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) < maxRepeated {
		r.known[key] = parts
	}
	return parts
}

// join puts values in place of the numbers between parts.
func join(parts, values []string) string {
	size := 0
	for i := range parts {
		size += len(parts[i])
	}
	for _, value := range values {
		size += 2 * len(value) // few are in a page more than twice
	}
	var b strings.Builder
	b.Grow(size)
	for i, part := range parts {
		if i%2 == 1 {
			n, _ := strconv.Atoi(part)
			part = values[n]
		}
		b.WriteString(part)
	}
	return b.String()
}

// unescaped reports whether a string stands in a page as it is.
func unescaped(s string, link bool) bool {
	special := "/._~-@"
	if link && s != "" && s[0] != '/' {
		return false
	}
	if !link {
		special += ":…"
	}
	return !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(special, c))
	})
}
