package slug_test

import (
	"testing"

	"publisher/content/slug"
)

func TestSlugs(t *testing.T) {
	engines := []struct {
		name string
		slug func(string) string
	}{
		{"Hugo", slug.HugoElement},
		{"Jekyll", slug.Jekyll},
		{"pretty Jekyll", slug.JekyllPretty},
		{"Eleventy", slug.Eleventy},
		{"ASCII", slug.ASCII},
		{"Pelican", func(s string) string { return slug.Pelican(s, slug.PelicanSubstitutions(), false, false) }},
	}
	for text, want := range map[string][]string{
		"Hello,  World!":   {"hello-world", "hello-world", "Hello,-World!", "hello-world", "hello-world", "hello-world"},
		"Über C++ & Go":    {"über-c++-go", "über-c-go", "Über-C++-&-Go", "ueber-c-and-go", "uber-c-go", "uber-c-go"},
		"a -- <b>b</b>/c.": {"a--bbbc.", "a-b-b-b-c", "a-b-b-b-c.", "a-b-b-b-c", "a-b-b-b-c", "a-bc"},
	} {
		for i, engine := range engines {
			if got := engine.slug(text); got != want[i] {
				t.Errorf("%s: %q becomes %q, want %q", engine.name, text, got, want[i])
			}
		}
	}
}

func TestHugo(t *testing.T) {
	if got, want := (slug.Hugo{KeepCase: true, DropAccents: true}).Path("/Ünder Way/B/"), "/Under-Way/B/"; got != want {
		t.Errorf("Path returns %q, want %q", got, want)
	}
	if got, want := (slug.Hugo{}).Pattern("/posts/C++%20A/"), "/posts/c-a/"; got != want {
		t.Errorf("Pattern returns %q, want %q", got, want)
	}
}
