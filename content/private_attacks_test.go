//go:build unix

package content_test

import (
	"path"
	"strings"
)

// named links a name to a target.
func named(name, target string) map[string]string { return map[string]string{name: target} }

func attacks() []attack {
	var all []attack
	add := func(engine string, list ...attack) {
		for _, a := range list {
			a.engine = engine
			all = append(all, a)
		}
	}
	// In every engine: a post that is another name of a private file, or a folder of them.
	for engine, blog := range blogs {
		dir, prefix := path.Split(strings.TrimSuffix(blog.post, "good.md"))
		post := dir + prefix + "x"
		up := strings.Repeat("../", strings.Count(dir, "/"))
		add(engine,
			attack{name: "post is a link to the config", soft: named(post+".md", up+"config.yaml")},
			attack{name: "post is a link to the list", soft: named(post+".md", up+"subscribers.csv")},
			attack{name: "post is a link to a mail", soft: named(post+".md", up+"outbox/a.md")},
			attack{name: "post is a link to a hidden file", soft: named(post+".md", up+".env")},
			attack{name: "post is a link out of the blog", soft: named(post+".md", up+"../outside.md")},
			attack{name: "post is an absolute link", soft: named(post+".md", "/etc/passwd")},
			attack{name: "post is a link to a device", soft: named(post+".md", "/dev/zero")},
			attack{name: "post is a link to the terminal", soft: named(post+".md", "/dev/stdin")},
			attack{name: "post is a link to memory", soft: named(post+".md", "/proc/self/environ")},
			attack{name: "chain", soft: map[string]string{post + ".md": prefix + "y.md", dir + prefix + "y.md": up + "outbox/a.md"}},
			attack{name: "loop", soft: map[string]string{post + ".md": prefix + "y.md", dir + prefix + "y.md": prefix + "x.md"}},
			attack{name: "post is the config by a hard link", hard: named(post+".md", "config.yaml")},
			attack{name: "post is the list by a hard link", hard: named(post+".html", "subscribers.csv")},
			attack{name: "post is a mail by a hard link", hard: named(post+".md", "outbox/a.md")},
			attack{name: "post is the ledger by a hard link", hard: named(post+".md", "publisher.db")},
			attack{name: "post is a key", hard: named(post+".md", "copy.key")},
			attack{name: "folder is a link to the outbox", soft: named(post, up+"outbox")},
			attack{name: "folder is a link to the blog", soft: named(post, "..")},
			attack{name: "folder is a link to the root", soft: named(post, "/")},
			attack{name: "pipe", special: post + ".md", kind: "pipe"},
			attack{name: "socket", special: post + ".md", kind: "socket"},
			attack{name: "huge file", special: post + ".md", kind: "huge"},
			attack{name: "pictures", body: "![x](../config.yaml) ![y](../../outbox/a.eml) <img src=\"/publisher.db\"> ![z](%2e%2e/config.yaml) [l](../subscribers.csv)"},
			attack{name: "picture in front matter", head: "image: ../config.yaml"},
			attack{name: "enclosure", head: "enclosure: ../publisher.db"},
			attack{name: "enclosure from the root", head: "enclosure: /subscribers.csv"},
			attack{name: "enclosure by a link", head: "enclosure: x.mp3", soft: named(dir+"x.mp3", up+"config.yaml")},
			attack{name: "enclosure by a hard link", head: "enclosure: x.mp3", hard: named(dir+"x.mp3", "config.yaml")},
			attack{name: "enclosure in git", head: "enclosure: /.git/config", files: named(".git/config", secretMark)},
		)
	}
	add("jekyll", jekyllAttacks()...)
	add("hugo", hugoAttacks()...)
	add("zola", zolaAttacks()...)
	add("eleventy", eleventyAttacks()...)
	add("pelican", pelicanAttacks()...)
	add("markdown",
		attack{name: "the ledger has a post's name", config: "ledger: sqlite:posts/ledger.md\n", files: named("posts/ledger.md", "---\ntitle: hunter2\ndate: 2025-01-01\n---\nx")},
		attack{name: "content.include vouches", soft: named("posts/x.md", "../outbox/a.md"), config: "digest: {start: 2024-01-01}\n"},
	)
	return all
}

