package hint_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"publisher/internal/config"
	"publisher/internal/hint"
)

// The lines of an error are those of its authors, not those of what they quote.
func TestLines(t *testing.T) {
	faults := &config.Error{Faults: []config.Fault{{File: "c.yaml", Line: 1, Column: 2, Message: "one\nforged"}, {File: "c.yaml", Message: "two"}}}
	forged := errors.New("x\nforged")
	errUsage := errors.New("wrong usage")
	unknown := hint.With(errors.New("no cadence"), "see %q", "a\nb")
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
		"hint":            {unknown, []string{"no cadence", `hint: see "a\nb"`}},
		"wrapped hint":    {fmt.Errorf("%w: %w", errUsage, unknown), []string{"wrong usage: no cadence", `hint: see "a\nb"`}},
		"hint in a join":  {errors.Join(unknown, errors.New("c")), []string{"no cadence", `hint: see "a\nb"`, "c"}},
		"hint of faults":  {hint.With(faults, "or name it"), []string{"c.yaml:1:2: one\nforged", "c.yaml: two", "hint: or name it"}},
		"joined with nil": {errors.Join(nil, errors.New("a"), nil), []string{"a"}},
	} {
		if got := hint.Lines(test.err); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// An error with a hint is still the error it was, and one line for logs.
func TestWith(t *testing.T) {
	err := fmt.Errorf("saving: %w", hint.With(fmt.Errorf("writing x: %w", fs.ErrPermission), "give this user write access"))
	if want := "saving: writing x: permission denied; give this user write access"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if !errors.Is(err, fs.ErrPermission) {
		t.Error("errors.Is does not see what the hint is about")
	}
	var faults *config.Error
	if !errors.As(hint.With(&config.Error{}, "x"), &faults) {
		t.Error("errors.As does not see what the hint is about")
	}
	if hint.With(nil, "x") != nil {
		t.Error("nil with a hint is not nil")
	}
}

// The lines of an error outlast being stored, and a name in it makes none.
func TestText(t *testing.T) {
	err := hint.With(errors.Join(errors.New("one\nforged"), errors.New("two")), "see that")
	text := hint.Text(err)
	if want := "one forged\ntwo\nhint: see that"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
	again := hint.Parse(text)
	if got := hint.Text(errors.Join(again, errors.New("three"))); got != text+"\nthree" {
		t.Errorf("joined: %q", got)
	}
	if got, want := again.Error(), "one forged; two; see that"; got != want {
		t.Errorf("on one line: %q, want %q", got, want)
	}
}
