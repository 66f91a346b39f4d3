// Package frontmatter reads front matter in every form that blog engines know, with the lines of its keys.
package frontmatter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"publisher/content/limits"
	"publisher/content/literal"
	"regexp"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// frontMatter is what stands before the body of a file. Values are nil, string,
// []any or map[string]any with lower-case keys: scalars keep the author's
// spelling, since whether `3.0` or `2020-01-02` means a text is for the reader
// of the key to say.
type Block struct {
	Form   Form
	Values map[string]any
	Text   string // between the fences
	Line   int    // of the file where text begins, counted from 1
}

type Form int

const (
	None       Form = iota
	YAML            // --- … ---
	TOML            // +++ … +++
	JSON            // { … }
	JavaScript      // ---js … ---, read and never run
	Metadata        // Key: value lines, as Python-Markdown reads them
)

// syntaxFault says which line of the file does not parse.
type SyntaxError struct {
	Line    int
	Message string
}

func (f *SyntaxError) Error() string { return f.Message }

// splitFrontMatter reads the front matter of a file and returns the body and
// the line that it begins in. A *syntaxFault names the line to mend.
func Split(text string) (fm Block, body string, bodyLine int, err error) {
	start := text
	line := 1
	for { // blank lines before the fence do no harm
		first, rest, found := strings.Cut(start, "\n")
		if !found || strings.TrimSpace(first) != "" {
			break
		}
		start = rest
		line++
	}
	first, _, _ := strings.Cut(start, "\n")
	switch strings.TrimRight(first, " \t") {
	case "---", "---yaml", "---yml":
		return fenced(start, line, YAML, "---", "...")
	case "+++", "---toml":
		end := first[:3]
		return fenced(start, line, TOML, end, end)
	case "---json":
		return fenced(start, line, JSON, "---", "---")
	case "---js", "---javascript", "---node":
		return fenced(start, line, JavaScript, "---", "---")
	}
	if strings.HasPrefix(start, "{") && looksLikeJSON(start) {
		return jsonBlock(start, line)
	}
	if fm, rest, n := SplitMetadata(start, line); n > 0 {
		return fm, rest, line + n, nil
	}
	return Block{Line: line}, text, 1, nil
}

func fenced(text string, line int, f Form, end, altEnd string) (Block, string, int, error) {
	_, rest, _ := strings.Cut(text, "\n")
	fm := Block{Form: f, Line: line + 1}
	length, lines := 0, 0
	for remaining := rest; ; {
		current, after, found := strings.Cut(remaining, "\n")
		trimmed := strings.TrimRight(current, " \t")
		if trimmed == end || trimmed == altEnd {
			fm.Text = rest[:length]
			err := fm.Parse()
			return fm, after, line + lines + 2, err
		}
		if !found {
			return fm, "", 0, &SyntaxError{line, fmt.Sprintf("the front matter that opens here is never closed; put a line %s after its last key", end)}
		}
		if length += len(current) + 1; length > MaxFront {
			return fm, "", 0, TooLarge(line)
		}
		lines++
		remaining = after
	}
}

// checkTOML refuses what would take the TOML parser too long: it compares each key with
// those beside it, and each part of a dotted key with those before.
func checkTOML(text string) *limits.Error {
	keys, depth, at := 0, 0, 0
	for line := range strings.SplitSeq(text, "\n") {
		key, _, assigned := strings.Cut(line, "=")
		if assigned || strings.HasPrefix(strings.TrimLeft(line, " \t"), "[") {
			keys += max(1, strings.Count(line, "="))
		}
		depth += strings.Count(line, "[") + strings.Count(line, "{") - strings.Count(line, "]") - strings.Count(line, "}")
		opened := strings.Count(line, "[") + strings.Count(line, "{")
		switch {
		case keys > maxKeys:
			return &limits.Error{Limit: fmt.Sprintf("%d keys of TOML", maxKeys), Message: "leave some away", Line: at}
		case len(key) > maxKey && (assigned || strings.Count(line, ".") > maxKey/10):
			return &limits.Error{Limit: fmt.Sprintf("%d bytes of a key of TOML", maxKey), Message: "shorten it", Line: at}
		case depth > maxKeys || opened > 10*maxKeys:
			return &limits.Error{Limit: fmt.Sprintf("%d lists and tables in one another", maxKeys), Message: "close them", Line: at}
		}
		at++
	}
	return nil
}

// frontTooLarge is the fault of front matter above maxFront.
func TooLarge(line int) *SyntaxError {
	err := &limits.Error{Limit: fmt.Sprintf("%d MB of front matter", MaxFront>>20), Message: "put the text into the post, or a line that closes the front matter behind its last key"}
	return &SyntaxError{line, "the post is left out of feeds and mail: " + err.Error()}
}

var jsonStart = regexp.MustCompile(`^\{\s*(?:"|\})`)

func looksLikeJSON(text string) bool { return jsonStart.MatchString(text) }

func jsonBlock(text string, line int) (Block, string, int, error) {
	fm := Block{Form: JSON, Line: line}
	dec := json.NewDecoder(strings.NewReader(text[:min(len(text), MaxFront)]))
	dec.UseNumber()
	var values map[string]any
	if err := dec.Decode(&values); err != nil {
		at := line + strings.Count(text[:min(int(dec.InputOffset()), len(text))], "\n")
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = line + strings.Count(text[:min(int(syntax.Offset), len(text))], "\n")
		}
		if len(text) > MaxFront && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
			return fm, "", 0, TooLarge(line)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fm, "", 0, &SyntaxError{line, "the JSON front matter that opens here is never closed; end it with }"}
		}
		return fm, "", 0, &SyntaxError{at, fmt.Sprintf("the JSON front matter does not parse: %v", err)}
	}
	end := int(dec.InputOffset())
	fm.Text = text[:end]
	fm.Values = literal.FoldKeys(values, 0)
	body := text[end:]
	_, after, _ := strings.Cut(body, "\n")
	return fm, after, line + strings.Count(fm.Text, "\n") + 1, nil
}

