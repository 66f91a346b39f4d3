package kramdown

import "strings"

// finder searches a source. It remembers what it did not find, so that a source full of unclosed marks is
// not searched again and again.
type finder struct {
	*document
	src      string
	notFound map[string]int
}

// find returns the offset of a text at or after from; -1 if there is none.
func (f *finder) find(text string, from int) int {
	if since, ok := f.notFound[text]; ok && from >= since {
		return -1
	}
	at := strings.Index(f.src[from:], text)
	if at >= 0 {
		f.Budget.Scan(at)
		return from + at
	}
	f.Budget.Scan(len(f.src) - from)
	if f.notFound == nil {
		f.notFound = map[string]int{}
	}
	f.notFound[text] = from
	return -1
}