func jekyllAttacks() []attack {
	list := []attack{
		{name: "include is a link", body: "{% include c.html %}", soft: named("_includes/c.html", "../config.yaml")},
		{name: "include is a chain", body: "{% include c.html %}", soft: map[string]string{"_includes/c.html": "d.html", "_includes/d.html": "../subscribers.csv"}},
		{name: "include is a hard link", body: "{% include c.html %}", hard: named("_includes/c.html", "config.yaml")},
		{name: "include of a mail by a hard link", body: "{% include c.html %}", hard: named("_includes/c.html", "outbox/a.eml")},
		{name: "include of a key's copy", body: "{% include c.html %}", hard: named("_includes/c.html", "copy.key")},
		{name: "include is a link out of the blog", body: "{% include c.html %}", soft: named("_includes/c.html", "../../outside.yml")},
		{name: "include is a link out of its folder", body: "{% include c.html %}", soft: named("_includes/c.html", "../notes.txt"), files: named("notes.txt", secretMark)},
		{name: "includes are the blog", body: "{% include config.yaml %}{% include subscribers.csv %}{% include outbox/a.eml %}{% include .env %}", soft: named("_includes", ".")},
		{name: "includes are the outbox", body: "{% include a.html %}", soft: named("_includes", "outbox")},
		{name: "includes are elsewhere", body: "{% include outside.yml %}", soft: named("_includes", "..")},
		{name: "folder of includes is a link", body: "{% include up/config.yaml %}", soft: named("_includes/up", "..")},
		{name: "hidden include", body: "{% include .env %}", files: named("_includes/.env", secretMark)},
		{name: "name from a variable", body: "{% assign n = '../config.yaml' %}{% include {{ n }} %}"},
		{name: "name from front matter", head: "n: ../config.yaml", body: "{% include {{ page.n }} %}"},
		{name: "name from pieces", body: "{% assign d = '.' %}{% include {{ d }}{{ d }}/config.yaml %}"},
		{name: "include pipe", body: "{% include c.html %}", special: "_includes/c.html", kind: "pipe"},
		{name: "include huge", body: "{% include c.html %}", special: "_includes/c.html", kind: "huge"},
		{name: "include socket", body: "{% include c.html %}", special: "_includes/c.html", kind: "socket"},
		{name: "relative include is a link", body: "{% include_relative c.txt %}", soft: named("_posts/c.txt", "../config.yaml")},
		{name: "relative include is a hard link", body: "{% include_relative c.txt %}", hard: named("_posts/c.txt", "dkim.pem")},
		{name: "data is a link to the list", body: "{{ site.data.s[0].email }}{{ site.data.s | jsonify }}", soft: named("_data/s.csv", "../subscribers.csv")},
		{name: "data is a link to the config", body: "{{ site.data.s.mail.smtp.password }}{{ site.data | jsonify }}", soft: named("_data/s.yml", "../config.yaml")},
		{name: "data is a hard link", body: "{{ site.data.s.mail.smtp.password }}", hard: named("_data/s.yml", "config.yaml")},
		{name: "data is a link out", body: "{{ site.data.s.title }}", soft: named("_data/s.yml", "../../outside.yml")},
		{name: "data folder is the blog", body: "{{ site.data.config.mail.smtp.password }}{{ site.data.subscribers[0].email }}", soft: named("_data", ".")},
		{name: "data folder is elsewhere", body: "{{ site.data.outside.title }}", soft: named("_data", "..")},
		{name: "data_dir is the blog", body: "{{ site.data.config.mail.smtp.password }}", files: named("_config.yml", "url: https://e.example\ndata_dir: .\n")},
		{name: "data_dir leads out", body: "{{ site.data.outside.title }}", files: named("_config.yml", "url: https://e.example\ndata_dir: ../\n")},
		{name: "data_dir is hidden", body: "{{ site.data.s.title }}", files: map[string]string{"_config.yml": "url: https://e.example\ndata_dir: .secret\n", ".secret/s.yml": secretYAML}},
		{name: "data pipe", body: "{{ site.data.s.title }}", special: "_data/s.yml", kind: "pipe"},
		{name: "data huge", body: "{{ site.data.s }}", special: "_data/s.csv", kind: "huge"},
		{name: "includes_dir is the blog", body: "{% include config.yaml %}", files: named("_config.yml", "url: https://e.example\nincludes_dir: ./\n")},
		{name: "includes_dir leads out", body: "{% include outside.yml %}", files: named("_config.yml", "url: https://e.example\nincludes_dir: ..\n")},
		{name: "includes_dir is the outbox", body: "{% include a.eml %}", files: named("_config.yml", "url: https://e.example\nincludes_dir: outbox\n")},
		{name: "collection document is a link", body: "{% for d in site.docs %}{{ d.title }}{{ d.content }}{% endfor %}", soft: named("_docs/d.md", "../.env"), files: named("_config.yml", "url: https://e.example\ncollections: {docs: {output: true}}\n")},
		{name: "collection document is a hard link", body: "{% for d in site.docs %}{{ d.title }}{{ d.content }}{% endfor %}", hard: named("_docs/d.md", "outbox/a.md"), files: named("_config.yml", "url: https://e.example\ncollections: {docs: {output: true}}\n")},
		{name: "collection is a link", body: "{% for d in site.docs %}{{ d.title }}{{ d.content }}{% endfor %}", soft: named("_docs", "outbox"), files: named("_config.yml", "url: https://e.example\ncollections: [docs]\n")},
		{name: "source is elsewhere", body: "{% include outside.yml %}", files: named("_config.yml", "url: https://e.example\nsource: ..\n")},
	}
	for name, path := range map[string]string{"up": "../config.yaml", "absolute": "/etc/passwd", "escaped": "%2e%2e/config.yaml", "backslash": `..\config.yaml`, "quoted": `"../config.yaml"`, "dots": "./../config.yaml", "inner": "x/../../config.yaml", "null": "config.yaml\x00.html", "protocol": "file:///etc/passwd"} {
		list = append(list, attack{name: "include " + name, body: "{% include " + path + " %}", files: named("_includes/x/y.html", "")},
			attack{name: "relative include " + name, body: "{% include_relative " + path + " %}"})
	}
	return list
}

