package liquid

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// testHost is a blog with one include and the address https://example.com/blog/.
type testHost struct {
	include string
	warned  []string
}

func (h *testHost) Warn(offset int, message string) {
	h.warned = append(h.warned, fmt.Sprintf("%d: %s", offset, message))
}

func (h *testHost) LineAt(int) int { return 1 }

func (h *testHost) Absolute(path string) string {
	return "https://example.com/blog/" + strings.TrimPrefix(path, "/")
}

func (h *testHost) Relative(address string) string {
	return strings.TrimPrefix(address, "https://example.com")
}

func (h *testHost) Slugify(text string) string { return strings.ReplaceAll(text, " ", "_") }

func (h *testHost) Markdown(text string) (string, bool) { return "<p>" + text + "</p>\n", true }

func (h *testHost) Include(name string, relative bool) (string, bool) {
	return h.include, name == "box.md" && !relative
}

func (h *testHost) Tag(e *Evaluator, tag Tag, inner string) (string, bool) {
	switch tag.Name {
	case "include":
		return e.Include(tag, e.FirstArgument(tag))
	case "address":
		return "/blog/a/", true
	case "box":
		positional, named := e.ParseArguments(tag.Arguments)
		return fmt.Sprint("[", positional, named, inner, "]"), true
	}
	return "", false
}

func (h *testHost) Filter(_ *Evaluator, name string, v any, _ []any) (out any, found, ok bool) {
	return "(" + Text(v) + ")", name == "enclose", true
}

// TestHost checks what an evaluator asks of its host.
func TestHost(t *testing.T) {
	for name, test := range map[string]struct {
		options            Options
		body, want, warned string
	}{
		"addresses":          {body: `{{ "/a#b" | absolute_url }} {{ "a" | relative_url }}`, want: "https://example.com/blog/a#b /blog/a"},
		"Markdown":           {body: `{{ "a" | markdownify }}`, want: "<p>a</p>"},
		"slug":               {options: Options{Nunjucks: true}, body: `{{ "a b" | slug }}{# c #}`, want: "a_b"},
		"filter":             {body: `{{ "a" | enclose | upcase }}`, want: "(A)"},
		"tag":                {body: `{% assign v = 2 %}{% box "a b" v k=v %}{{ v }}{% endbox %}`, want: "[[a b 2] map[k:2]2]"},
		"unknown tag":        {body: "ab{% odd %}c", want: "abc", warned: "2: unknown tag odd; kept its inner text"},
		"unknown filter":     {body: "a{{ 'b' | odd }}", want: "a", warned: "1: {{ 'b' | odd }} cannot be evaluated; left it out"},
		"within an include":  {body: "abc{% include box.md %}", want: "abc", warned: "3: in the include box.md: unknown tag odd; kept its inner text"},
		"no include":         {body: "{% include none.md %}", warned: "0: unknown tag include; kept its inner text"},
		"empty where strict": {options: Options{Nunjucks: true, Strict: true}, body: "{{ none }}", warned: "0: {{ none }} cannot be evaluated; left it out"},
		"escaped":            {options: Options{Nunjucks: true, Escapes: true}, body: "{{ '<' }}{{ '<' | safe }}", want: "&lt;<"},
		"code":               {body: "{% highlight go %}\nx\n{% endhighlight %}", want: "\n```go\nx\n```\n"},
		"a day without zone": {options: Options{Location: time.FixedZone("", 3600)}, body: `{{ "2024-01-02" | date: "%FT%T%z" }}`, want: "2024-01-02T00:00:00+0100"},
	} {
		t.Run(name, func(t *testing.T) {
			host := &testHost{include: "\n\n{% odd %}"}
			got, ok := Expand(host, test.options, test.body, map[string]any{})
			if strings.TrimRight(got, "\n") != strings.TrimRight(test.want, "\n") {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if warned := strings.Join(host.warned, "\n"); warned != test.warned || ok != (warned == "") {
				t.Errorf("warnings are %q, want %q; ok is %v", warned, test.warned, ok)
			}
		})
	}
}

// TestIncludeCache checks which includes are evaluated once for all posts, and that posts get the same
// output from the cache.
func TestIncludeCache(t *testing.T) {
	for name, test := range map[string]struct {
		include, body, second string
		first, then           string
		cached                int
	}{
		"of the site":         {include: "{{ site.title }} {% for i in (1..2) %}{{ i }}{% endfor %}", first: "T 12", then: "T 12", cached: 1},
		"sets a variable":     {include: "{% assign x = 'a' | append: site.title %}({{ x }})", body: "{% include box.md %}{{ x }}", first: "(aT)aT", then: "(aT)aT", cached: 1},
		"captures":            {include: "{% capture x %}{{ site.title }}{% endcapture %}", body: "{% include box.md %}{{ x }}", first: "T", then: "T", cached: 1},
		"of the post":         {include: "{{ page.title }}", first: "A", then: "B"},
		"of its parameters":   {include: "{{ include.a }}", body: "{% include box.md a='1' %}{% include box.md a='2' %}", first: "12", then: "12"},
		"of the text before":  {include: "{{ x }}", body: "{% assign x = page.title %}{% include box.md %}", first: "A", then: "B"},
		"of what is not set":  {include: "{{ x | default: 'none' }}", second: "{% assign x = 1 %}{% include box.md %}", first: "none", then: "1"},
		"in a loop":           {include: "{{ i }}", body: "{% for i in (1..2) %}{% include box.md %}{% endfor %}", first: "12", then: "12"},
		"ends a loop":         {include: "{% break %}", body: "{% for i in (1..2) %}{{ i }}{% include box.md %}{% endfor %}", first: "12", then: "12"},
		"leads to a post":     {include: "{% address %}", first: "/blog/a/", then: "/blog/a/"},
		"of a renamed site":   {include: "{{ site.title }}", second: "{% assign site = page %}{% include box.md %}", first: "T", then: "B", cached: 1},
		"adds to a variable":  {include: "{% assign x = x | append: 'a' %}{{ x }}", body: "{% include box.md %}{% include box.md %}", first: "aaa", then: "aaa"},
		"what is not known":   {include: "{% unheard %}{{ site.title }}", first: "T", then: "T"},
		"not of what follows": {include: "{% assign x = 'a' %}{{ x }}", body: "{% include box.md %}{% assign x = 'b' %}{{ x }}{% include box.md %}{{ x }}", first: "abaa", then: "abaa", cached: 1},
	} {
		t.Run(name, func(t *testing.T) {
			host := &testHost{include: test.include}
			var cache IncludeCache
			expanded := func(title, body string) string {
				vars := map[string]any{"site": map[string]any{"title": "T"}, "page": map[string]any{"title": title}}
				out, _ := Expand(host, Options{Cache: &cache}, body, vars)
				return out
			}
			if test.body == "" {
				test.body = "{% include box.md %}"
			}
			if test.second == "" {
				test.second = test.body
			}
			if got := expanded("A", test.body); got != test.first {
				t.Errorf("first post: got %q, want %q", got, test.first)
			}
			if got := expanded("B", test.second); got != test.then {
				t.Errorf("second post: got %q, want %q", got, test.then)
			}
			if got := len(cache.by); got != test.cached {
				t.Errorf("%d includes are cached, want %d", got, test.cached)
			}
			host.include = "new"
			if got := expanded("A", "{% include box.md %}"); got != "new" {
				t.Errorf("after an edit: got %q, want \"new\"", got)
			}
		})
	}
}
