package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	quoted = regexp.MustCompile("`([^`]+)`")
	// varying is what differs between messages: format verbs and numbers.
	varying = regexp.MustCompile(`%[-+# 0]*[\d.]*[a-zA-Z]|\d[\d,.]*|…`)
	// joints are where messages are joined.
	joints = regexp.MustCompile(`…|\d[\d,.]*|: |; `)
)

// Every message in docs/limits.md exists in the code.
func TestLimitsAreSaid(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "limits.md"))
	if err != nil {
		t.Fatal(err)
	}
	messages := codeMessages(t)
	rows := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| ---") {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			said := m[1]
			if len(strings.Fields(said)) < 3 || strings.HasPrefix(said, "publisher ") {
				continue // a name, a command
			}
			rows++
			for _, part := range joints.Split(said, -1) {
				if part = strings.TrimSpace(part); len(part) < 4 {
					continue
				}
				if !slices.ContainsFunc(messages, func(message string) bool { return strings.Contains(message, part) }) {
					t.Errorf("no message has %q: %s", part, line)
				}
			}
		}
	}
	if rows < 40 {
		t.Errorf("only %d messages were looked up", rows)
	}
}

// codeMessages returns the texts in the code, with a gap for what differs.
func codeMessages(t *testing.T) []string {
	t.Helper()
	var out []string
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				if text := literal(e); text != "" {
					out = append(out, varying.ReplaceAllString(text, "…"))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// literal returns the text of a string or of a concatenation of strings, or "".
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, _ := strconv.Unquote(e.Value) // it was parsed
			return text
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return literal(e.X) + literal(e.Y)
		}
	}
	return ""
}