func hugoAttacks() []attack {
	list := []attack{
		{name: "shortcode is a link", body: "{{< c >}}", soft: named("layouts/shortcodes/c.html", "../../config.yaml")},
		{name: "shortcode is a hard link", body: "{{< c >}}", hard: named("layouts/shortcodes/c.html", "config.yaml")},
		{name: "shortcode is a mail", body: "{{< c >}}", hard: named("layouts/_shortcodes/c.html", "outbox/a.html")},
		{name: "shortcode is a key's copy", body: "{{< c >}}", hard: named("layouts/shortcodes/c.md", "copy.key")},
		{name: "shortcodes are the outbox", body: "{{< a >}}", soft: named("layouts/shortcodes", "../outbox")},
		{name: "layouts are elsewhere", body: "{{< theirs >}}", soft: named("layouts", "../theme/layouts")},
		{name: "layoutDir leads out", body: "{{< theirs >}}", files: named("hugo.toml", "baseURL = 'https://e.example/'\nlayoutDir = '../theme/layouts'\n")},
		{name: "theme leads out", body: "{{< theirs >}}", files: named("hugo.toml", "baseURL = 'https://e.example/'\ntheme = '../../theme'\n")},
		{name: "theme is a link out", body: "{{< theirs >}}", soft: named("themes/t", "../../theme"), files: named("hugo.toml", "baseURL = 'https://e.example/'\ntheme = 't'\n")},
		{name: "hook is a link", body: "[x](/y)", soft: named("layouts/_markup/render-link.html", "../../config.yaml")},
		{name: "hook is a hard link", body: "[x](/y)", hard: named("layouts/_markup/render-link.html", "config.yaml")},
		{name: "hook of a mail", body: "# H", hard: named("layouts/_default/_markup/render-heading.html", "outbox/a.html")},
		{name: "hooks are the outbox", body: "[x](/y)", soft: named("layouts/_markup", "../outbox"), files: named("outbox/render-link.html", secretMark)},
		{name: "section is a hard link", body: "x", hard: named("content/posts/_index.md", "config.yaml")},
		{name: "section is a link", body: "{{< param mail >}}", soft: named("content/posts/_index.md", "../../outbox/a.md")},
		{name: "section pipe", body: "x", special: "content/posts/_index.md", kind: "pipe"},
		{name: "shortcode pipe", body: "{{< c >}}", special: "layouts/shortcodes/c.html", kind: "pipe"},
		{name: "bundle is a link", body: "x", soft: named("content/posts/b", "../../outbox")},
		{name: "config is a link", soft: named("hugo.yaml", "config.yaml"), body: "{{< param secret >}}"},
		{name: "params are a link", soft: named("config/_default/params.yaml", "../../config.yaml"), body: "{{< param mail.smtp.password >}}", refused: "which is private"},
		{name: "params are a hard link", hard: named("config/_default/params.yaml", "config.yaml"), body: "{{< param mail.smtp.password >}}", refused: "which is private"},
		{name: "params are a hidden file", soft: named("config/_default/params.yaml", "../../.params"), files: named(".params", secretYAML), body: "{{< param title >}}", refused: "which is private"},
		{name: "params are a mail", hard: named("config/_default/hugo.yaml", "outbox/p.yaml"), files: named("outbox/p.yaml", secretYAML), refused: "which is private"},
	}
	for name, call := range map[string]string{
		"readFile": `{{ readFile "config.yaml" }}`, "os.ReadFile": `{{ os.ReadFile "/config.yaml" }}`, "up": `{{ readFile "../outside.yml" }}`,
		"resources": `{{ with resources.Get "config.yaml" }}{{ .Content }}{{ end }}`, "getJSON": `{{ getJSON "config.yaml" }}`, "getCSV": `{{ getCSV "," "subscribers.csv" }}`,
		"page resources": `{{ range .Page.Resources }}{{ .Content }}{{ end }}`, "readDir": `{{ range readDir "outbox" }}{{ .Name }}hunter{{ end }}`,
		"getenv": `{{ getenv "HOME" }}{{ os.Getenv "HUNTER" }}`, "partial": `{{ partial "../../config.yaml" . }}`, "transform": `{{ (transform.Unmarshal (readFile "config.yaml")).mail }}`,
		"remote": `{{ (resources.GetRemote "file:///etc/passwd").Content }}`, "site data": `{{ .Site.Data.config.mail.smtp.password }}`, "fileExists": `{{ if fileExists "config.yaml" }}{{ readFile "config.yaml" }}{{ end }}`,
	} {
		list = append(list, attack{name: "shortcode calls " + name, body: "{{< c >}}", files: named("layouts/shortcodes/c.html", call)})
	}
	return list
}

