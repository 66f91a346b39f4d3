// Package frontmatter reads front matter in every form that blog engines know, with the lines of its keys.
package frontmatter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"publisher/content/limits"
	"publisher/content/literal"
)

// Block is the front matter of a file. Values are nil, string, []any or
// map[string]any with lower-case keys: scalars keep the author's spelling, since
// only the reader of a key knows whether `3.0` or `2020-01-02` is text.
type Block struct {
	Form   Form
	Values map[string]any
	Text   string // between the fences
	Line   int    // of the file where Text begins, counted from 1
}

// Form is a way to write front matter.
type Form int

// The forms of front matter; None is the form of a file without.
const (
	None       Form = iota
	YAML            // --- … ---
	TOML            // +++ … +++
	JSON            // { … }
	JavaScript      // ---js … ---, read and never run
	Metadata        // Key: value lines, as Python-Markdown reads them
)

// SyntaxError is the error for front matter that does not parse.
type SyntaxError struct {
	Line    int // of the file, counted from 1
	Message string
}

func (e *SyntaxError) Error() string { return e.Message }

// Split returns the front matter of a file, the body, and the line that the body
// begins in. The error is a *SyntaxError with the line to fix.
func Split(text string) (fm Block, body string, bodyLine int, err error) {
	start := text
	line := 1
	for { // blank lines before the fence are allowed
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
			return fm, "", 0, &SyntaxError{line, fmt.Sprintf("the front matter that begins here is never closed; add a line %s after its last key", end)}
		}
		if length += len(current) + 1; length > MaxSize {
			return fm, "", 0, TooLarge(line)
		}
		lines++
		remaining = after
	}
}

// TooLarge returns the error for front matter above MaxSize that begins at line.
func TooLarge(line int) *SyntaxError {
	err := &limits.Error{Limit: fmt.Sprintf("%d MB of front matter", MaxSize>>20), Message: "move the text into the post, or add the line that closes the front matter after its last key"}
	return &SyntaxError{line, "the post is left out of feeds and mail: " + err.Error()}
}

var jsonStart = regexp.MustCompile(`^\{\s*(?:"|\})`)

func looksLikeJSON(text string) bool { return jsonStart.MatchString(text) }

func jsonBlock(text string, line int) (Block, string, int, error) {
	fm := Block{Form: JSON, Line: line}
	dec := json.NewDecoder(strings.NewReader(text[:min(len(text), MaxSize)]))
	dec.UseNumber()
	var values map[string]any
	if err := dec.Decode(&values); err != nil {
		at := line + strings.Count(text[:min(int(dec.InputOffset()), len(text))], "\n")
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = line + strings.Count(text[:min(int(syntax.Offset), len(text))], "\n")
		}
		if len(text) > MaxSize && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
			return fm, "", 0, TooLarge(line)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fm, "", 0, &SyntaxError{line, "the JSON front matter that begins here is never closed; end it with }"}
		}
		return fm, "", 0, &SyntaxError{at, fmt.Sprintf("the JSON front matter does not parse: %v", err)}
	}
	end := int(dec.InputOffset())
	fm.Text = text[:end]
	fm.Values = literal.FoldKeys(values)
	body := text[end:]
	_, after, _ := strings.Cut(body, "\n")
	return fm, after, line + strings.Count(fm.Text, "\n") + 1, nil
}

// Parse sets fm.Values from fm.Text. The error is a *SyntaxError.
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
			syntaxErr := &SyntaxError{fm.Line, "the TOML front matter does not parse: " + strings.TrimPrefix(err.Error(), "toml: ")}
			var decode *toml.DecodeError
			if errors.As(err, &decode) {
				row, _ := decode.Position()
				syntaxErr.Line = fm.Line + row - 1
			}
			return syntaxErr
		}
		fm.Values = literal.FoldKeys(values)
	case JSON:
		var values map[string]any
		if err := json.Unmarshal([]byte(fm.Text), &values); err != nil {
			return &SyntaxError{fm.Line, fmt.Sprintf("the JSON front matter does not parse: %v", err)}
		}
		fm.Values = literal.FoldKeys(values)
	case JavaScript:
		fm.Values = literal.JSValues(fm.Text)
	}
	return nil
}
