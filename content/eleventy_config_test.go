package content_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/content/post"
)

// TestEleventyConfigs shows that the config is found that package.json's scripts name,
// and the input folder wherever it is said.
func TestEleventyConfigs(t *testing.T) {
	const permalink = "---\ntitle: T\ndate: 2024-01-01\n---\nText."
	tests := map[string]map[string]string{
		"named in a script":       {"package.json": `{"scripts": {"start": "eleventy --serve --input=other", "build": "NODE_ENV=production npx @11ty/eleventy --config=config/eleventy.js"}}`, "config/eleventy.js": "module.exports = () => ({dir: {input: 'src'}});"},
		"named with a space":      {"package.json": `{"scripts": {"build:site": "rm -rf _site && eleventy --config .eleventy.site.cjs"}}`, ".eleventy.site.cjs": "module.exports = () => ({dir: {input: './src/'}});"},
		"input in a script":       {"package.json": `{"scripts": {"build": "eleventy --input=src"}}`, ".eleventy.js": "module.exports = () => {};"},
		"no config":               {"package.json": `{"scripts": {"build": "eleventy --input src"}, "devDependencies": {"@11ty/eleventy": "^3"}}`},
		"input of a constant":     {"eleventy.config.js": "const INPUT = 'src';\nexport default function (c) { return {dir: {input: INPUT}} }"},
		"input of a short name":   {"eleventy.config.js": "const input = \"src\", output = 'dist';\nexport default function (c) { return {dir: {input, output}} }"},
		"input by a call":         {"eleventy.config.js": "const source = \"src\";\nexport default function (c) { c.setInputDirectory(source) }"},
		"package.json is no JSON": {"package.json": `{"scripts": {`, "eleventy.config.js": "export const config = {dir: {input: 'src'}}"},
	}
	for name, files := range tests {
		t.Run(name, func(t *testing.T) {
			files["src/posts/2024-01-02-a.md"] = permalink
			files["src/posts/posts.json"] = `{"permalink": "/p/{{ page.fileSlug }}/"}`
			compareAddresses(t, "blog/src/posts", files, map[string]string{"2024-01-02-a.md": "/p/a/"})
		})
	}
}

// TestTitlesAndDates shows what posts are called, and when they are from, whose front
// matter does not say so under Eleventy's or publisher's own names.
func TestTitlesAndDates(t *testing.T) {
	type post struct{ Title, Date string }
	tests := map[string]struct {
		dir   string
		files map[string]string
		want  map[string]post
	}{
		"eleventy": {"blog/src", eleventyBlog(map[string]string{
			"src/2019-12-05-a.md": "---\neleventyNavigation: {parent: Blog, key: Docs moved}\n---\nText.",
			"src/2019-12-06-b.md": "---\neleventyNavigation: {title: Shown, key: K}\n---\n# The *heading*\n\nText.",
			"src/2019-12-07-c.md": "---\ntags: x\n---\nText first.\n\n```\n# code\n```\n\n# Later\n",
			"src/d.md":            "---\ntitle: D\npubDate: 2017-06-23\n---\nText.",
			"src/e.md":            "---\ntitle: E\ncreated_at: 2017-06-24\n---\nText.",
			"src/2017-01-02-f.md": "---\ntitle: F\ncreated_at: 2017-06-24\n---\nText.",
		}), map[string]post{
			"2019-12-05-a.md": {"Docs moved", "2019-12-05"}, "2019-12-06-b.md": {"The heading", "2019-12-06"}, "2019-12-07-c.md": {"Later", "2019-12-07"},
			"d.md": {"D", "2017-06-23"}, "e.md": {"E", "2017-06-24"}, "2017-01-02-f.md": {"F", "2017-01-02"},
		}},
		"markdown": {"blog", map[string]string{
			"2017-06-21-a.md": "---\ntitle: A\ncreated_at: 2017-06-22\n---\nText.",
			"b.md":            "---\ntitle: B\npubDate: 2017-06-23\n---\nText.",
			"c.md":            "---\ntitle: C\npublishDate: 2017-06-24\n---\nText.",
			"d.md":            "---\ntitle: D\npublished_at: 2017-06-25\n---\nText.",
			"e.md":            "---\ntitle: E\npublished: 2017-06-26\n---\nText.",
			"2017-06-27-f.md": "---\ntitle: F\ncreated: someday\n---\nText.",
			"2017-06-28-g.md": "An opening.\n\n# The heading\n\nText.",
		}, map[string]post{
			"2017-06-21-a.md": {"A", "2017-06-22"}, "b.md": {"B", "2017-06-23"}, "c.md": {"C", "2017-06-24"}, "d.md": {"D", "2017-06-25"}, "e.md": {"E", "2017-06-26"},
			"2017-06-27-f.md": {"F", "2017-06-27"}, "2017-06-28-g.md": {"The heading", "2017-06-28"},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, test.files)
			b.cfg.Content.Dir = test.dir
			_, scan := b.scan()
			got := map[string]post{}
			for _, p := range scan.Posts {
				got[p.Path] = post{p.Title, p.Date.Format("2006-01-02")}
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s%+v", d, scan.Problems)
			}
		})
	}
}

// TestNearTags shows that a category is no tag besides a tag that is the same to a
// reader.
func TestNearTags(t *testing.T) {
	for front, want := range map[string][]string{
		"category: Web Dev\ntags: [web-dev, CSS]\n":      {"web-dev", "CSS"},
		"categories: [Notes, Web_Dev]\ntags: [webdev]\n": {"Notes", "webdev"},
		"category: R&D\ntags: [R, D]\n":                  {"R&D", "R", "D"},
		"categories: [A b, a-b]\n":                       {"A b"},
		"category: News\n":                               {"News"},
		"category: C\ntags: [C++]\n":                     {"C", "C++"},
	} {
		for _, files := range []map[string]string{{}, eleventyBlog(map[string]string{})} {
			dir := ""
			if len(files) > 0 {
				dir = "src/"
			}
			files[dir+"2024-01-01-a.md"] = "---\ntitle: A\n" + front + "---\nText."
			b := newBlog(t, files)
			b.cfg.Content.Dir = "blog/" + dir
			var posts []*post.Post
			if _, scan := b.scan(); len(scan.Posts) > 0 {
				posts = scan.Posts
			} else {
				t.Fatalf("%s: %+v", front, scan.Problems)
			}
			if d := cmp.Diff(want, posts[0].Tags); d != "" {
				t.Errorf("%s (-want +got):\n%s", front, d)
			}
		}
	}
}
