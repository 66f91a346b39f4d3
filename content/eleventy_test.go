package content_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEleventyData shows that templates see the blog's global data, that tags add
// up, and that a change of the data makes posts be read again.
func TestEleventyData(t *testing.T) {
	b := newBlog(t, map[string]string{
		"eleventy.config.js":       "export const config = {dir: {input: 'src'}, markdownTemplateEngine: 'njk'}",
		"src/_data/site.json":      `{"name": "The site"}`,
		"src/posts/posts.json":     `{"tags": ["post", "Walks"]}`,
		"src/posts/a.11tydata.js":  "export default {\n\ttags: ['Own'],\n}",
		"src/posts/a.md":           "---\ntitle: A\nname: zed\ntags: first, second\neleventyComputed:\n  title: The {{ name }}\ndate: 2024-01-01\n---\n{{ site.name }}{# hidden #} costs ~5 or ~6, ~~not~~ 7.",
		"src/posts/2024/2024.json": `{"lang": "de"}`,
	})
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
