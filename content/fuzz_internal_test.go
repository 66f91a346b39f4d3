package content

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/content/dialect"
	"publisher/content/dialects"
	"publisher/content/frontmatter"
	"publisher/content/limits"
	"publisher/content/markdown"
	"publisher/content/post"
	"publisher/internal/config"
	"publisher/internal/htmldom"
	"publisher/internal/xmltext"
)

// templateBytes is what one template may write.
const templateBytes = 4 << 20

// treeOf is a tree of an engine over an empty folder.
func treeOf(tb testing.TB, d config.Dialect, own map[string]any) *Tree {
	tb.Helper()
	cfg := config.Default()
	cfg.Dir = tb.TempDir()
	cfg.Site.URL, _ = url.Parse("https://example.com/blog")
	settings := &dialect.Settings{Dialect: d, Root: cfg.Dir, Values: own}
	b := &dialect.Blog{Settings: settings, Markdown: markdown.NewConverter()}
	b.Site = newSite(cfg, cfg.Dir, settings)
	b.Engine = dialects.New(d, b.Site, settings)
	b.Posts.Store(dialect.NewPostIndex([]*post.Post{
		{Path: "_posts/2024-01-01-a.md", URL: "https://example.com/blog/a/"}, {Path: "a.md", URL: "https://example.com/blog/a/"},
	}))
	return &Tree{cfg: cfg, blog: b}
}

func fuzzTrees(f *testing.F) []*Tree {
	var all []*Tree
	for _, d := range []config.Dialect{config.Hugo, config.Jekyll, config.Pelican, config.Zola, config.Eleventy, config.Markdown} {
		all = append(all, treeOf(f, d, map[string]any{"title": "T", "params": map[string]any{"a": "b"}, "list": []any{"x", "y"}}))
	}
	return all
}

func articleFrom(t *Tree, front map[string]any, body, path string) *dialect.Page {
	src := &dialect.Source{Path: path, Front: frontmatter.Block{Form: frontmatter.YAML, Values: front, Line: 2}, Body: body, BodyLine: 1, Budget: unhurried()}
	p := t.blog.NewPage(src)
	p.Post.Title, p.Post.URL, p.Post.Date = "A post", "https://example.com/blog/2024/a-post/", time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)
	return p
}

// unhurried is a budget whose clock does not move, so that only what is counted ends it.
func unhurried() *limits.Budget {
	return limits.New(context.Background(), func() time.Duration { return 0 }, limits.MaxTime)
}

// spending does what may spend a budget, and returns the error where it did.
func spending(do func()) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			if err = limits.Recovered(fault); err == nil {
				panic(fault)
			}
		}
	}()
	do()
	return nil
}

// checkSpent holds a budget to its bounds: what one count adds to one that is spent is no
// more than one value may have.
func checkSpent(t *testing.T, b *limits.Budget) {
	t.Helper()
	if steps, output, parts := b.Spent(); steps > 2*limits.MaxSteps || output > limits.MaxOutput+templateBytes || parts > limits.MaxNodes+1<<20 {
		t.Errorf("%d steps, %d bytes, %d parts", steps, output, parts)
	}
}

// templatesOf are templates of shortcodes and of what they call, made of a text.
func templatesOf(text string) map[string]string {
	return map[string]string{
		"templates/shortcodes/quote.html": text, "templates/shortcodes/own.html": "{{ body | markdown | safe }}{{ body }}{{ nth }}",
		"layouts/shortcodes/a.html": text, "layouts/shortcodes/b.md": text, "layouts/shortcodes/c.html": "{{ .Inner }}{{ .Inner | markdownify }}{{ range .Params }}{{ . }}{{ end }}",
		"layouts/partials/p.html": text, "layouts/partials/r.html": "{{ $x := add . 1 }}{{ partial \"r\" $x }}{{ return $x }}", "i18n/en.yaml": "k: words\n",
	}
}

