package content

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
type frontMatter struct {
	form   form
	values map[string]any
	text   string // between the fences
	line   int    // of the file where text begins, counted from 1
}

type form int

const (
	noFrontMatter form = iota
	yamlForm           // --- … ---
	tomlForm           // +++ … +++
	jsonForm           // { … }
	scriptForm         // ---js … ---, read and never run
	blockForm          // Key: value lines, as Python-Markdown reads them
)

// syntaxFault says which line of the file does not parse.
type syntaxFault struct {
	line    int
	message string
}

func (f *syntaxFault) Error() string { return f.message }

// splitFrontMatter reads the front matter of a file and returns the body and
// the line that it begins in. A *syntaxFault names the line to mend.
func splitFrontMatter(text string) (fm frontMatter, body string, bodyLine int, err error) {
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
		return fenced(start, line, yamlForm, "---", "...")
	case "+++", "---toml":
		end := first[:3]
		return fenced(start, line, tomlForm, end, end)
	case "---json":
		return fenced(start, line, jsonForm, "---", "---")
	case "---js", "---javascript", "---node":
		return fenced(start, line, scriptForm, "---", "---")
	}
	if strings.HasPrefix(start, "{") && looksLikeJSON(start) {
		return jsonBlock(start, line)
	}
	if fm, rest, n := metadataBlock(start, line); n > 0 {
		return fm, rest, line + n, nil
	}
	return frontMatter{line: line}, text, 1, nil
}

func fenced(text string, line int, f form, end, altEnd string) (frontMatter, string, int, error) {
	_, rest, _ := strings.Cut(text, "\n")
	fm := frontMatter{form: f, line: line + 1}
	length, lines := 0, 0
	for remaining := rest; ; {
		current, after, found := strings.Cut(remaining, "\n")
		trimmed := strings.TrimRight(current, " \t")
		if trimmed == end || trimmed == altEnd {
			fm.text = rest[:length]
			err := fm.parse()
			return fm, after, line + lines + 2, err
		}
		if !found {
			return fm, "", 0, &syntaxFault{line, fmt.Sprintf("the front matter that opens here is never closed; put a line %s after its last key", end)}
		}
		if length += len(current) + 1; length > maxFront {
			return fm, "", 0, frontTooLarge(line)
		}
		lines++
		remaining = after
	}
}

// checkTOML refuses what would take the TOML parser too long: it compares each key with
// those beside it, and each part of a dotted key with those before.
func checkTOML(text string) *limitError {
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
			return &limitError{limit: fmt.Sprintf("%d keys of TOML", maxKeys), message: "leave some away", line: at}
		case len(key) > maxKey && (assigned || strings.Count(line, ".") > maxKey/10):
			return &limitError{limit: fmt.Sprintf("%d bytes of a key of TOML", maxKey), message: "shorten it", line: at}
		case depth > maxKeys || opened > 10*maxKeys:
			return &limitError{limit: fmt.Sprintf("%d lists and tables in one another", maxKeys), message: "close them", line: at}
		}
		at++
	}
	return nil
}

// frontTooLarge is the fault of front matter above maxFront.
func frontTooLarge(line int) *syntaxFault {
	err := &limitError{limit: fmt.Sprintf("%d MB of front matter", maxFront>>20), message: "put the text into the post, or a line that closes the front matter behind its last key"}
	return &syntaxFault{line, "the post is left out of feeds and mail: " + err.Error()}
}

var jsonStart = regexp.MustCompile(`^\{\s*(?:"|\})`)

func looksLikeJSON(text string) bool { return jsonStart.MatchString(text) }

func jsonBlock(text string, line int) (frontMatter, string, int, error) {
	fm := frontMatter{form: jsonForm, line: line}
	dec := json.NewDecoder(strings.NewReader(text[:min(len(text), maxFront)]))
	dec.UseNumber()
	var values map[string]any
	if err := dec.Decode(&values); err != nil {
		at := line + strings.Count(text[:min(int(dec.InputOffset()), len(text))], "\n")
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = line + strings.Count(text[:min(int(syntax.Offset), len(text))], "\n")
		}
		if len(text) > maxFront && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
			return fm, "", 0, frontTooLarge(line)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fm, "", 0, &syntaxFault{line, "the JSON front matter that opens here is never closed; end it with }"}
		}
		return fm, "", 0, &syntaxFault{at, fmt.Sprintf("the JSON front matter does not parse: %v", err)}
	}
	end := int(dec.InputOffset())
	fm.text = text[:end]
	fm.values = foldKeys(values, 0)
	body := text[end:]
	_, after, _ := strings.Cut(body, "\n")
	return fm, after, line + strings.Count(fm.text, "\n") + 1, nil
}

