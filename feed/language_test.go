package feed_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/feed"
	"publisher/internal/config"
)

// bilingual returns the sample with German posts, for which not everything is configured that
// can be, and with Portuguese configured but without posts.
func bilingual(t *testing.T) (*config.Config, []feed.Item) {
	cfg := testConfig(t)
	cfg.Languages = []config.Language{
		{Folder: "de", Tag: "de", Title: "Notizen", Description: "Über Feeds", URL: &url.URL{Scheme: "https", Host: "blog.example.com", Path: "/de"}},
		{Folder: "pt-br", Tag: "pt-BR", Title: cfg.Site.Title, Description: cfg.Site.Description, URL: cfg.Site.URL},
	}
	in := func(tag string) func(*feed.Item) { return func(it *feed.Item) { it.Post.Language = tag } }
	items := append(sample(cfg),
		newItem(cfg, "alt", "2024-02-02T10:00:00Z", in("de"), tags("Feeds")),
		newItem(cfg, "neu", "2024-03-05T10:00:00Z", in("de-AT"), tags("Post")))
	return cfg, items
}

func TestGoldenLanguages(t *testing.T) {
	cfg, items := bilingual(t)
	cfg.Feeds.Content = "excerpt"
	mustWrite(t, cfg, items)
	golden(t, "testdata/languages", files(t, cfg.Path(cfg.Feeds.Dir)))
}

// A post is in the feeds of one language, with the same id as before.
func TestEachPostIsInOneLanguage(t *testing.T) {
	cfg, items := bilingual(t)
	cfg.Feeds.Items = 20
	mustWrite(t, cfg, items)
	split := map[string][]string{}
	for name, data := range files(t, cfg.Path(cfg.Feeds.Dir)) {
		if folder := strings.TrimSuffix(name, "feed.xml"); folder != name && !strings.Contains(folder, "/tags/") {
			split[folder] = guids(data)
		}
	}
	cfg.Languages = nil
	mustWrite(t, cfg, items)
	together := guids(read(t, cfg, "feed.xml"))
	if diff := cmp.Diff(together, sorted(slices.Concat(split[""], split["de/"], split["pt-br/"]))); diff != "" {
		t.Errorf("the ids together, and shared out (-want +got):\n%s", diff)
	}
	for folder, want := range map[string][]string{
		"de/":                {"tag:blog.example.com,2024-02-02:alt", "tag:blog.example.com,2024-03-05:neu"},
		"de/months/2024-02/": {"tag:blog.example.com,2024-02-02:alt"},
		"months/2024-02/":    {"tag:blog.example.com,2024-02-01:old"},
		"pt-br/":             nil,
	} {
		if diff := cmp.Diff(want, split[folder]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", folder, diff)
		}
	}
}

// guids returns the ids of an RSS feed's posts, sorted.
func guids(data string) []string {
	var ids []string
	for _, part := range strings.Split(data, "<guid")[1:] {
		_, part, _ = strings.Cut(part, ">")
		id, _, _ := strings.Cut(part, "<")
		ids = append(ids, id)
	}
	return sorted(ids)
}

func sorted(ids []string) []string {
	slices.Sort(ids)
	return ids
}

// The feeds of a language that is removed are removed, and hubs are notified of main feeds and
// tags, not of archives.
func TestLanguageRemoved(t *testing.T) {
	cfg, items := bilingual(t)
	before := mustWrite(t, cfg, items)
	for path, topic := range map[string]string{
		"public/de/atom.xml":                "https://blog.example.com/de/atom.xml",
		"public/de/tags/post/atom.xml":      "https://blog.example.com/de/tags/post/atom.xml",
		"public/pt-br/feed.json":            "https://blog.example.com/pt-br/feed.json",
		"public/de/months/2024-02/atom.xml": "",
		"public/months/2024-02/atom.xml":    "",
	} {
		if got := feed.Topic(cfg, path); got != topic {
			t.Errorf("the topic of %s is %q, want %q", path, got, topic)
		}
	}
	cfg.Languages = nil
	removed, err := feed.Prune(cfg, before.Documents, mustWrite(t, cfg, items).Documents)
	if err != nil {
		t.Fatal(err)
	}
	if len(removed) == 0 || slices.ContainsFunc(removed, func(path string) bool {
		return !strings.HasPrefix(path, "public/de/") && !strings.HasPrefix(path, "public/pt-br/")
	}) {
		t.Errorf("removed %v", removed)
	}
	for name := range files(t, cfg.Path(cfg.Feeds.Dir)) {
		if strings.HasPrefix(name, "de/") || strings.HasPrefix(name, "pt-br/") {
			t.Errorf("%s is left", name)
		}
	}
}

// Only what a change affects is built again: another German title does not affect other
// languages.
func TestLanguagesAreInputs(t *testing.T) {
	cfg, items := bilingual(t)
	earlier := feed.Previous{Documents: mustWrite(t, cfg, items).Documents, Build: "1"}
	first, err := feed.Update(t.Context(), cfg, items, render, earlier)
	if err != nil {
		t.Fatal(err)
	}
	earlier.Documents = first.Documents
	cfg.Languages[0].Title = "Notizblock"
	second, err := feed.Update(t.Context(), cfg, items, render, earlier)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range second.Written {
		if !strings.HasPrefix(path, "public/de/") {
			t.Errorf("%s was written", path)
		}
	}
	if !strings.Contains(read(t, cfg, "de/feed.json"), "Notizblock") {
		t.Error("the new title is not in the feed")
	}
}
