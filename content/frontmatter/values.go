package frontmatter

import "strings"

// LineOf returns the line of the file that has one of the keys, or else the line
// where the front matter begins.
func (fm *Block) LineOf(keys ...string) int {
	for i, l := range strings.Split(fm.Text, "\n") {
		l = strings.TrimLeft(l, " \t\"'")
		for _, key := range keys {
			if len(l) > len(key) && strings.EqualFold(l[:len(key)], key) &&
				strings.ContainsAny(strings.TrimLeft(l[len(key):], " \t\"'")+" ", ":=") &&
				strings.HasPrefix(strings.TrimLeft(l[len(key):], " \t\"'")+" ", keyEnd(fm.Form)) {
				return fm.Line + i
			}
		}
	}
	return max(fm.Line, 1)
}

func keyEnd(f Form) string {
	if f == TOML {
		return "="
	}
	return ":"
}

// Scalar returns the value of the first of the keys that has a single value; "" if none has.
func (fm *Block) Scalar(keys ...string) string {
	for _, key := range keys {
		if s, ok := fm.Values[key].(string); ok && strings.TrimSpace(s) != "" {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

// Has reports whether the key is there, even if it is empty.
func (fm *Block) Has(key string) bool {
	_, ok := fm.Values[key]
	return ok
}

// Bool returns a yes-or-no value; set is false if it is neither.
func (fm *Block) Bool(key string) (value, set bool) { return Bool(fm.Values[key]) }

// Bool returns v, of front matter, as a yes-or-no value; set is false if it is neither.
func Bool(v any) (value, set bool) {
	s, _ := v.(string)
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "on", "1":
		return true, true
	case "false", "no", "off", "0":
		return false, true
	}
	return false, false
}

// Table returns a key's mapping; nil if it has none.
func (fm *Block) Table(key string) map[string]any {
	m, _ := fm.Values[key].(map[string]any)
	return m
}

// Strings returns a key's values: a list's items, or one string divided by split.
func (fm *Block) Strings(key string, split func(string) []string) []string {
	return Strings(fm.Values[key], split)
}

// Lookup returns the value in v, a table, under a dotted name.
func Lookup(v any, name string) (any, bool) {
	for part := range strings.SplitSeq(name, ".") {
		table, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = table[part]; !ok {
			return nil, false
		}
	}
	return v, true
}

// Strings returns the strings of v, of front matter: a list's items, or one string divided
// by split. A table counts as its key name.
func Strings(v any, split func(string) []string) []string {
	switch v := v.(type) {
	case string:
		return split(v)
	case []any:
		var out []string
		for _, item := range v {
			switch item := item.(type) {
			case string:
				out = append(out, item)
			case map[string]any: // authors: [{name: …}]
				if name, ok := item["name"].(string); ok {
					out = append(out, name)
				}
			}
		}
		return out
	case map[string]any:
		if name, ok := v["name"].(string); ok {
			return []string{name}
		}
	}
	return nil
}

// SplitCommas divides s at commas.
func SplitCommas(s string) []string { return strings.Split(s, ",") }

// SplitSpaces divides s at white space.
func SplitSpaces(s string) []string { return strings.Fields(s) }

// NoSplit returns s undivided.
func NoSplit(s string) []string { return []string{s} }

// IsQuoted reports whether the value of a key is in quotes.
func (fm *Block) IsQuoted(key string) bool {
	at := fm.LineOf(key) - fm.Line
	lines := strings.Split(fm.Text, "\n")
	if at < 0 || at >= len(lines) {
		return false
	}
	_, value, _ := strings.Cut(lines[at], ":")
	value = strings.TrimSpace(value)
	return value != "" && (value[0] == '"' || value[0] == '\'')
}

// LineHolding returns the line of the file where the front matter contains text; 0 if it
// does not.
func (fm *Block) LineHolding(text string) int {
	if at := strings.Index(fm.Text, text); at >= 0 {
		return fm.Line + strings.Count(fm.Text[:at], "\n")
	}
	return 0
}
