package content_test

import (
	"strings"
	"testing"
)

// TestJekyllLiquid shows values, tags and filters as Jekyll 4.3 with Liquid 5.4 has them.
func TestJekyllLiquid(t *testing.T) {
	files := map[string]string{
		"_config.yml":              "title: Blog\npermalink: /:year/:title/\noff: false\ncollections: {docs: {output: true}}\n",
		"_posts/2024-01-01-one.md": "---\ntitle: One\ntags: [t1, t2]\ncategory: c1\nauthor: Ada\n---\nText one.",
		"_posts/2024-01-03-two.md": "---\ntitle: Two\ntags: t2\ncategory: c2\n---\nText two.",
		"_posts/2024-01-04-not.md": "---\ntitle: Draft\npublished: false\n---\nText.",
		"_data/people.yml":         "- {name: Al, age: 3}\n- {name: Bo, age: 4}\n- {name: Cy, age: 5}\n",
		"_docs/d.md":               "---\ntitle: D\n---\nText.",
		"_includes/count.html":     "{% increment n %}{% cycle 'a', 'b' %}",
	}
	front := "---\ntitle: Me\ntags: [t1]\ncategory: c1\nflag: true\nno: false\nint: 7\nfloat: 1.50\nquoted: \"7\"\nnums: [3, 1, 2]\nstamp: 2024-05-06 07:08:09\n---\n"
	tests := []macroCase{
		{"posts", `{% for p in site.posts %}{{ p.title }}={{ p.url }},{% endfor %}{{ site.posts.size }} {{ site.posts.last.author }}`, "<p>Two=/2024/two/,Me=/2024/me/,One=/2024/one/,3 Ada</p>", ""},
		{"posts picked", `{% assign x = site.posts | where: "author", "Ada" | first %}{{ x.tags | join: "," }} {% for p in site.tags.t2 %}{{ p.title }} {% endfor %}{{ site.categories.c1.size }}`, "<p>t1,t2 Two One 2</p>", ""},
		{"neighbors", "{{ page.previous.title }} {{ page.next.url }} {% for p in site.related_posts %}{{ p.title }} {% endfor %}", "<p>One /2024/two/ Two One</p>", ""},
		{"the page", "{{ page.id }} {{ page.url }} {{ page.path }} {{ page.slug }} {{ page.ext }} {{ page.collection }} {{ page.tags | join: ',' }}", "<p>/2024/me /2024/me/ _posts/2024-01-02-me.md me .md posts t1</p>", ""},
		{"types", "{% if page.no %}bad{% else %}no{% endif %} {% if site.off %}bad{% endif %}{{ page.int | divided_by: 2 }} {{ page.int | divided_by: 2.0 }} {{ page.float | plus: 1 }} {% if page.int == '7' %}bad{% endif %}{% if page.quoted == '7' %}text{% endif %} {% if page.nums contains 3 %}3{% endif %} {{ page.stamp }}",
			"<p>no 3 3.5 2.5 text 3 2024-05-06 07:08:09 +0000</p>", ""},
		{"empty and nil", `{% assign e = "" %}{% if e == empty %}a{% endif %}{% if page.none == nil %}b{% endif %}{% if page.none == "" %}bad{% endif %}{% if e %}c{% endif %}{% if "b" > "a" %}d{% endif %}`, "<p>abcd</p>", ""},
		{"cycle", "{% for i in (1..3) %}{% cycle 'odd', 'even' %} {% endfor %}{% cycle 'g': 'x', 'y' %}{% cycle 'h': 'x', 'y' %}{% cycle 'g': 'x', 'y' %}", "<p>odd even odd xxy</p>", ""},
		{"counters", "{% increment n %}{% increment n %}{{ n }}{% decrement m %}{% decrement m %}{% include count.html %}{% include count.html %}", "<p>012-1-22a3b</p>", ""},
		{"tablerow", "<table>{% tablerow i in (1..3) cols:2 %}{{ i }}{{ tablerowloop.col }}{% endtablerow %}</table>", "<table><tbody><tr>\n<td>11</td><td>22</td></tr>\n<tr><td>31</td></tr>\n</tbody></table>", ""},
		{"loops", "{% for i in (1..2) %}{% for j in (1..2) %}{{ forloop.parentloop.index }}{{ j }} {% endfor %}{% endfor %}{% for i in (1..4) limit:2 %}{% endfor %}{% for i in (1..4) offset:continue %}{{ i }}{% endfor %}{% for i in 'text' %}{{ i }}{% ifchanged %}{{ i }}{% endifchanged %}{% ifchanged %}{{ i }}{% endifchanged %}{% endfor %}", "<p>11 12 21 22 34texttext</p>", ""},
		{"liquid and echo", "{% liquid assign q = 1\necho q\nif q == 1\necho 'one'\nendif %}{% echo 'x' | upcase %}", "<p>1oneX</p>", ""},
		{"dates", `{{ page.date | date_to_xmlschema }} {{ "2024-02-03 10:11:12 +0300" | date_to_xmlschema }} {{ page.date | date_to_string: "ordinal", "US" }} {{ page.date | date_to_long_string: "ordinal" }} {{ 1700000000 | date: "%F" }} {{ "Ruby" | date: "%Y" }} {% if site.time > page.date %}later{% endif %}`,
			"<p>2024-01-02T00:00:00+00:00 2024-02-03T07:11:12+00:00 Jan 2nd, 2024 2nd January 2024 2023-11-14 Ruby later</p>", ""},
		{"numbers", "{{ 7 | divided_by: 2.0 }} {{ 4 | times: 2.5 }} {{ 0.1 | plus: 0.2 }} {{ -7 | divided_by: 2 }} {{ -7 | modulo: 3 }} {{ 1.2 | ceil }} {{ 2.567 | round: 1 }} {{ 3.0 }}", "<p>3.5 10.0 0.3 -4 2 2 2.6 3.0</p>", ""},
		{"slugs", `{{ "The _config.yml file" | slugify: "pretty" }} {{ "Ärger & Öl" | slugify: "latin" }} {{ "A B." | slugify: "raw" }} {{ "A B." | slugify: "none" }} {{ "Éa" | slugify: "ascii" }}`, "<p>the-_config.yml-file arger-ol a-b. a b. a</p>", ""},
		{"by expressions", `{% assign g = site.data.people | group_by_exp: "i", "i.age | modulo: 2" %}{% for x in g %}{{ x.name }}:{{ x.items | map: "name" | join: "" }} {% endfor %}{% assign f = site.data.people | find_exp: "i", "i.age > 4" %}{{ f.name }}`, "<p>1:AlCy 0:Bo Cy</p>", ""},
		{"filters", `{{ page.tags | jsonify }} {{ page.tags | inspect }} {{ page.nums | array_to_sentence_string: "or" }} {{ "你好 a" | number_of_words: "cjk" }} {{ "<script>x</script>y" | strip_html }} {{ nil | size }}`, "<p>[“t1”] [“t1”] 3, 1, or 2 3 y 0</p>", ""},
		{"collections", "{% for d in site.docs %}{{ d.title }}{{ d.url }}{% endfor %}", "<p>D/docs/d/</p>", ""},
	}
	runMacros(t, tests, "blog", "_posts/2024-01-02-me.md", files, front)
}

// TestJekyllIncludesOfPosts shows that an include comes to what is right for each post, though what is the
// same in all of them is evaluated once.
func TestJekyllIncludesOfPosts(t *testing.T) {
	b := newBlog(t, map[string]string{
		"_config.yml":            "title: T\n",
		"_includes/related.html": "{{ site.title }} {% for p in site.related_posts %}{{ p.title }}{% endfor %}",
		"_posts/2024-01-01-a.md": "---\ntitle: A\n---\n{% include related.html %}",
		"_posts/2024-01-02-b.md": "---\ntitle: B\n---\n{% include related.html %}",
	})
	b.cfg.Content.Dir = "blog"
	tree, scan := b.scan()
	var got []string
	for _, p := range scan.Posts {
		got = append(got, p.Title+render(t, tree, p).HTML)
	}
	if want := "A<p>T B</p> B<p>T A</p>"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
