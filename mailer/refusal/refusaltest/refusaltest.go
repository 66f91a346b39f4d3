// Package refusaltest has the refusals of real servers that all that reads refusals is
// tested with.
package refusaltest

import (
	_ "embed"
	"strings"
	"testing"
)

//go:embed refusals.txt
var refusals string

// A Case is one refusal.
type Case struct {
	About string // "mailbox", "transient", "us" or "unclear"
	Where string // where it is met: CONNECT, MAIL, RCPT, DATA, BODY, or DSN for a report's fields
	Text  string
}

// Cases returns all of them.
func Cases(t testing.TB) []Case {
	t.Helper()
	var cases []Case
	for line := range strings.Lines(refusals) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		about, rest, _ := strings.Cut(line, " ")
		where, text, _ := strings.Cut(rest, " ")
		if !strings.Contains(" mailbox transient us unclear ", " "+about+" ") || text == "" {
			t.Fatalf("not a case: %q", line)
		}
		cases = append(cases, Case{about, where, strings.ReplaceAll(text, `\n`, "\n")})
	}
	if len(cases) < 120 {
		t.Fatalf("only %d cases", len(cases))
	}
	return cases
}
