package kramdown

import "strings"

// finder looks for texts in a source. That there is none behind some place is remembered,
// so that a source full of what nothing closes is not gone through again and again.
type finder struct {
	*document
	src      string
	notFound map[string]int
}

// find returns the offset of a text at or behind from, -1 if there is none.
func (f *finder) find(text string, from int) int {
	if since, ok := f.notFound[text]; ok && from >= since {
		return -1
	}
	at := strings.Index(f.src[from:], text)
	if at >= 0 {
		f.Budget.Work(at)
		return from + at
	}
	f.Budget.Work(len(f.src) - from)
	if f.notFound == nil {
		f.notFound = map[string]int{}
	}
	f.notFound[text] = from
	return -1
}
