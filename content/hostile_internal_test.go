package content

import (
	"strings"
	"testing"

	"publisher/content/markdown"
	"publisher/internal/config"
	"publisher/internal/racedetector"
)

// TestHostileMacros shows that a body made of marks costs no more than a body.
func TestHostileMacros(t *testing.T) {
	for name, piece := range map[string]string{
		"open output": "{{", "open tags": "{%", "escaped": "{{</*", "unknown": "{{< x >}}", "unknown tags": "{% x %}", "refs": "{{< ref \"gone\" >}}", "figures": "{{< figure src=\"a\" caption=\"*b*\" >}}",
		"highlights": "{% highlight x %}{% endhighlight %}", "loops": "{% assign a = 'b,b,b,b,b,b,b,b,b' | split: ',' %}{% for i in a %}", "nested": "{{< a >}}{{% b %}}", "backticks": "`` ` ", "formulas": `\( `,
		"dollars": "$a $$", "comments": "{{/* {{ a() }} ", "Zola's": "{{ a() }}", "quotes": "{{< a \"", "replacing": "{% assign a = a | append: 'aaaaaaaaaaaaaaa' | replace: 'a', 'aaaaaaaaa' %}{{ a }}",
		"doubling": "{% assign a = a | append: a | append: 'x' %}{% capture b %}{{ b }}{{ b }}{{ a }}{% endcapture %}", "attribute lists": "{: .a}\n", "posts": "{% post_url gone %}",
		"ranges": "{% for i in (1..20000) %}{% for j in (1..20000) %}{% break %}{% endfor %}{% endfor %}",
		"lists":  "{% assign l = 'b,b,b,b' | split: ',' %}{% for i in (1..99) %}{% assign l = l | concat: l %}{% endfor %}{% for i in l %}{{ l | sort: 'x' | map: 'y' }}{% endfor %}",
		"cases":  "{% case a %}{% when 1, 2 %}{% else %}",
	} {
		t.Run(name, func(t *testing.T) {
			size := 1 << 17
			if racedetector.Enabled { // which takes minutes for these
				size = 1 << 14
			}
			body := strings.Repeat(piece, 1+size/len(piece))
			for _, d := range []config.Dialect{config.Hugo, config.Jekyll, config.Zola, config.Eleventy} {
				tree := treeOf(t, d, nil)
				p := articleFrom(tree, map[string]any{"title": "A"}, body, "_posts/2024-01-02-a-post.md")
				r := newPostRenderer(tree, p)
				_ = spending(func() {
					_, _ = tree.blog.Markdown.HTML(r.expand(body, 1, false), markdown.Options{Budget: p.Budget})
				})
				checkSpent(t, p.Budget)
			}
		})
	}
}
