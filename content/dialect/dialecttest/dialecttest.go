// Package dialecttest is the conformance suite that every blog engine passes: small blogs, given as data, with
// what the engine itself makes of them. It is for tests only.
//
// A case is a txtar file. Its comment says what it is about, and may have settings of config.yaml, one a line as
// `key: value`: dir (the folder of the posts in the blog), dialect, permalink and languages. A file want/TOPIC lists
// what is wanted, one post a line as `path: value`, where `*` stands for any value; a post that is not listed is a
// failure. All other files are the blog. What is wanted comes from the engine, never from this program's output.
package dialecttest

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/config"
)

// modTime is the modification time of all files of a case.
var modTime = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// Run runs the cases in a folder, which are those of one engine, and fails where they leave out a topic.
func Run(t *testing.T, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	covered := map[string]bool{}
	for _, file := range files {
		c, err := readCase(file)
		if err != nil {
			t.Fatal(err)
		}
		for name := range c.want {
			covered[name] = true
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), c.run)
	}
	for _, topic := range topics {
		if topic.required && !covered[topic.name] {
			t.Errorf("no case in %s is about %s: add one with a file want/%s", dir, topic.name, topic.name)
		}
	}
}

// testCase is one blog and what is wanted of it.
type testCase struct {
	settings map[string]string
	files    map[string][]byte
	want     map[string]map[string]string // by topic: by path
}

var settings = []string{"dir", "dialect", "permalink", "languages"}

func readCase(file string) (*testCase, error) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		return nil, err
	}
	c := &testCase{settings: map[string]string{}, files: map[string][]byte{}, want: map[string]map[string]string{}}
	for line := range strings.Lines(string(archive.Comment)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && slices.Contains(settings, key) {
			c.settings[key] = value
		}
	}
	for _, f := range archive.Files {
		name, isWant := strings.CutPrefix(f.Name, "want/")
		if !isWant {
			c.files[f.Name] = f.Data
			continue
		}
		if !slices.ContainsFunc(topics, func(t topic) bool { return t.name == name }) {
			return nil, fmt.Errorf("%s: there is no topic %q", file, name)
		}
		want, err := readWant(f.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: want/%s: %w", file, name, err)
		}
		c.want[name] = want
	}
	if len(c.want) == 0 {
		return nil, fmt.Errorf("%s: nothing is wanted", file)
	}
	return c, nil
}

// readWant reads lines `path: value`, each of another path.
func readWant(data []byte) (map[string]string, error) {
	want := map[string]string{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, " \n")
		path, value, ok := strings.Cut(line, ": ")
		if !ok {
			path, ok = strings.CutSuffix(line, ":")
		}
		if _, again := want[path]; !ok || again {
			return nil, fmt.Errorf("%q is not `path: value`, or the second line of that path", line)
		}
		want[path] = value
	}
	return want, nil
}

const site = "https://example.com"

// open writes the blog into a folder and opens it.
func (c *testCase) open(t *testing.T) *content.Tree {
	t.Helper()
	cfg := config.Default()
	cfg.Dir = t.TempDir()
	for name, text := range c.files {
		file := filepath.Join(cfg.Dir, "blog", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, modTime, modTime); err != nil {
			t.Fatal(err)
		}
	}
	home, err := url.Parse(site)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Site.URL = home
	cfg.Content.Dir = "blog/" + c.settings["dir"]
	cfg.Content.Dialect = config.Dialect(c.settings["dialect"])
	if cfg.Content.Dialect == "" {
		cfg.Content.Dialect = config.Auto
	}
	cfg.Content.Permalink = c.settings["permalink"]
	for key := range strings.FieldsSeq(c.settings["languages"]) {
		tag, ok := config.LanguageTag(key)
		if !ok {
			t.Fatalf("%q is not a language tag", key)
		}
		cfg.Languages = append(cfg.Languages, config.Language{Folder: key, Tag: tag})
	}
	tree, err := content.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func (c *testCase) run(t *testing.T) {
	tree := c.open(t)
	scan, err := tree.Scan(t.Context(), nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics {
		want, ok := c.want[topic.name]
		if !ok {
			continue
		}
		got := map[string]string{}
		for path := range want {
			got[path] = topic.none
		}
		for _, p := range scan.Posts {
			if got[p.Path] = topic.value(t, tree, p); want[p.Path] == "*" {
				got[p.Path] = "*"
			}
		}
		if d := cmp.Diff(list(want), list(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s\nproblems: %+v\nleft out: %+v", topic.name, d, scan.Problems, scan.LeftOut)
		}
	}
	c.checkHeld(t, scan)
}

// checkHeld checks that the owner hears of posts that are held back, and of no others.
func (c *testCase) checkHeld(t *testing.T, scan *content.Scan) {
	if _, ok := c.want[leftOut]; !ok {
		return
	}
	held := slices.ContainsFunc(scan.Posts, func(p *post.Post) bool { return !p.Draft && p.Held != nil })
	reported := slices.ContainsFunc(scan.Problems, func(p post.Problem) bool { return strings.Contains(p.Message, "held back") })
	if held != reported {
		t.Errorf("held: %v, but the problems are %+v", held, scan.Problems)
	}
}

// list returns lines as they are in a case.
func list(values map[string]string) []string {
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(values)) {
		lines = append(lines, path+": "+values[path])
	}
	return lines
}