func zolaAttacks() []attack {
	list := []attack{
		{name: "shortcode is a link", body: "{{ c() }}", soft: named("templates/shortcodes/c.html", "../../config.yaml")},
		{name: "shortcode is a hard link", body: "{{ c() }}", hard: named("templates/shortcodes/c.html", "config.yaml")},
		{name: "shortcodes are the outbox", body: "{{ a() }}", soft: named("templates/shortcodes", "../outbox")},
		{name: "templates are elsewhere", body: "{{ theirs() }}", soft: named("templates", "../theme/layouts")},
		{name: "theme is a link out", body: "{{ theirs() }}", soft: map[string]string{"themes/t": "../../theme"}, files: map[string]string{"config.toml": "base_url = 'https://e.example'\ntheme = 't'\n", "../theme/templates/shortcodes/theirs.html": secretMark}},
		{name: "section is a hard link", body: "x", hard: named("content/_index.md", "config.yaml")},
		{name: "config is a hard link", hard: named("zola.toml", "subscribers.csv"), refused: "zola.toml"},
	}
	for name, call := range map[string]string{"load_data": `{{ load_data(path="config.yaml") }}`, "literal": `{{ load_data(literal="x", path="../outside.yml") }}`, "include": `{% include "../config.yaml" %}`,
		"import": `{% import "../config.yaml" as c %}`, "get_env": `{{ get_env(name="HOME") }}`, "get_image": `{{ resize_image(path="../config.yaml") }}`, "hash": `{{ get_hash(path="config.yaml") }}`} {
		list = append(list, attack{name: "shortcode calls " + name, body: "{{ c() }}", files: named("templates/shortcodes/c.html", call)})
	}
	return list
}