func (fm *Block) Parse() error {
	switch fm.Form {
	case YAML:
		if values, ok := fastYAML(fm.Text); ok {
			fm.Values = values
			return nil
		}
		values, err := ParseYAML(fm.Text)
		if err != nil {
			return &SyntaxError{fm.Line + yamlErrorLine(fm.Text, err) - 1, "the YAML front matter does not parse: " + yamlReason(err)}
		}
		fm.Values = values
	case TOML:
		if err := checkTOML(fm.Text); err != nil {
			return &SyntaxError{fm.Line + err.Line, "the post is left out of feeds and mail: " + err.Error()}
		}
		var values map[string]any
		if err := toml.Unmarshal([]byte(fm.Text), &values); err != nil {
			fault := &SyntaxError{fm.Line, "the TOML front matter does not parse: " + strings.TrimPrefix(err.Error(), "toml: ")}
			var decode *toml.DecodeError
			if errors.As(err, &decode) {
				row, _ := decode.Position()
				fault.Line = fm.Line + row - 1
			}
			return fault
		}
		fm.Values = literal.FoldKeys(values, 0)
	case JSON:
		var values map[string]any
		if err := json.Unmarshal([]byte(fm.Text), &values); err != nil {
			return &SyntaxError{fm.Line, fmt.Sprintf("the JSON front matter does not parse: %v", err)}
		}
		fm.Values = literal.FoldKeys(values, 0)
	case JavaScript:
		fm.Values = literal.JSValues(fm.Text)
	}
	return nil
}

func ParseYAML(text string) (map[string]any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return map[string]any{}, nil
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("it is not a list of `key: value` lines")
	}
	budget := maxNodes
	value, err := yamlValue(doc.Content[0], &budget)
	if err != nil {
		return nil, err
	}
	return value.(map[string]any), nil
}

func yamlValue(n *yaml.Node, budget *int) (any, error) {
	if *budget--; *budget < 0 {
		return nil, errors.New("its aliases unfold to more than anybody would write")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return yamlValue(n.Alias, budget)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, err := yamlValue(item, budget)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := yamlValue(n.Content[i+1], budget)
			if err != nil {
				return nil, err
			}
			m[strings.ToLower(n.Content[i].Value)] = v
		}
		return m, nil
	}
	if n.Tag == "!!null" {
		return nil, nil
	}
	return n.Value, nil
}

// yamlFaultLine finds the line to blame. The parser often names the place where
// it gave up, far below an open quote; the line after the longest beginning that
// still parses is where the author went wrong.
func yamlErrorLine(text string, fault error) int {
	lines := strings.SplitAfter(text, "\n")
	good, looked := 0, 0
	for n := 1; n <= min(len(lines), 300); n++ {
		head := strings.Join(lines[:n], "")
		if looked += len(head); looked > maxErrorText { // to go on takes the square of the text
			if m := yamlErrorPosition.FindStringSubmatch(fault.Error()); m != nil {
				good, _ = strconv.Atoi(m[1])
				good--
			}
			break
		}
		if _, err := ParseYAML(head); err == nil {
			good = n
		}
	}
	return max(1, min(good+1, max(len(lines)-1, 1)))
}

var yamlErrorPosition = regexp.MustCompile(`^yaml: line (\d+):`)

var yamlErrorPrefix = regexp.MustCompile(`^yaml: (?:line \d+: )?`)

func yamlReason(err error) string {
	reason := yamlErrorPrefix.ReplaceAllString(err.Error(), "")
	switch {
	case strings.Contains(reason, "mapping values are not allowed"):
		return "a value holds `: `; put the whole value in quotes"
	case strings.Contains(reason, "cannot start any token"):
		return reason + "; indent with spaces, and put values with special characters in quotes"
	}
	return reason
}

// lineOf is the line of the file where one of the keys stands, else that of
// the front matter's beginning.
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

// scalar is the first of the keys that holds one value; "" for none.
func (fm *Block) Scalar(keys ...string) string {
	for _, key := range keys {
		if s, ok := fm.Values[key].(string); ok && strings.TrimSpace(s) != "" {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

// has reports whether the key is there, be it empty.
func (fm *Block) Has(key string) bool {
	_, ok := fm.Values[key]
	return ok
}

// truth reads a yes-or-no value; set is false where it is neither.
func (fm *Block) Bool(key string) (value, set bool) { return Bool(fm.Values[key]) }

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

// table is a key's mapping; nil where it holds none.
func (fm *Block) Table(key string) map[string]any {
	m, _ := fm.Values[key].(map[string]any)
	return m
}

// list is a key's values: a list's items, or one string cut by split.
func (fm *Block) Strings(key string, split func(string) []string) []string {
	return Strings(fm.Values[key], split)
}

// dig follows a dotted name through tables.
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

func SplitCommas(s string) []string { return strings.Split(s, ",") }

func SplitSpaces(s string) []string { return strings.Fields(s) }

func NoSplit(s string) []string { return []string{s} }

// isQuoted reports whether the value of a key stands in quotes.
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

// lineHolding is the line of the file where the front matter holds a text; 0 where it
// does not.
func (fm *Block) LineHolding(text string) int {
	if at := strings.Index(fm.Text, text); at >= 0 {
		return fm.Line + strings.Count(fm.Text[:at], "\n")
	}
	return 0
}
