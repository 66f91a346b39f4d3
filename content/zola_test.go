package content_test

import "testing"

// TestZolaShortcodes shows what becomes of the blog's own shortcodes.
func TestZolaShortcodes(t *testing.T) {
	runMacros(t, []macroCase{
		{"with arguments", `{{ card(title="A *b*", wide=true) }}`, "<div>\n<strong>A *b*</strong>\nwide\n</div>", ""},
		{"with its default", `{{ card() }}`, "<div>\n<strong>NOTE</strong>\n</div>", ""},
		{"with a body", "{% box(kind=\"tip\") %}\nSome *text*.\n\nMore.\n{% end %}\nAfter.", "<aside>\n<p>Some <em>text</em>.</p>\n<p>More.</p>\n</aside>\n<p>After.</p>", ""},
		{"within another", "{% box() %}\n{{ card(title=\"In\") }}\n{% end %}", "<aside>\n<div>\n<strong>In</strong>\n</div>\n</aside>", ""},
		{"in Markdown", `{{ heading(text="One") }}`, "<h2 id=\"one\">One</h2>\n<p>It is One 1.</p>", ""},
		{"with code in it", "{% box() %}\n```\na\n\n    b\n```\n{% end %}", "", ""},
		{"that tests what is not known", `{{ clever(src="a.png", alt="A") }}`, `<figure><img src="https://example.com/blog/a/a.png" alt="A"/></figure>`, ""},
		{"that computes", "{% clever() %}\nInner *text*.\n{% end %}", "<p>Inner <em>text</em>.</p>", "5: clever"},
		{"with a list", `{{ each(of=["x, y", 'z', 3]) }}`, "<p><b>x, y</b><b>z</b><b>3</b></p>", ""},
		{"of the theme", `{{ themed() }}`, "<p>from the theme</p>", ""},
		{"of the blog before the theme's", `{{ both() }}`, "<p>from the blog</p>", ""},
		{"that is not there", `a {{ nothing(x=1) }} b`, "<p>a  b</p>", "5: nothing"},
		{"that is never closed", "{% box() %}\nText.", "<aside>\n<p>Text.</p>\n</aside>", ""},
		{"with the page's address", `{{ address() }}`, `<p><a href="https://example.com/blog/a/">https://example.com en</a></p>`, ""},
	}, "blog/content", "blog/a.md", map[string]string{
		"config.toml":                                 "base_url = 'https://example.com'\ndefault_language = 'fr'\ntheme = 'plain'\n",
		"templates/shortcodes/card.html":              "{%- set title = title | default(value=kind | default(value=\"note\") | upper) -%}\n\n<div>\n    <strong>{{ title }}</strong>\n\n    {% if wide %}wide{% endif %}\n</div>\n",
		"templates/shortcodes/box.html":               "<aside>\n    {{ body | markdown | safe }}\n</aside>",
		"templates/shortcodes/heading.md":             "## {{ text }}\n\nIt is {{ text }} {{ nth }}.",
		"templates/shortcodes/each.html":              "{% for x in of %}<b>{{ x }}</b>{% endfor %}",
		"templates/shortcodes/clever.html":            "{% if src is starting_with(\"http\") %}<img src=\"{{ src }}\">{% else %}{{ get_url(path=src) }}{% endif %}",
		"templates/shortcodes/both.md":                "from the blog",
		"templates/shortcodes/address.html":           "<a href=\"{{ page.permalink }}\">{{ config.base_url }} {{ lang }}</a>",
		"themes/plain/templates/shortcodes/themed.md": "from the theme",
		"themes/plain/templates/shortcodes/both.md":   "from the theme",
	}, "+++\ntitle = 'A'\ndate = 2024-01-01\n+++\n")
}

// TestZolaMarkdown shows that alerts and lists of definitions are text unless the
// settings turn them on.
func TestZolaMarkdown(t *testing.T) {
	front := "+++\ntitle = 'A'\ndate = 2024-01-01\n+++\n"
	config := "base_url = 'https://example.com'\n"
	runMacros(t, []macroCase{
		{"alert", "> [!NOTE]\n> Text", "<blockquote>\n<p>[!NOTE]\nText</p>\n</blockquote>", ""},
		{"definitions", "Term\n: Meaning", "<p>Term\n: Meaning</p>", ""},
	}, "blog/content", "blog/a.md", map[string]string{"config.toml": config}, front)
	runMacros(t, []macroCase{
		{"alert turned on", "> [!NOTE]\n> Text", "<blockquote>\n<p><strong>Note</strong></p>\n<p>Text</p>\n</blockquote>", ""},
		{"definitions turned on", "Term\n: Meaning", "<dl>\n<dt>Term</dt>\n<dd>Meaning</dd>\n</dl>", ""},
	}, "blog/content", "blog/a.md", map[string]string{"config.toml": config + "[markdown]\ngithub_alerts = true\ndefinition_list = true\n"}, front)
}
