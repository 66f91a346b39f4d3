package frontmatter

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ParseYAML returns the values of a YAML mapping in the form that Block.Values has.
func ParseYAML(text string) (map[string]any, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 {
		return map[string]any{}, nil
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("not a list of `key: value` lines")
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
		return nil, fmt.Errorf("YAML aliases expand too far (limit %d values)", maxNodes)
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

// yamlErrorLine returns the line to fix. The parser often names the place where it
// gave up, far below an open quote; the mistake is on the line after the longest
// beginning that still parses.
func yamlErrorLine(text string, parseErr error) int {
	lines := strings.SplitAfter(text, "\n")
	good, looked := 0, 0
	for n := 1; n <= min(len(lines), 300); n++ {
		head := strings.Join(lines[:n], "")
		if looked += len(head); looked > maxErrorText { // the time is quadratic in the text
			if m := yamlErrorPosition.FindStringSubmatch(parseErr.Error()); m != nil {
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
		return "a value contains `: `; put the whole value in quotes"
	case strings.Contains(reason, "cannot start any token"):
		return reason + "; indent with spaces, and put values with special characters in quotes"
	}
	return reason
}
