package content_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// eleventyBlog is a config of Eleventy over the posts of a test.
func eleventyBlog(files map[string]string) map[string]string {
	files["eleventy.config.js"] = "export const config = {dir: {input: 'src'}, markdownTemplateEngine: 'njk'}"
	return files
}

// TestEleventyAddresses shows addresses as Eleventy 3 makes them.
func TestEleventyAddresses(t *testing.T) {
	dated := func(front string) string { return "---\ntitle: My Post\ndate: 2024-03-05\n" + front + "---\nText.\n" }
	compareAddresses(t, "blog/src", eleventyBlog(map[string]string{
		"src/_data/site.json":                      `{"lang": "en", "author": {"name": "Ada"}}`,
		"src/_data/meta.js":                        "module.exports = {\n  section: 'journal',\n  built: new Date(),\n}",
		"src/_includes/card.md":                    dated(""),
		"src/posts/2024-01-02-dated.md":            dated(""),
		"src/posts/x2024-01-02-middle.md":          dated(""),
		"src/posts/2024-01-02-index.md":            dated(""),
		"src/posts/2023-02-03-folder/index.md":     dated(""),
		"src/posts/tour/tour.md":                   dated(""),
		"src/linked/linked.json":                   `{"permalink": "{{ site.lang }}/{{ page.fileSlug }}/index.html"}`,
		"src/linked/walk/2024-01-02-index.md":      dated(""),
		"src/linked/2024-01-02-hike.md":            dated(""),
		"src/posts/stem.md":                        dated("permalink: '/x{{ page.filePathStem }}.html'\n"),
		"src/posts/build.md":                       dated("permalink: {build: /built/}\n"),
		"src/posts/or.md":                          dated("permalink: '/{{ meta.section }}/{{ slug or page.fileSlug }}/'\n"),
		"src/posts/if.md":                          dated("permalink: '/{% if old %}old{% else %}new{% endif %}/'\n"),
		"src/posts/index-folder.md":                dated("permalink: /a/index/\n"),
		"src/posts/nothing.md":                     dated("permalink: '/{{ nothing }}/'\n"),
		"src/posts/link.md":                        dated("url: https://elsewhere.example/\n"),
		"src/posts/computed.md":                    dated("eleventyComputed: {permalink: '/c/{{ title | slugify }}/'}\n"),
		"src/arrow/arrow.11tydata.js":              "export default {\n  permalink: ({page}) => `/arrow/${page.fileSlug}/`,\n}",
		"src/arrow/a.md":                           dated(""),
		"src/slugs/slugs.11tydata.js":              "module.exports = {\n  permalink: function(data) { return slugs[data.title]; },\n}",
		"src/slugs/a.md":                           dated(""),
		"src/drafts/drafts.11tydata.js":            "module.exports = {\n  permalink: data => data.draft ? false : data.permalink,\n}",
		"src/drafts/a.md":                          dated(""),
		"src/more/2024-05-06-page.njk":             "---\ntitle: Page\n---\n<p>{{ title }}</p>",
		"src/more/list.njk":                        "---\ntitle: List\ntags: nav\n---\n",
		"src/more/script.md":                       "---js\n{title: \"Script\", date: \"2024-02-02\", tags: [\"a\"], draft: true}\n---\n",
		"src/more/constants.md":                    "---js\nconst title = 'Constants';\nconst date = '2024-02-02';\n---\n",
		"src/more/object.md":                       "---json\n{\"title\": \"Object\", \"date\": \"2024-02-02\"}\n---\n",
		"src/more/about.md":                        "---\ntitle: About\ntags: nav\n---\n",
		"src/more/2024-02-02/in-a-dated-folder.md": "---\ntitle: In a dated folder\n---\n",
	}), map[string]string{
		"_includes/card.md": "page", "posts/2024-01-02-dated.md": "/posts/2024-01-02-dated/", "posts/x2024-01-02-middle.md": "/posts/x2024-01-02-middle/",
		"posts/2024-01-02-index.md": "/posts/2024-01-02-index/", "posts/2023-02-03-folder/index.md": "/posts/2023-02-03-folder/", "posts/tour/tour.md": "/posts/tour/",
		"linked/walk/2024-01-02-index.md": "/en/walk/", "linked/2024-01-02-hike.md": "/en/hike/", "posts/stem.md": "/x/posts/stem.html", "posts/build.md": "/built/",
		"posts/or.md": "/journal/or/", "posts/if.md": "/new/", "posts/index-folder.md": "/a/index/", "posts/nothing.md": "page", "posts/link.md": "/posts/link/",
		"posts/computed.md": "/c/my-post/", "arrow/a.md": "/arrow/a/", "slugs/a.md": "page", "drafts/a.md": "/drafts/a/", "more/2024-05-06-page.njk": "/more/2024-05-06-page/",
		"more/list.njk": "page", "more/script.md": "/more/script/ draft", "more/constants.md": "/more/constants/", "more/object.md": "/more/object/", "more/about.md": "page",
		"more/2024-02-02/in-a-dated-folder.md": "/more/2024-02-02/in-a-dated-folder/",
	})
}

// TestEleventyData shows that templates see the blog's global data, that tags add
// up, and that a change of the data makes posts be read again.
func TestEleventyData(t *testing.T) {
	b := newBlog(t, eleventyBlog(map[string]string{
		"src/_data/site.json":      `{"name": "The site"}`,
		"src/posts/posts.json":     `{"tags": ["post", "Walks"]}`,
		"src/posts/a.11tydata.js":  "export default {\n\ttags: ['Own'],\n}",
		"src/posts/a.md":           "---\ntitle: A\nname: zed\ntags: first, second\neleventyComputed:\n  title: The {{ name }}\ndate: 2024-01-01\n---\n{{ site.name }}{# hidden #} costs ~5 or ~6, ~~not~~ 7.",
		"src/posts/2024/2024.json": `{"lang": "de"}`,
	}))
	b.cfg.Content.Dir = "blog/src"
	tree, first := b.scan()
	p := first.Posts[0]
	slices.Sort(p.Tags)
	if p.Title != "The zed" || !cmp.Equal(p.Tags, []string{"Own", "Walks", "first", "second"}) {
		t.Errorf("title %q, tags %q", p.Title, p.Tags)
	}
	if got, want := render(t, tree, p).HTML, "<p>The site costs ~5 or ~6, <del>not</del> 7.</p>"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	b.write("src/_data/site.json", `{"name": "Another"}`)
	again := scanTree(t, b.open(), reload(t, first.Snapshot))
	if again.Read != 1 {
		t.Errorf("read %d files after the data changed, want 1", again.Read)
	}
}

// TestContainers shows what is left of markdown-it's containers where the blog
// has them.
func TestContainers(t *testing.T) {
	b := newBlog(t, map[string]string{
		".eleventy.js": "const c = require('markdown-it-container');\nmodule.exports = () => ({dir: {input: '.'}});",
		"a.md":         "---\ntitle: A\ndate: 2024-01-01\n---\n::: note\n**Note** well.\n:::\n\n```\n::: kept\n```\n",
	})
	_, r := b.only()
	if !strings.HasPrefix(r.HTML, "<p><strong>Note</strong> well.</p>") || !strings.Contains(r.HTML, "::: kept") {
		t.Error(r.HTML)
	}
}
