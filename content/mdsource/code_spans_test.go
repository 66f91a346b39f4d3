package mdsource_test

import (
	"strings"
	"testing"

	"publisher/content/mdsource"
)

// In these texts every x is prose and every y is code.
var codeAndProse = []string{
	"x `y` x",
	"x ``y ` y`` x",
	"x \\`x` x",
	"x `x\n\nx` x",
	"```\ny\n```\nx",
	"~~~~\ny\n~~~\ny\n~~~~\nx",
	"> ```\n> y\n> ```\nx",
	"x\n    x\n\n    y\n\nx",
	"- x\n\n  x\n\n      y\n\nx",
	"- ```\n  y\n  ```\n\nx",
	"``` y",
}

func TestOutsideCode(t *testing.T) {
	for _, text := range codeAndProse {
		got := mdsource.OutsideCode(text, func(prose string) string {
			return strings.ReplaceAll(strings.ReplaceAll(prose, "y", "Y"), "x", "X")
		})
		if want := strings.ReplaceAll(text, "x", "X"); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestCodeAt(t *testing.T) {
	for _, text := range codeAndProse {
		spans := mdsource.CodeSpans(text)
		for at, c := range text {
			if span, isCode := mdsource.CodeAt(spans, at); c == 'x' && isCode || c == 'y' && (!isCode || at < span.From || at >= span.To) {
				t.Errorf("%q: byte %d: %v, %v", text, at, span, isCode)
			}
		}
	}
}

func TestLines(t *testing.T) {
	const text = "one\ntwo three\nfour"
	if before, after := mdsource.LineBefore(text, 8), mdsource.LineAfter(text, 8); before != "two " || after != "three" {
		t.Errorf("the line is %q and %q", before, after)
	}
	if got, want := mdsource.Dedent("\n    a\n\n      b\n"), "\na\n\n  b\n"; got != want {
		t.Errorf("Dedent returns %q, want %q", got, want)
	}
	if got, want := mdsource.FencedCode("a\n```\nb", "go"), "````go\na\n```\nb\n````\n"; got != want {
		t.Errorf("FencedCode returns %q, want %q", got, want)
	}
}
