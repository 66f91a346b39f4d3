package content

import (
	"os"
	"path/filepath"
	"testing"

	"publisher/internal/config"
)

// TestPureIncludes shows which includes are evaluated once for all posts, and that
// what a post sees of one is the same whether it was remembered or not.
func TestPureIncludes(t *testing.T) {
	for name, test := range map[string]struct {
		include, body, second string
		first, then           string
		remembered            int
	}{
		"of the site":         {include: "{{ site.title }} {% for i in (1..2) %}{{ i }}{% endfor %}", first: "T 12", then: "T 12", remembered: 1},
		"sets a variable":     {include: "{% assign x = 'a' | append: site.title %}({{ x }})", body: "{% include box.md %}{{ x }}", first: "(aT)aT", then: "(aT)aT", remembered: 1},
		"captures":            {include: "{% capture x %}{{ site.title }}{% endcapture %}", body: "{% include box.md %}{{ x }}", first: "T", then: "T", remembered: 1},
		"of the post":         {include: "{{ page.title }}", first: "A", then: "B"},
		"of its parameters":   {include: "{{ include.a }}", body: "{% include box.md a='1' %}{% include box.md a='2' %}", first: "12", then: "12"},
		"of the text before":  {include: "{{ x }}", body: "{% assign x = page.title %}{% include box.md %}", first: "A", then: "B"},
		"of what is not set":  {include: "{{ x | default: 'none' }}", second: "{% assign x = 1 %}{% include box.md %}", first: "none", then: "1"},
		"in a loop":           {include: "{{ i }}", body: "{% for i in (1..2) %}{% include box.md %}{% endfor %}", first: "12", then: "12"},
		"ends a loop":         {include: "{% break %}", body: "{% for i in (1..2) %}{{ i }}{% include box.md %}{% endfor %}", first: "12", then: "12"},
		"leads to a post":     {include: "{% post_url 2024-01-01-a %}", first: "/blog/a/", then: "/blog/a/"},
		"of a renamed site":   {include: "{{ site.title }}", second: "{% assign site = page %}{% include box.md %}", first: "T", then: "B", remembered: 1},
		"adds to a variable":  {include: "{% assign x = x | append: 'a' %}{{ x }}", body: "{% include box.md %}{% include box.md %}", first: "aaa", then: "aaa"},
		"what is not known":   {include: "{% unheard %}{{ site.title }}", first: "T", then: "T"},
		"not of what follows": {include: "{% assign x = 'a' %}{{ x }}", body: "{% include box.md %}{% assign x = 'b' %}{{ x }}{% include box.md %}{{ x }}", first: "abaa", then: "abaa", remembered: 1},
	} {
		t.Run(name, func(t *testing.T) {
			tree := treeOf(t, config.Jekyll, map[string]any{"title": "T"})
			writeInclude(t, tree, test.include)
			if test.body == "" {
				test.body = "{% include box.md %}"
			}
			if test.second == "" {
				test.second = test.body
			}
			if got := expandedBy(tree, "A", test.body); got != test.first {
				t.Errorf("the first post has %q, not %q", got, test.first)
			}
			if got := expandedBy(tree, "B", test.second); got != test.then {
				t.Errorf("the second post has %q, not %q", got, test.then)
			}
			if got := len(tree.includes.by); got != test.remembered {
				t.Errorf("%d includes are remembered, not %d", got, test.remembered)
			}
			writeInclude(t, tree, "new")
			if got := expandedBy(tree, "A", "{% include box.md %}"); got != "new" {
				t.Errorf("after an edit it is %q", got)
			}
		})
	}
}

func writeInclude(t *testing.T, tree *Tree, text string) {
	t.Helper()
	file := filepath.Join(tree.site.root, "_includes", "box.md")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func expandedBy(tree *Tree, title, body string) string {
	a := articleFrom(tree, map[string]any{"title": title}, body, "_posts/2024-01-02-a-post.md")
	a.post.Title = title
	r := newPostRenderer(tree, a)
	return r.expand(body, 1, false)
}
