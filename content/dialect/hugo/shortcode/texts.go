package shortcode

import (
	"fmt"
	"path"
	"publisher/content/dialect"
	"regexp"
	"strings"
)

func (h *HugoTemplates) replace(text, old, with any, _ ...any) (string, error) {
	s, err := h.texts(text, old, with)
	if err != nil {
		return "", err
	}
	if err := h.charge(strings.Count(s[0], s[1]) * len(s[2])); err != nil {
		return "", err
	}
	return strings.ReplaceAll(s[0], s[1], s[2]), nil
}

func (h *HugoTemplates) pattern(s string) (*regexp.Regexp, error) {
	if err := h.charge(1000 + 100*len(s)); err != nil {
		return nil, err
	}
	return regexp.Compile(s)
}

// matches counts what it costs to look for an expression in a text: each byte is
// compared with all that the expression may be at.
func (h *HugoTemplates) matches(re *regexp.Regexp, text string) {
	h.Article.Budget.Step(len(text) / 8 * (1 + len(re.String())/8))
	h.Article.Budget.Check()
}

func (h *HugoTemplates) replaceRE(pattern, with, text any, _ ...any) (string, error) {
	s, err := h.texts(pattern, with, text)
	if err != nil {
		return "", err
	}
	re, err := h.pattern(s[0])
	if err != nil {
		return "", err
	}
	if err := h.charge((len(s[1]) + 1) * (len(s[2]) + 1)); err != nil {
		return "", err
	}
	h.matches(re, s[2])
	return re.ReplaceAllString(s[2], s[1]), nil
}

func (h *HugoTemplates) findRE(pattern, text any, limit ...int) ([]any, error) {
	s, err := h.texts(pattern, text)
	if err != nil {
		return nil, err
	}
	re, err := h.pattern(s[0])
	if err != nil {
		return nil, err
	}
	h.matches(re, s[1])
	n := -1
	if len(limit) > 0 {
		n = limit[0]
	}
	return dialect.AnyList(re.FindAllString(s[1], n)), h.charge(16 * len(s[1]))
}

func (h *HugoTemplates) split(text, at any) ([]any, error) {
	s, err := h.texts(text, at)
	if err != nil {
		return nil, err
	}
	return dialect.AnyList(strings.Split(s[0], s[1])), h.charge(16 * len(s[0]))
}

// substr counts characters; a start below zero counts from the end.
func (h *HugoTemplates) substr(text any, start int, length ...int) (string, error) {
	s, err := h.text(text)
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

func (h *HugoTemplates) repeat(n int, text any) (string, error) {
	s, err := h.text(text)
	if err != nil {
		return "", err
	}
	if n < 0 || n > maxTemplateBytes || h.charge(n*len(s)) != nil {
		return "", fmt.Errorf("%w: %d times", errTooMuch, n)
	}
	return strings.Repeat(s, n), nil
}

func (h *HugoTemplates) pathJoin(parts ...any) (string, error) {
	s, err := h.texts(parts...)
	return path.Join(s...), err
}
