package templates_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/templates"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	set := load(t, "")
	for name, d := range map[string]*templates.Digest{
		"one": one(), "several": several(), "bare": bare(), "arabic": arabic(), "japanese": japanese(), "wide": wide(), "letters": letters(),
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name+".html", digestHTML(t, set, d))
			golden(t, name+".txt", digestText(t, set, d))
		})
	}
	for name, n := range notices() {
		t.Run(name, func(t *testing.T) {
			mail, err := set.Notice(n.kind, n.Notice)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".html", mail.HTML)
			golden(t, name+".txt", mail.Subject+"\n\n"+mail.Text)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run go test ./templates -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update accepts it):\n%s", file, diff)
	}
}

func load(t testing.TB, dir string) *templates.Set {
	t.Helper()
	set, err := templates.Load(dir, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func digestHTML(t testing.TB, set *templates.Set, d *templates.Digest) string {
	t.Helper()
	var b strings.Builder
	if err := set.DigestHTML(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func digestText(t *testing.T, set *templates.Set, d *templates.Digest) string {
	t.Helper()
	var b strings.Builder
	if err := set.DigestText(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
