package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLanguages(t *testing.T) {
	cfg, err := parse(`
site: {url: https://example.com, title: Notes, description: On notes, language: en}
languages:
  de: {title: Notizen, url: https://example.com/de/}
  pt-br:
  no: {description: Om notater}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"en", "de", "pt-BR", "no"}, cfg.AllLanguages()); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
	if folder := cfg.Languages[1].Folder; folder != "pt-br" {
		t.Errorf("folder %q, want it as written", folder)
	}
	type site struct{ Title, Description, Language, URL string }
	for tag, want := range map[string]site{
		"":      {"Notes", "On notes", "en", "https://example.com"},
		"de":    {"Notizen", "On notes", "de", "https://example.com/de"},
		"pt-BR": {"Notes", "On notes", "pt-BR", "https://example.com"},
		"no":    {"Notes", "Om notater", "no", "https://example.com"},
		"fr":    {"Notes", "On notes", "en", "https://example.com"},
	} {
		s := cfg.SiteIn(tag)
		if diff := cmp.Diff(want, site{s.Title, s.Description, s.Language, s.URL.String()}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tag, diff)
		}
	}
}

func TestLanguageOf(t *testing.T) {
	for _, tt := range []struct{ settings, tag, want string }{
		{"site: {url: https://e.com}", "de", ""}, // all is together
		{"site: {url: https://e.com}\nlanguages: {de: }", "de", "de"},
		{"site: {url: https://e.com}\nlanguages: {de: }", "de-AT", "de"},
		{"site: {url: https://e.com}\nlanguages: {de: }", "de-x-old", "de"},
		{"site: {url: https://e.com}\nlanguages: {de: }", "del", ""},
		{"site: {url: https://e.com}\nlanguages: {de: }", "en-GB", ""},
		{"site: {url: https://e.com}\nlanguages: {de: }", "fr", ""},
		{"site: {url: https://e.com}\nlanguages: {de: }", "", ""},
		{"site: {url: https://e.com}\nlanguages: {de: , de-AT: }", "de-AT", "de-AT"},
		{"site: {url: https://e.com}\nlanguages: {de: , de-AT: }", "de-CH", "de"},
		{"site: {url: https://e.com}\nlanguages: {en-GB: }", "en-GB", "en-GB"},
		{"site: {url: https://e.com}\nlanguages: {en-GB: }", "en", ""},
		{"site: {url: https://e.com, language: de-AT}\nlanguages: {de: }", "de-AT", ""},
		{"site: {url: https://e.com, language: de-AT}\nlanguages: {de: }", "de", "de"},
	} {
		cfg, err := parse(tt.settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.LanguageOf(tt.tag); got != tt.want {
			t.Errorf("%s: %q belongs to %q, want %q", tt.settings, tt.tag, got, tt.want)
		}
	}
}
