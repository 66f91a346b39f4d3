package main

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"publisher/internal/config"
)

// The lines of an error are its makers', not those of what they quote.
func TestErrorLines(t *testing.T) {
	faults := &config.Error{Faults: []config.Fault{{File: "c.yaml", Line: 1, Column: 2, Message: "one\nforged"}, {File: "c.yaml", Message: "two"}}}
	forged := errors.New("x\nforged")
	for name, test := range map[string]struct {
		err  error
		want []string
	}{
		"one line":        {errors.New("a"), []string{"a"}},
		"quoted line end": {forged, []string{"x\nforged"}},
		"wrapped":         {fmt.Errorf("reading %s: %w", "a\nb", forged), []string{"reading a\nb: x\nforged"}},
		"joined":          {errors.Join(errors.New("a"), forged, errors.New("c")), []string{"a", "x\nforged", "c"}},
		"joined twice":    {errors.Join(errors.Join(errors.New("a"), errors.New("b")), errors.New("c")), []string{"a", "b", "c"}},
		"wrapped join":    {fmt.Errorf("%w: %w", errUsage, errors.Join(errors.New("a"), errors.New("b"))), []string{"wrong usage: a", "b"}},
		"faults":          {faults, []string{"c.yaml:1:2: one\nforged", "c.yaml: two"}},
		"wrapped faults":  {fmt.Errorf("reloading: %w (kept)", faults), []string{"reloading: c.yaml:1:2: one\nforged", "c.yaml: two (kept)"}},
		"faults and more": {errors.Join(faults, errors.New("or name it")), []string{"c.yaml:1:2: one\nforged", "c.yaml: two", "or name it"}},
		"hidden":          {fmt.Errorf("%v", faults), []string{"c.yaml:1:2: one\nforged\nc.yaml: two"}},
		"line end last":   {errors.New("a\n"), []string{"a\n"}},
		"joined with nil": {errors.Join(nil, errors.New("a"), nil), []string{"a"}},
	} {
		if got := errorLines(test.err); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
