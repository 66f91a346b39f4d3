package publish_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// Authors are named if there are several.
func TestByline(t *testing.T) {
	for name, test := range map[string]struct {
		first, second string // authors
		named         bool   // whether the first post's are
	}{
		"the same throughout":       {"[Zoe]", "[Zoe]", false},
		"different ones":            {"[Zoe]", "[Max]", true},
		"two together":              {"[Zoe, Max]", "[Zoe, Max]", true},
		"whom the config names":     {"[Ada]", "[Max]", false},
		"a guest, and nobody named": {"[Zoe]", "[]", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "config.yaml"), previewConfig)
			write(t, filepath.Join(dir, "list.csv"), "email\nada@example.com\n")
			write(t, filepath.Join(dir, "posts", "one.md"), "---\ntitle: One\ndate: 2026-05-02\nauthors: "+test.first+"\n---\nWords.\n")
			write(t, filepath.Join(dir, "posts", "two.md"), "---\ntitle: Two\ndate: 2026-05-01\nauthors: "+test.second+"\n---\nWords.\n")
			preview, _, err := open(t, dir).Preview(t.Context(), "immediate", "", "ada@example.com")
			if err != nil {
				t.Fatal(err)
			}
			names := strings.NewReplacer("[", "", "]", "").Replace(test.first)
			if named := strings.Contains(preview.Text, "May 2, 2026 · "+names); named != test.named {
				t.Errorf("named: %t, want %t:\n%s", named, test.named, preview.Text)
			}
		})
	}
}

// A picture that several posts share belongs to the site, and is left out.
func TestSharedPicture(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.yaml"), previewConfig)
	write(t, filepath.Join(dir, "list.csv"), "email\nada@example.com\n")
	for name, image := range map[string]string{"a": "site", "b": "site", "c": "own"} {
		write(t, filepath.Join(dir, "posts", name+".md"), "---\ntitle: "+name+"\ndate: 2026-05-02\nimage: https://blog.example.com/"+image+".png\n---\nWords.\n")
	}
	preview, _, err := open(t, dir).Preview(t.Context(), "immediate", "", "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(preview.HTML, "/own.png") || strings.Contains(preview.HTML, "/site.png") {
		t.Error("want the post's own picture, and not the one that two share")
	}
}