// writeTemplates writes files of the blog's and has the engine read them.
func writeTemplates(tb testing.TB, t *Tree, files map[string]string) {
	tb.Helper()
	for name, text := range files {
		file := filepath.Join(t.cfg.Dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	folders := t.blog.ReadFolderData(nil)
	t.blog.FolderData.Store(&folders)
}

// FuzzShortcodes throws bodies at what expands shortcodes and tags: no panic, no
// work without end, and warnings in lines that exist.
func FuzzShortcodes(f *testing.F) {
	for _, seed := range []string{
		"{{< figure src=\"a.png\" caption=`x` >}}\n{{% notice %}}*a*{{% /notice %}}{{</* x */>}}{{< ref \"a.md#x\" >}}", "{{< a >}}{{< b >}}{{< /a >}}{{< /b >}}{{< highlight go \"x\" >}}{{< y >}}{{< /highlight >}}",
		"{% raw %}{{ x }}{% endraw %}{% for i in site.list %}{{ i | upcase }}{% else %}{% endfor %}", "{% if page.title contains 'A' and 1 < 2 %}a{% elsif x %}b{% else %}c{% endif %}",
		"{% assign a = 'b|c' | split: '|' %}{% for i in a %}{% for j in a %}{{ forloop.index }}{% endfor %}{% endfor %}", "{%- highlight sh -%}\n`x` ```\n{%- endhighlight -%}",
		"{% post_url 2024-01-01-a %}{% link a.md %}{% include x.html a=\"b\" %}{% unless x %}y{% endunless %}{% capture z %}q{% endcapture %}{{ z }}", "{{ youtube(id=\"a\") }}{% quote(author='x') %}*a*{% end %}{%/* x() */%}",
		"{# c #}{{ 'a' | replace: 'a', 'aa' | append: page.title | date: '%Y' | slice: 1 }}", "`{{` {% raw %}`{% endraw %} ``{%`` {{", "* a\n\n      {{< x >}}\n\n```\n{% x %}", "{: .a}\n# h {#id}\n* toc\n{:toc}\n*[A]: b\n{::comment}x{:/comment}",
		"{% own() %}{% own() %}{{ quote(id=1) }}{% end %}\n{% end %}{{ x | default(value=y | upper) }}<pre>\n\n</pre>", "!!! note \"T\"\n    a\n\n    b\nc", "::: a\nb\n:::",
		"{% case x %}{% when 1 %}a{% endcase %}{% set a = 1 %}{{ a | plus: 2 | divided_by: 0 }}", "{{< c 1 >}}{{% a b=2 %}}{{< b >}}{{% /a %}}{{< /c >}}{{ range seq 9 }}{{ $x := printf \"%d\" . }}{{ with $.Get 0 }}{{ . | replace $x \"a\" }}{{ end }}{{ end }}",
		"{{< a >}}{{ range $i, $e := slice 1 \"a\" (dict \"k\" .Page.Params) }}<a href=\"{{ $e }}\" onclick='{{ . }}'>{{ end }}{{ .Inner | safeHTML | truncate }}", "{{% b x=`{{` %}}{{ if eq (.Get \"x\") 1 }}{{ substr .Inner 1 -2 }}{{ else }}{{ delimit (split .Name \"\") \",\" | replaceRE \"(.)\" \"$1$1\" }}{{ end }}{{% /b %}}",
		"{{< a >}}{{ partial \"p\" (dict \"a\" .Inner) }}{{ partial \"r\" 2 }}{{ i18n \"k\" }}{{ $s := newScratch }}{{ $s.Add \"a\" .Inner }}{{ $s.Get \"a\" }}{{ return .Name }}{{ with .Page.Resources.GetMatch \"*{a,b}[c]\" }}{{ .Resize \"x9\" }}{{ end }}{{ querify \"a\" .Inner | title }}",
		"{% tablerow x in y %}{% endtablerow %}{%%}{{}}{{<>}}{{%%}}", "{% tablerow i in (1..9) cols:0 limit:3 %}{% increment i %}{% ifchanged %}{{ tablerowloop.col }}{% endifchanged %}{% endtablerow %}{% cycle 'a': 1, page.x %}{% decrement i %}",
		"{% liquid assign a = 1\necho a\nfor i in (1..2)\ncycle i, a\nendfor\nliquid echo a %}{% echo site.posts.first.next.previous.title %}{% t a.b %}{% tf x %}", "{% for p in site.posts offset:continue %}{{ p.content }}{{ p.tags | jsonify | inspect }}{% endfor %}{{ site.tags.x | group_by_exp: 'i', 'i.date | date: \"%Y\"' }}",
		"{{ 1.5 | divided_by: 0 }}{{ -7 | modulo: 0.5 | round: 99 }}{{ 'É' | slugify: 'latin' }}{{ page.date | date_to_string: 'ordinal', 'US' }}{{ 99999999999999999 | date: '%Y' }}{{ 'now' | date: '%s' }}",
	} {
		f.Add(seed)
	}
	trees := fuzzTrees(f)
	f.Fuzz(func(t *testing.T, body string) {
		if !strings.HasPrefix(xmltext.Clean(strings.ToValidUTF8(body, "")), body) {
			return
		}
		for _, tree := range trees {
			writeTemplates(t, tree, templatesOf(body))
			a := articleFrom(tree, map[string]any{"title": "A post", "tags": []any{"a"}}, body, "_posts/2024-01-02-a-post.md")
			r := newPostRenderer(tree, a)
			var out string
			if spending(func() { out = r.expand(body, 1, false) }) != nil {
				out = ""
			}
			checkSpent(t, a.Budget)
			if n := len(r.set.Restore(out)); n > templateBytes+10*len(body)+1000 {
				t.Errorf("%d bytes of %d", n, len(body))
			}
			for _, p := range a.Problems {
				if p.Line < 1 || p.Line > 1+strings.Count(body, "\n") {
					t.Errorf("line %d of a body of %d: %s", p.Line, 1+strings.Count(body, "\n"), p.Message)
				}
			}
		}
	})
}

// FuzzPermalink throws patterns, names and texts at the makers of addresses:
// whatever they are, the address is on the site.
func FuzzPermalink(f *testing.F) {
	f.Add("/:year/:sections[1:]/:slug", "posts/My Post.md", "Title é/日本", "slug")
	f.Add("{{ page.fileSlug | slugify }}/{{ title }}", "a/b/index.de.md", "../../x", "..")
	f.Add("{slug}/{date:%Y%n%q}/{category}", "_posts/2024-01-01-x.markdown", "%2e%2e/", "//evil.example/")
	f.Add(":title\\::", "2024-01-01_x.md", "\\\\evil.example\\", "a?b#c")
	trees := fuzzTrees(f)
	f.Fuzz(func(t *testing.T, pattern, path, title, slug string) {
		if strings.Contains(pattern, "://") || strings.HasPrefix(path, "/") || path == "" {
			return
		}
		for _, tree := range trees {
			for _, key := range []string{"permalink", "url", "path", "slug"} {
				front := map[string]any{"title": title, "slug": slug, "category": title, key: pattern}
				p := articleFrom(tree, front, "", printableName(strings.ToValidUTF8(path, "")))
				p.FillFields()
				p.Engine.Complete(p)
				p.FillURL()
				u, err := url.Parse(p.Post.URL)
				if err != nil || u.Host != "example.com" && key != "url" && key != "permalink" || strings.ContainsAny(p.Post.URL, "\n\r \"<>") {
					t.Errorf("%T, %s: %q: %v", tree.blog.Engine, key, p.Post.URL, err)
				}
			}
		}
	})
}

// FuzzExcerpt throws bodies at the excerpt: it is never longer than the body and
// never inside an element that the body does not have.
func FuzzExcerpt(f *testing.F) {
	for _, seed := range []string{
		"a b c\n\n- d\n- e\n\n<!--more-->\n\nf", "> q\n\n" + strings.Repeat("word. ", 200), "[a]: b\n\n[a][] c\n\n[x]: y", "<div>a</div>\n\nb", "| a |\n|-|\n| b |", "# h\n\n$a_b$ `c`[^1]\n\n[^1]: d", "日本。" + strings.Repeat("語", 300),
		"<p>a<!-- more -->b</p>", "{% highlight x %}\n\na\n{% endhighlight %}", "![a](b.png)\n\nc",
	} {
		f.Add(seed)
	}
	trees := fuzzTrees(f)
	f.Fuzz(func(t *testing.T, body string) {
		s := &dialect.Source{Path: "a.md"}
		body, ok := s.Clean([]byte(body))
		if !ok {
			return
		}
		for _, tree := range trees {
			p := articleFrom(tree, map[string]any{"title": "A post"}, body, "_posts/2024-01-02-a-post.md")
			r := newPostRenderer(tree, p)
			var out *post.Rendering
			var err error
			over := spending(func() { out, err = r.render() })
			checkSpent(t, p.Budget)
			if err != nil || over != nil {
				continue
			}
			if got, all := htmldom.CountWordsIn(out.ExcerptText), out.Words; got > all+all/10+20 {
				t.Errorf("%T: the excerpt has %d words, the body %d", tree.blog.Engine, got, all)
			}
		}
	})
}