func eleventyAttacks() []attack {
	return []attack{
		{name: "data is a link", body: "{{ s.mail.smtp.password }}{{ s.title }}", soft: named("_data/s.yaml", "../config.yaml")},
		{name: "data is a hard link", body: "{{ s.mail.smtp.password }}{{ s.subscribers.file }}", hard: named("_data/s.yaml", "config.yaml")},
		{name: "data folder is the blog", body: "{{ config.mail.smtp.password }}{{ config.mail.from }}", soft: named("_data", ".")},
		{name: "data folder is the outbox", body: "{{ p.title }}", soft: named("_data", "outbox"), files: named("outbox/p.yaml", secretYAML)},
		{name: "data folder leads out", body: "{{ outside.title }}", soft: named("_data", "..")},
		{name: "data directory is the blog", body: "{{ config.mail.smtp.password }}", files: named("eleventy.config.js", "export default (c) => { c.setDataDirectory('./'); };\n")},
		{name: "data directory leads out", body: "{{ outside.title }}", files: named("eleventy.config.js", "export default (c) => { c.setDataDirectory('../../'); };\n")},
		{name: "folder data is a hard link", body: "{{ title2 }}", hard: named("posts/posts.json", "outbox/p.json"), files: named("outbox/p.json", `{"title2": "hunter2"}`)},
		{name: "folder data is a link", body: "{{ title2 }}", soft: named("posts/posts.json", "../outbox/p.json"), files: named("outbox/p.json", `{"title2": "hunter2"}`)},
		{name: "post's data is a hard link", body: "{{ title2 }}", hard: named("posts/good.11tydata.json", "outbox/p.json"), files: named("outbox/p.json", `{"title2": "hunter2"}`)},
		{name: "include", body: `{% include "c.njk" %}{% include "../config.yaml" %}`, soft: named("_includes/c.njk", "../config.yaml")},
		{name: "include is a hard link", body: `{% include c.html %}{% include "c.html" %}`, hard: named("_includes/c.html", "config.yaml")},
		{name: "render file", body: `{% renderFile "./config.yaml" %}{% renderFile "../outside.yml" %}`},
		{name: "data pipe", body: "{{ s.x }}", special: "_data/s.json", kind: "pipe"},
		{name: "config imports a link", body: "x", soft: named("more.js", "config.yaml"), files: named("eleventy.config.js", "import more from './more.js';\nexport default (c) => {};\n"), refused: "which is private"},
		{name: "ignore file is a link", body: "x", soft: named(".eleventyignore", "subscribers.csv")},
	}
}

func pelicanAttacks() []attack {
	return []attack{
		{name: "links of its own", body: "[a]({filename}../config.yaml) [b]({static}../subscribers.csv) ![c]({attach}../outbox/a.eml) ![d]({static}/../publisher.db)"},
		{name: "static picture is a link", body: "![a]({static}/images/a.png)", soft: named("content/images/a.png", "../../config.yaml")},
		{name: "settings import a link", body: "x", soft: named("more.py", "subscribers.csv"), files: named("pelicanconf.py", "from more import *\nPATH = 'content'\nSITEURL = 'https://e.example'\n"), refused: "which is private"},
		{name: "settings are a hard link", hard: named("publishconf.py", "config.yaml"), refused: "which is private"},
		{name: "an include of a plug-in", body: "{% include_code ../config.yaml %}\n\n{!../config.yaml!}\n\n{% include ../config.yaml %}"},
	}
}
