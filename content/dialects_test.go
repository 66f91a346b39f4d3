package content_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAddresses shows what posts of all kinds become in each engine, as the
// engines' own documentation and code have it.
func TestAddresses(t *testing.T) {
	dated := func(front string) string { return "---\ntitle: My Post\ndate: 2024-03-05\n" + front + "---\nText.\n" }
	toml := func(front string) string { return "+++\ntitle = 'My Post'\n" + front + "+++\nText.\n" }
	tests := map[string]struct {
		dir   string
		files map[string]string
		want  map[string]string // path → address without the site; "page" where there is no post
	}{
		"hugo's defaults": {"blog/content", map[string]string{
			"hugo.toml":                      "baseURL = 'https://example.com/'",
			"content/posts/My First Post.md": dated(""), "content/posts/UPPER_under.md": dated(""), "content/posts/slugged.md": dated("slug: Ein Käfer!\n"),
			"content/posts/url.md": dated("url: /old/place.html\n"), "content/posts/url2.md": dated("url: /old/:year/\n"), "content/root.md": dated(""), "content/about.md": "---\ntitle: About\n---\n",
			"content/posts/bundle/index.md": dated(""), "content/posts/bundle/notes.md": dated(""), "content/posts/bundle/deep/more.md": dated(""),
			"content/posts/_index.md": "---\ntitle: Posts\n---\n", "content/a/b/c.md": dated(""), "content/posts/日本.md": dated(""), "content/posts/headless/index.md": dated("headless: true\n"),
			"content/posts/hidden.md": dated("build:\n  list: never\n"),
		}, map[string]string{
			"posts/My First Post.md": "/posts/my-first-post/", "posts/UPPER_under.md": "/posts/upper_under/", "posts/slugged.md": "/posts/ein-k%C3%A4fer/",
			"posts/url.md": "/old/place.html", "posts/url2.md": "/old/2024/", "root.md": "/root/", "about.md": "page", "posts/bundle/index.md": "/posts/bundle/",
			"posts/bundle/notes.md": "page", "posts/bundle/deep/more.md": "page", "a/b/c.md": "/a/b/c/", "posts/日本.md": "/posts/%E6%97%A5%E6%9C%AC/", "posts/headless/index.md": "page", "posts/hidden.md": "page",
		}},
		"hugo's placeholders": {"blog/content", map[string]string{
			"hugo.yaml":                 "permalinks:\n  posts: /:year/:month/:monthname/:day/:weekday/:weekdayname/:yearday/:slug\n  news: /:section/:slugorfilename/\n  docs: /:sections[1:]/:contentbasename/\n  deep: /x/:sections[last]/:title/\n  plain: /p/:slugorcontentbasename.html\n",
			"content/posts/a.md":        dated(""),
			"content/news/The File.md":  dated(""),
			"content/news/b.md":         dated("slug: other\n"),
			"content/docs/one/two/c.md": dated(""), "content/docs/one/_index.md": dated(""), "content/docs/one/two/_index.md": dated(""),
			"content/deep/one/two/d.md": dated(""), "content/deep/one/two/_index.md": dated(""),
			"content/plain/e.md": dated(""),
		}, map[string]string{
			"posts/a.md": "/2024/03/march/05/2/tuesday/65/my-post/", "news/The File.md": "/news/the-file/", "news/b.md": "/news/other/",
			"docs/one/two/c.md": "/one/two/c/", "deep/one/two/d.md": "/x/two/my-post/", "plain/e.md": "/p/e.html/",
		}},
		"hugo's settings": {"blog/content", map[string]string{
			"config/_default/hugo.toml":     "disablePathToLower = true\nremovePathAccents = true\nuglyURLs = true\n[frontmatter]\ndate = [':filename', ':default']\n",
			"content/Posts/Éa B.md":         dated(""),
			"content/Posts/2025-01-29-x.md": "---\ntitle: T\n---\n",
		}, map[string]string{"Posts/Éa B.md": "/Posts/Ea-B.html", "Posts/2025-01-29-x.md": "/Posts/x.html"}},
		"hugo's date layouts and sections": {"blog/content", map[string]string{
			"hugo.toml":          "[permalinks.page]\nposts='/:2006/:01/:Monday/:slug/'\n'posts/deep'='/d/:slug/'\nnotes='/:sections[1:]/:filename/'\nnames='/:sectionslugs/:filename/'\n[permalinks.section]\nposts='/p/'\n",
			"content/posts/a.md": dated(""), "content/posts/deep/b.md": dated(""), "content/notes/x/y/c.md": dated(""), "content/notes/x/_index.md": dated(""),
			"content/names/in/d.md": dated(""), "content/names/_index.md": "---\ntitle: N\nslug: own-name\n---\n", "content/names/in/_index.md": "---\ntitle: Inner One\n---\n",
			"content/rest/c# & more?.md": dated(""), "content/rest/#draft.md": dated(""), "content/rest/q.md": dated("url: /q/index.html\n"),
		}, map[string]string{
			"posts/a.md": "/2024/03/tuesday/my-post/", "posts/deep/b.md": "/d/my-post/", "notes/x/y/c.md": "/x/c/", "names/in/d.md": "/own-name/inner-one/d/",
			"rest/c# & more?.md": "/rest/c%23--more/", "rest/#draft.md": "page", "rest/q.md": "/q/",
		}},
		"hugo's languages that differ": {"blog/content", map[string]string{
			"hugo.toml": "defaultContentLanguage='de'\ndefaultContentLanguageInSubdir=true\ndisableLanguages=['fr']\n[languages.de]\ncontentDir='content/deutsch'\n" +
				"[languages.en]\ncontentDir='content/english'\n[languages.en.permalinks]\nposts='/e/:slug/'\n[languages.fr]\n[languages.zh-hant-tw]\n[languages.it]\ndisabled=true\n",
			"content/deutsch/posts/a.md": dated(""), "content/english/posts/a.md": dated(""), "content/english/posts/b.de.md": dated(""),
			"content/deutsch/posts/c.fr.md": dated(""), "content/deutsch/posts/d.zh-hant-tw.md": dated(""), "content/deutsch/posts/e.it.md": dated(""), "content/deutsch/posts/f.es.md": dated(""),
		}, map[string]string{
			"deutsch/posts/a.md": "/de/posts/a/", "english/posts/a.md": "/en/e/my-post/", "english/posts/b.de.md": "/de/posts/b/", "deutsch/posts/c.fr.md": "page",
			"deutsch/posts/d.zh-hant-tw.md": "/zh-hant-tw/posts/d/", "deutsch/posts/e.it.md": "page", "deutsch/posts/f.es.md": "/de/posts/f.es/",
		}},
		"hugo's languages with hosts": {"blog/content", map[string]string{
			"hugo.toml":          "[languages.en]\nbaseURL='https://example.com/'\n[languages.de]\nbaseURL='https://example.de/'\n",
			"content/posts/a.md": dated(""), "content/posts/a.de.md": dated(""),
		}, map[string]string{"posts/a.md": "/posts/a/", "posts/a.de.md": "https://example.de/posts/a/"}},
		"hugo's config in folders": {"blog/content", map[string]string{
			"hugo.toml":                         "title='A'\n[permalinks]\nblog='/root/:slug/'\nnews='/n/:slug/'\n",
			"config/_default/permalinks.toml":   "blog='/default/:slug/'\n",
			"config/_default/languages.toml":    "[en]\n[de]\n",
			"config/production/permalinks.yaml": "blog: /:section/:slug/\n",
			"config/staging/permalinks.yaml":    "blog: /staging/:slug/\n",
			"config/production/params.de.toml":  "x=1\n",
			"config/_default/languages.de.toml": "[permalinks]\nblog='/:slug/'\n",
			"content/blog/a.md":                 dated(""), "content/blog/a.de.md": dated(""), "content/news/b.md": dated(""),
		}, map[string]string{"blog/a.md": "/blog/my-post/", "blog/a.de.md": "/de/my-post/", "news/b.md": "/n/my-post/"}},
		"hugo's ugly addresses": {"blog/content", map[string]string{
			"hugo.toml":      "uglyURLs=true\n[permalinks]\na='/a/:slug/'\nb='/b/:slug.html'\n",
			"content/a/x.md": dated(""), "content/b/x.md": dated(""), "content/c/x.md": dated(""),
		}, map[string]string{"a/x.md": "/a/my-post.html", "b/x.md": "/b/my-post.html.html", "c/x.md": "/c/x.html"}},
		"hugo's ugly sections": {"blog/content", map[string]string{
			"hugo.toml":      "[uglyURLs]\na=true\nc=true\n[permalinks]\na='/a/:slug/'\nb='/b/:slug'\n",
			"content/a/x.md": dated(""), "content/b/x.md": dated(""), "content/c/x.md": dated(""),
		}, map[string]string{"a/x.md": "/a/my-post/", "b/x.md": "/b/my-post/", "c/x.md": "/c/x.html"}},
		"hugo's mounts": {"blog/journal", map[string]string{
			"hugo.toml":      "[[module.mounts]]\nsource='journal'\ntarget='content/blog'\n[[module.mounts]]\nsource='pages'\ntarget='content'\n[permalinks]\nblog='/b/:slug/'\n",
			"journal/a.md":   dated(""),
			"pages/about.md": dated(""),
		}, map[string]string{"a.md": "/b/my-post/"}},
		"hugo's targets": {"blog/content", map[string]string{
			"hugo.yaml":         "ignoreFiles: ['\\.draft\\.md$']\npermalinks:\n- {pattern: '/t/:slug/', target: {kind: page, path: '/blog/**'}}\n- {pattern: '/s/', target: {kind: section}}\n- {pattern: '/e/:filename/', target: {environment: staging}}\n- {pattern: '/rest/:filename/', target: {lang: en}}\n",
			"content/blog/a.md": dated(""), "content/o/c.md": dated(""), "content/o/d.draft.md": dated(""), "content/o/e.md": dated("build: {list: local}\n"),
		}, map[string]string{"blog/a.md": "/t/my-post/", "o/c.md": "/rest/c/", "o/d.draft.md": "page", "o/e.md": "page"}},
		"hugo's languages": {"blog/content", map[string]string{
			"hugo.toml":             "defaultContentLanguage = 'en'\n[languages.en]\n[languages.de]\n[languages.fr]\ncontentDir = 'content/french'\n",
			"content/posts/a.md":    dated(""),
			"content/posts/a.de.md": dated(""), "content/posts/b/index.de.md": dated(""), "content/french/posts/c.md": dated(""),
		}, map[string]string{"posts/a.md": "/posts/a/", "posts/a.de.md": "/de/posts/a/", "posts/b/index.de.md": "/de/posts/b/", "french/posts/c.md": "/fr/posts/c/"}},
		"hugo's folder of one language": {"blog/deutsch", map[string]string{
			"hugo.toml":          "[languages.en]\ncontentDir = 'english'\n[languages.de]\ncontentDir = 'deutsch'\n",
			"deutsch/posts/a.md": dated(""),
		}, map[string]string{"posts/a.md": "/de/posts/a/"}},
		"hugo's cascade": {"blog/content", map[string]string{
			"hugo.toml":               "[[cascade]]\nslug = 'from-site'\n[cascade.target]\npath = '/site/**'\n",
			"content/site/a.md":       dated(""),
			"content/posts/_index.md": "---\ntitle: P\ncascade:\n  - url: /c/:filename/\n    target:\n      path: /posts/deep/**\n  - draft: true\n---\n",
			"content/posts/b.md":      dated(""), "content/posts/deep/c.md": dated(""),
		}, map[string]string{"site/a.md": "/site/from-site/", "posts/b.md": "/posts/b/ draft", "posts/deep/c.md": "/c/c/ draft"}},
		"jekyll's styles": {"blog", map[string]string{
			"_config.yml":                    "permalink: pretty\ndefaults:\n- scope: {path: '', type: posts}\n  values: {categories: Dev Ops}\n- scope: {path: '_posts/*special*'}\n  values: {permalink: '/s/:slug.html'}\n",
			"_posts/2024-03-05-My_Post_é.md": "---\n---\nText.",
			"_posts/2024-03-05-special-a.md": "---\n---\nText.",
			"_posts/2024-3-5-own.md":         "---\npermalink: /:categories/:year/W:week/:short_day/:title:output_ext\ncategory: A B\n---\nText.",
			"_posts/2024-03-05-days.md":      "---\npermalink: ordinal\ncategories: []\n---\nText.", "_posts/2015-03-00-no-day.md": "---\ndate: 2-3-2015\n---\n", "_posts/2011-02-29-leap.md": "---\n---\n", "_posts/14-05-06-short.md": "---\n---\n", "_posts/2024-01-01_no-post.md": "---\n---\n",
			"work/_posts/2024-03-05-under.md": "---\ncategories: x\npermalink: none\n---\nText.",
			"_posts/2024-03-05-months.md":     "---\npermalink: /:short_year/:i_month/:i_day/:short_month/:long_month/:w_year/:w_day/:long_day/:slug/\n---\n",
			"_drafts/idea.md":                 "---\ntitle: Idea\n---\n", "_posts/2024-03-05-off.md": "---\npublished: false\n---\n", "about.md": "---\ntitle: A\n---\n",
		}, map[string]string{
			"_posts/2024-03-05-My_Post_é.md": "/dev/ops/2024/03/05/My_Post_%C3%A9/", "_posts/2024-03-05-special-a.md": "/s/special-a.html",
			"_posts/2024-3-5-own.md": "/dev/ops/a%20b/2024/W10/Tue/own.html", "_posts/2024-03-05-days.md": "/ordinal", "work/_posts/2024-03-05-under.md": "/none",
			"_posts/2015-03-00-no-day.md": "/dev/ops/2015/03/02/no-day/", "_posts/2011-02-29-leap.md": "/dev/ops/2011/03/01/leap/", "_posts/14-05-06-short.md": "/dev/ops/2014/05/06/short/", "_posts/2024-01-01_no-post.md": "page",
			"_posts/2024-03-05-months.md": "/24/3/5/Mar/March/2024/2/Tuesday/months/", "_drafts/idea.md": "* draft", "_posts/2024-03-05-off.md": "/dev/ops/2024/03/05/off/ draft", "about.md": "page",
		}},
		"jekyll's folders": {"blog", map[string]string{
			"_config.yml": "source: site\ncollections_dir: all\npermalink: pretty\ndefaults:\n- {scope: {path: _posts}, values: {permalink: '/d/:title/'}}\n" +
				"- {scope: {path: all/_posts/x}, values: {permalink: '/x/:title/'}}\n",
			"site/all/_posts/2024-01-01-a.md": "---\n---\n", "site/all/_posts/x/2024-01-02-b.md": "---\n---\n", "site/all/A b/_posts/2024-01-03-c.mkdn": "---\ncategories: d\ncategory: e\n---\n",
			"site/_posts/2024-01-04-d.md": "---\n---\n", "site/all/_old/_posts/2024-01-05-e.md": "---\n---\n",
		}, map[string]string{
			"site/all/_posts/2024-01-01-a.md": "/d/a/", "site/all/_posts/x/2024-01-02-b.md": "/x/b/", "site/all/A b/_posts/2024-01-03-c.mkdn": "/a%20b/d/e/2024/01/03/c/",
			"site/_posts/2024-01-04-d.md": "page", "site/all/_old/_posts/2024-01-05-e.md": "page",
		}},
		"jekyll without a config": {"blog", map[string]string{
			"_posts/2024-01-01-a.md": "---\n---\n", "x/_posts/2024-01-02-b.md": "---\n---\n", "about.md": "---\ntitle: A\n---\n",
		}, map[string]string{"_posts/2024-01-01-a.md": "/2024/01/01/a.html", "x/_posts/2024-01-02-b.md": "/x/2024/01/02/b.html", "about.md": "page"}},
		"eleventy": {"blog/content", map[string]string{
			"eleventy.config.js":                   "export default function(c) { c.setInputDirectory('content') }",
			"content/blog/first.md":                dated(""),
			"content/blog/2024-01-02-second.md":    "---\ntitle: S\n---\n",
			"content/blog/bundle/index.md":         dated(""),
			"package.json":                         `{"permalink": "/wrong/"}`,
			"content/notes/notes.json":             `{"permalink": "/n/{{ page.fileSlug }}/", "tags": ["note"]}`,
			"content/notes/2024-01-02-c.md":        "---\ntitle: S\n---\n",
			"content/data/data.11tydata.json":      `{"permalink": "/{{ page.date | date: '%Y/%m' }}/{{ title | slugify }}/"}`,
			"content/data/d.md":                    "---\ntitle: Über uns & Co.\ndate: 2024-03-05\n---\n",
			"content/script/script.11tydata.js":    "module.exports = {\n  permalink: '/js/{{ page.fileSlug }}.html',\n}",
			"content/script/e.md":                  dated(""),
			"content/blog/off.md":                  dated("permalink: false\n"),
			"content/about.md":                     "---\ntitle: About\nlayout: base.njk\n---\n",
			"content/blog/computed.md":             dated("permalink: \"/{{ unknown | weird }}/\"\n"),
			"content/blog/nunjucks.md":             dated("permalink: \"/{{ title | slug }}/index.html\"\n"),
			"content/blog/Ünder score/Päth Näm.md": dated(""),
		}, map[string]string{
			"blog/first.md": "/blog/first/", "blog/2024-01-02-second.md": "/blog/2024-01-02-second/", "blog/bundle/index.md": "/blog/bundle/", "notes/2024-01-02-c.md": "/n/c/",
			"data/d.md": "/2024/03/ueber-uns-and-co/", "script/e.md": "/js/e.html", "blog/off.md": "page", "about.md": "page", "blog/computed.md": "page",
			"blog/nunjucks.md": "/my-post/", "blog/Ünder score/Päth Näm.md": "/blog/%C3%9Cnder%20score/P%C3%A4th%20N%C3%A4m/",
		}},
		"zola": {"blog/content", map[string]string{
			"config.toml":                      "base_url = 'https://example.com'\ndefault_language = 'en'\n[languages.fr]\n",
			"content/blog/_index.md":           "+++\ntransparent = true\n+++\n",
			"content/blog/2025-01-29_Ça va.md": toml(""), "content/blog/2025-01-29-日本.md": toml(""), "content/blog/b.md": toml("date = 2024-01-02\nslug = 'Own Slug'\n"),
			"content/blog/c.md": toml("date = 2024-01-02\npath = 'else/where'\n"), "content/blog/d.fr.md": toml("date = 2024-01-02\n"), "content/blog/dir/index.md": toml("date = 2024-01-02\n"),
			"content/about.md": toml(""), "content/blog/no.md": toml("date = 2024-01-02\nrender = false\n"), "content/blog/2025-01-29_dated/index.md": toml(""),
		}, map[string]string{
			"blog/2025-01-29_Ça va.md": "/blog/ca-va/", "blog/2025-01-29-日本.md": "/blog/ri-ben/", "blog/b.md": "/blog/own-slug/", "blog/c.md": "/else/where/",
			"blog/d.fr.md": "/fr/blog/d/", "blog/dir/index.md": "/blog/dir/", "about.md": "page", "blog/no.md": "page", "blog/2025-01-29_dated/index.md": "/blog/dated/",
		}},
		"zola that keeps dates and letters": {"blog/content", map[string]string{
			"config.toml":                       "base_url = 'https://example.com'\n[slugify]\npaths = 'safe'\npaths_keep_dates = true\n",
			"content/blog/2025-01-29_Ça va?.md": toml(""),
		}, map[string]string{"blog/2025-01-29_Ça va?.md": "/blog/2025-01-29_%C3%87a%20va/"}},
		"pelican": {"blog/content", map[string]string{
			"pelicanconf.py": "PATH = 'content'\nDEFAULT_LANG = 'en'\nARTICLE_URL = '{date:%Y}/{date:%b}/{date:%d}/{category}/{author}/{slug}/'\nARTICLE_LANG_URL = '{lang}/{slug}.html'\n" +
				"PATH_METADATA = r'(?P<category>.*?)/.*'\nEXTRA_PATH_METADATA = {'notes': {'status': 'draft'}}\n",
			"content/Dev Ops/a.md": "Title: Héllo, Wörld — 日本!\nDate: 2024-03-05\nAuthor: Ada Lovelace\n\nText.",
			"content/Dev Ops/b.md": "Title: Other\nDate: 2024-03-05\nLang: de\nSlug: anders\n\nText.",
			"content/notes/c.md":   "Title: Note\nDate: 2024-03-05\n\nText.",
		}, map[string]string{
			"Dev Ops/a.md": "/2024/Mar/05/dev-ops/ada-lovelace/hello-world-ri-ben/", "Dev Ops/b.md": "/de/anders.html", "notes/c.md": "/drafts/note.html draft",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			compareAddresses(t, test.dir, test.files, test.want)
		})
	}
}

