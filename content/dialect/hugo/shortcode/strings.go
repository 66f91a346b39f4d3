package shortcode

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"publisher/content/dialect"
)

func (e *Evaluator) replace(text, old, with any, _ ...any) (string, error) {
	s, err := e.texts(text, old, with)
	if err != nil {
		return "", err
	}
	if err := e.charge(strings.Count(s[0], s[1]) * len(s[2])); err != nil {
		return "", err
	}
	return strings.ReplaceAll(s[0], s[1], s[2]), nil
}

func (e *Evaluator) pattern(s string) (*regexp.Regexp, error) {
	if err := e.charge(1000 + 100*len(s)); err != nil {
		return nil, err
	}
	return regexp.Compile(s)
}

// matches counts the cost of searching a text for an expression: each byte is compared with all
// states of the expression.
func (e *Evaluator) matches(re *regexp.Regexp, text string) {
	e.Page.Budget.Step(len(text) / 8 * (1 + len(re.String())/8))
	e.Page.Budget.Check()
}

func (e *Evaluator) replaceRE(pattern, with, text any, _ ...any) (string, error) {
	s, err := e.texts(pattern, with, text)
	if err != nil {
		return "", err
	}
	re, err := e.pattern(s[0])
	if err != nil {
		return "", err
	}
	if err := e.charge((len(s[1]) + 1) * (len(s[2]) + 1)); err != nil {
		return "", err
	}
	e.matches(re, s[2])
	return re.ReplaceAllString(s[2], s[1]), nil
}

func (e *Evaluator) findRE(pattern, text any, limit ...int) ([]any, error) {
	s, err := e.texts(pattern, text)
	if err != nil {
		return nil, err
	}
	re, err := e.pattern(s[0])
	if err != nil {
		return nil, err
	}
	e.matches(re, s[1])
	n := -1
	if len(limit) > 0 {
		n = limit[0]
	}
	return dialect.AnyList(re.FindAllString(s[1], n)), e.charge(16 * len(s[1]))
}

func (e *Evaluator) split(text, at any) ([]any, error) {
	s, err := e.texts(text, at)
	if err != nil {
		return nil, err
	}
	return dialect.AnyList(strings.Split(s[0], s[1])), e.charge(16 * len(s[0]))
}

// substr counts characters; a negative start counts from the end.
func (e *Evaluator) substr(text any, start int, length ...int) (string, error) {
	s, err := e.text(text)
	if err != nil {
		return "", err
	}
	runes := []rune(s)
	if start < 0 {
		start = max(0, len(runes)+start)
	}
	start = min(start, len(runes))
	end := len(runes)
	if len(length) > 0 {
		if end = min(end, start+min(length[0], len(runes))); length[0] < 0 {
			end = max(start, len(runes)+length[0])
		}
	}
	return string(runes[start:end]), nil
}

func (e *Evaluator) repeat(n int, text any) (string, error) {
	s, err := e.text(text)
	if err != nil {
		return "", err
	}
	if n < 0 || n > maxTemplateBytes || e.charge(n*len(s)) != nil {
		return "", fmt.Errorf("%w: %d times", errLimit, n)
	}
	return strings.Repeat(s, n), nil
}

func (e *Evaluator) pathJoin(parts ...any) (string, error) {
	s, err := e.texts(parts...)
	return path.Join(s...), err
}
