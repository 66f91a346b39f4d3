package content_test

import (
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/content"
	"publisher/internal/config"
)

// expected is what a blog's own engine made of a post.
type expected struct {
	Title, URL, Date, Updated, Excerpt string
	Tags                               []string
}

// tree is a blog with what its engine made of it.
type tree struct {
	name, dir, expected string
	dialect             config.Dialect
	site, permalink     string
	excerpts            excerpts
}

// excerpts says how far those of two programs can agree.
type excerpts int

const (
	equal excerpts = iota // the author's, or cut by the engine's rule
	start                 // of an automatic summary
)

// TestEngines compares posts with what the engines themselves make of them: on
// small trees, and on real blogs where PUBLISHER_TREES names their folder.
func TestEngines(t *testing.T) {
	trees := []tree{
		{"pelican", "testdata/pelican/content", "testdata/pelican/expected.json", config.Auto, "https://example.com", "", equal},
		{"pelican without its config", "testdata/pelican-bare", "testdata/pelican-bare.json", config.Auto, "https://example.com", "/blog/:slug/", equal},
		{"hugo", "testdata/hugo/content", "testdata/hugo/expected.json", config.Auto, "https://example.com", "", equal},
		{"jekyll", "testdata/jekyll", "testdata/jekyll/expected.json", config.Auto, "https://example.com", "", equal},
		{"zola", "testdata/zola/content", "testdata/zola/expected.json", config.Auto, "https://example.com", "", equal},
		{"eleventy", "testdata/eleventy/posts", "testdata/eleventy/expected.json", config.Auto, "https://example.com", "", equal},
	}
	if real := os.Getenv("PUBLISHER_TREES"); real != "" {
		at := func(elem ...string) string { return filepath.Join(append([]string{real}, elem...)...) }
		trees = append(trees,
			tree{"tenthousandmeters", at("content/tenthousandmeters/content"), at("expected/tenthousandmeters.json"), config.Auto, "https://tenthousandmeters.com", "/blog/:slug/", equal},
			tree{"tenthousandmeters by its own permalink", at("content/tenthousandmeters/content"), at("expected/tenthousandmeters.json"), config.Pelican, "https://tenthousandmeters.com", "", equal},
			tree{"jekyllrb.com", at("content/jekyll"), at("expected/jekyll.json"), config.Auto, "https://jekyllrb.com", "", equal},
			tree{"letsencrypt.org", at("content/letsencrypt/content"), at("expected/letsencrypt.json"), config.Auto, "https://letsencrypt.org", "", start},
		)
	}
	for _, tree := range trees {
		t.Run(tree.name, func(t *testing.T) { compare(t, tree) })
	}
}

func compare(t *testing.T, tree tree) {
	cfg := config.Default()
	dir, err := filepath.Abs(tree.dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dir = t.TempDir()
	cfg.Content.Dir, cfg.Content.Dialect, cfg.Content.Permalink = dir, tree.dialect, tree.permalink
	cfg.Site.URL = mustURL(t, tree.site)
	opened, err := content.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	scan := scanTree(t, opened, nil)
	for _, p := range scan.Problems {
		t.Errorf("problem: %+v", p)
	}
	var got []expected
	for _, p := range scan.Posts {
		e := expected{Title: p.Title, URL: p.URL, Date: p.Date.Format(time.RFC3339), Updated: p.Date.Format(time.RFC3339), Tags: p.Tags}
		if !p.Updated.IsZero() {
			e.Updated = p.Updated.Format(time.RFC3339)
		}
		r := render(t, opened, p)
		for _, left := range leftovers(r.HTML + r.ExcerptHTML) {
			t.Errorf("%s: left in the HTML: %s", p.Path, left)
		}
		e.Excerpt = r.ExcerptText
		got = append(got, e)
	}
	diff(t, readExpected(t, tree.expected), got, tree.excerpts)
}

func readExpected(t *testing.T, file string) []expected {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want []expected
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	return want
}

func diff(t *testing.T, want, got []expected, mode excerpts) {
	t.Helper()
	hasDetails := slices.ContainsFunc(want, func(e expected) bool { return e.Updated != "" || e.Tags != nil })
	normalise := func(list []expected) []expected {
		out := slices.Clone(list)
		for i := range out {
			e := &out[i]
			e.Excerpt = words(e.Excerpt)
			e.Date, e.Updated = instant(e.Date), instant(e.Updated)
			if !hasDetails {
				e.Updated, e.Tags = "", nil
			}
		}
		slices.SortFunc(out, func(a, b expected) int { return strings.Compare(a.URL, b.URL) })
		return out
	}
	want, got = normalise(want), normalise(got)
	if mode == start {
		cutToShorter(want, got)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("posts differ (-engine +ours):\n%s", d)
	}
}

// cutToShorter leaves of each pair of excerpts what both have words for, up to
// the place where one may drop a footnote's mark; an excerpt of a word or two
// would show nothing.
func cutToShorter(want, got []expected) {
	for i := range min(len(want), len(got)) {
		a, b := strings.Fields(want[i].Excerpt), strings.Fields(got[i].Excerpt)
		if n := min(len(a), len(b), 30); n >= 10 {
			want[i].Excerpt, got[i].Excerpt = strings.Join(a[:n], " "), strings.Join(b[:n], " ")
		}
	}
}

func instant(s string) string {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at.UTC().Format(time.RFC3339)
	}
	return s
}

var word = regexp.MustCompile(`[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]`)

// words folds quotes and white space: the expected texts were made by putting a
// space in the place of each tag.
func words(s string) string {
	s = html.UnescapeString(s)
	s = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "…", "...").Replace(s)
	return strings.Join(word.FindAllString(s, -1), " ")
}

var leftover = regexp.MustCompile(`\{\{|\{%|(?:href|src)="(?:[^"hmft]|h[^t]|\{)[^"]*"|\{(?:filename|static|attach|tag|category|author|index)\}[^ <]*|<(?:script|style|form|iframe|object|embed)|\son\w+="`)

var inCode = regexp.MustCompile(`(?s)<(?:code|pre).*?</(?:code|pre)>`)

func leftovers(html string) []string {
	return leftover.FindAllString(inCode.ReplaceAllString(html, ""), -1)
}
