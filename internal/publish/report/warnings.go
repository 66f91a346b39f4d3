package report

import "regexp"

// GroupWarnings groups warnings by kind: those of a kind differ only in names, files and
// numbers. Kinds are in the order of their first warning.
func GroupWarnings(warnings []Warning) [][]Warning {
	index := map[string]int{}
	var groups [][]Warning
	for _, w := range warnings {
		kind := w.kind()
		i, ok := index[kind]
		if !ok {
			i = len(groups)
			index[kind] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], w)
	}
	return groups
}

// warningDetails match what differs between warnings of one kind, in the order in which it is
// removed.
var warningDetails = []*regexp.Regexp{
	regexp.MustCompile(`^(?:\{\{|\{%|<%).*( cannot be evaluated)`),
	regexp.MustCompile(`"(?:[^"\\]|\\.)*"`),
	regexp.MustCompile("`[^`]*`"),
	regexp.MustCompile(`\b(shortcode|tag|include|filter|variable|template|function|permalink|leads to) \S+`),
	regexp.MustCompile(`\S*[/.]\w\S*`),
	regexp.MustCompile(`\d+`),
}

// kind returns the message without what differs between warnings of one kind.
func (w Warning) kind() string {
	kind := w.Message
	for _, detail := range warningDetails {
		kind = detail.ReplaceAllString(kind, "$1…")
	}
	return kind
}