func (fm *frontMatter) parse() error {
	switch fm.form {
	case yamlForm:
		if values, ok := plainYAML(fm.text); ok {
			fm.values = values
			return nil
		}
		values, err := parseYAML(fm.text)
		if err != nil {
			return &syntaxFault{fm.line + yamlFaultLine(fm.text, err) - 1, "the YAML front matter does not parse: " + yamlReason(err)}
		}
		fm.values = values
	case tomlForm:
		if err := checkTOML(fm.text); err != nil {
			return &syntaxFault{fm.line + err.line, "the post is left out of feeds and mail: " + err.Error()}
		}
		var values map[string]any
		if err := toml.Unmarshal([]byte(fm.text), &values); err != nil {
			fault := &syntaxFault{fm.line, "the TOML front matter does not parse: " + strings.TrimPrefix(err.Error(), "toml: ")}
			var decode *toml.DecodeError
			if errors.As(err, &decode) {
				row, _ := decode.Position()
				fault.line = fm.line + row - 1
			}
			return fault
		}
		fm.values = foldKeys(values, 0)
	case jsonForm:
		var values map[string]any
		if err := json.Unmarshal([]byte(fm.text), &values); err != nil {
			return &syntaxFault{fm.line, fmt.Sprintf("the JSON front matter does not parse: %v", err)}
		}
		fm.values = foldKeys(values, 0)
	case scriptForm:
		fm.values = scriptValues(fm.text)
	}
	return nil
}

func parseYAML(text string) (map[string]any, error) {
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
func yamlFaultLine(text string, fault error) int {
	lines := strings.SplitAfter(text, "\n")
	good, looked := 0, 0
	for n := 1; n <= min(len(lines), 300); n++ {
		head := strings.Join(lines[:n], "")
		if looked += len(head); looked > maxFaultText { // to go on takes the square of the text
			if m := yamlFaultPlace.FindStringSubmatch(fault.Error()); m != nil {
				good, _ = strconv.Atoi(m[1])
				good--
			}
			break
		}
		if _, err := parseYAML(head); err == nil {
			good = n
		}
	}
	return max(1, min(good+1, max(len(lines)-1, 1)))
}

var yamlFaultPlace = regexp.MustCompile(`^yaml: line (\d+):`)

var yamlPosition = regexp.MustCompile(`^yaml: (?:line \d+: )?`)

func yamlReason(err error) string {
	reason := yamlPosition.ReplaceAllString(err.Error(), "")
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
func (fm *frontMatter) lineOf(keys ...string) int {
	for i, l := range strings.Split(fm.text, "\n") {
		l = strings.TrimLeft(l, " \t\"'")
		for _, key := range keys {
			if len(l) > len(key) && strings.EqualFold(l[:len(key)], key) &&
				strings.ContainsAny(strings.TrimLeft(l[len(key):], " \t\"'")+" ", ":=") &&
				strings.HasPrefix(strings.TrimLeft(l[len(key):], " \t\"'")+" ", sign(fm.form)) {
				return fm.line + i
			}
		}
	}
	return max(fm.line, 1)
}

func sign(f form) string {
	if f == tomlForm {
		return "="
	}
	return ":"
}

// scalar is the first of the keys that holds one value; "" for none.
func (fm *frontMatter) scalar(keys ...string) string {
	for _, key := range keys {
		if s, ok := fm.values[key].(string); ok && strings.TrimSpace(s) != "" {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

// has reports whether the key is there, be it empty.
func (fm *frontMatter) has(key string) bool {
	_, ok := fm.values[key]
	return ok
}

// truth reads a yes-or-no value; set is false where it is neither.
func (fm *frontMatter) truth(key string) (value, set bool) { return truthOf(fm.values[key]) }

func truthOf(v any) (value, set bool) {
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
func (fm *frontMatter) table(key string) map[string]any {
	m, _ := fm.values[key].(map[string]any)
	return m
}

// list is a key's values: a list's items, or one string cut by split.
func (fm *frontMatter) list(key string, split func(string) []string) []string {
	return listOf(fm.values[key], split)
}

// dig follows a dotted name through tables.
func dig(v any, name string) (any, bool) {
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

func listOf(v any, split func(string) []string) []string {
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

func byComma(s string) []string { return strings.Split(s, ",") }

func bySpace(s string) []string { return strings.Fields(s) }

func whole(s string) []string { return []string{s} }

// isQuoted reports whether the value of a key stands in quotes.
func (fm *frontMatter) isQuoted(key string) bool {
	at := fm.lineOf(key) - fm.line
	lines := strings.Split(fm.text, "\n")
	if at < 0 || at >= len(lines) {
		return false
	}
	_, value, _ := strings.Cut(lines[at], ":")
	value = strings.TrimSpace(value)
	return value != "" && (value[0] == '"' || value[0] == '\'')
}

// lineHolding is the line of the file where the front matter holds a text; 0 where it
// does not.
func (fm *frontMatter) lineHolding(text string) int {
	if at := strings.Index(fm.text, text); at >= 0 {
		return fm.line + strings.Count(fm.text[:at], "\n")
	}
	return 0
}