// compareAddresses scans files and compares the posts' addresses, without the
// site, by path; "page" where there is no post, "*" where any address will do.
func compareAddresses(t *testing.T, dir string, files, want map[string]string) {
	t.Helper()
	b := newBlog(t, files)
	b.cfg.Content.Dir = dir
	_, scan := b.scan()
	got := map[string]string{}
	for p := range want {
		got[p] = "page"
	}
	for _, p := range scan.Posts {
		address := strings.TrimPrefix(p.URL, "https://example.com")
		if strings.HasPrefix(want[p.Path], "*") {
			address = "*"
		}
		if p.Draft {
			address += " draft"
		}
		got[p.Path] = address
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("addresses (-want +got):\n%s%s", d, fmt.Sprint(scan.Problems))
	}
}

// TestPublishDate shows that a post of Hugo waits for its publishDate, while its
// address keeps the date.
func TestPublishDate(t *testing.T) {
	b := newBlog(t, map[string]string{"hugo.toml": "[permalinks]\nposts = '/:year/:slug/'\n", "content/posts/a.md": "---\ntitle: A\ndate: 2024-01-02\npublishDate: 2099-01-01\n---\nText."})
	b.cfg.Content.Dir = "blog/content"
	_, scan := b.scan()
	if p := scan.Posts[0]; p.URL != "https://example.com/2024/a/" || p.Date.Year() != 2099 {
		t.Errorf("%s, %s", p.URL, p.Date)
	}
}

// TestSectionsDecideSnapshots shows that posts are read again when what holds for
// their folder changes.
func TestSectionsDecideSnapshots(t *testing.T) {
	b := newBlog(t, map[string]string{"hugo.toml": "x = 1\n", "content/posts/a.md": good, "content/posts/_index.md": "---\ntitle: P\n---\n"})
	b.cfg.Content.Dir = "blog/content"
	_, first := b.scan()
	b.write("content/posts/_index.md", "---\ntitle: P\ncascade: {draft: true}\n---\n")
	again := scanTree(t, b.open(), reload(t, first.Snapshot))
	if again.Read != 1 || !again.Posts[0].Draft {
		t.Errorf("read %d, draft %v", again.Read, again.Posts[0].Draft)
	}
	if third := scanTree(t, b.open(), reload(t, again.Snapshot)); third.Read != 0 || !third.Same {
		t.Errorf("read %d, same %v", third.Read, third.Same)
	}
}
