package message

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/textwrap"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file under testdata, or writes it.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestExcerptText(t *testing.T) {
	files, err := filepath.Glob("testdata/text/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".html")+".txt", ExcerptText(string(source))+"\n")
		})
	}
}

func FuzzExcerptText(f *testing.F) {
	f.Add("<p>a <a href='https://example.com'>b</a><ul><li>c<ol><li>d</ul><table><tr><td>e<pre>f\n g</pre>")
	f.Add("<p>日本語、「テスト」です。👩‍👩‍👧‍👦é\x00\x1b</p><blockquote><blockquote>a")
	f.Add(strings.Repeat("<blockquote>", 300) + "x")
	f.Fuzz(func(t *testing.T, source string) {
		text := ExcerptText(source)
		for line := range strings.SplitSeq(text, "\n") {
			// Only what cannot be broken, code and nesting may be longer.
			if words := strings.Fields(line); textwrap.Width(line) > textColumns && len(words) > 40 && !strings.HasPrefix(strings.TrimLeft(line, " "), ">") && !strings.Contains(source, "<pre") {
				t.Errorf("line %q", line)
			}
		}
		if strings.ContainsAny(text, "\x00\x1b\r\v") {
			t.Errorf("control characters in %q", text)
		}
	})
}
