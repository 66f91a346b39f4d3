package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/dialect/eleventy"
	"publisher/content/dialect/pelican"
	"publisher/content/dialects"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/internal/config"
	"publisher/internal/xmltext"
)

// tellContent finds the folder of the posts and says where their addresses come
// from.
func (d *inspection) tellContent() error {
	var folder, from string
	switch d.blog.Dialect {
	case config.Hugo:
		folder, from = d.hugoPosts()
	case config.Jekyll:
		folder, from = d.jekyllPosts()
	case config.Pelican:
		folder, from = d.pelicanPosts()
	case config.Zola:
		folder, from = d.zolaPosts()
	case config.Eleventy:
		folder, from = d.fullest(eleventy.InputFolder(d.own), "posts", "blog")
	default:
		c := countPosts(d.root, mdsource.IsMarkdownName)
		if c.files == 0 {
			return fault(d.dir, "there is no blog here: no config of an engine and no Markdown file; name the folder of your blog, or an empty one for a new blog")
		}
		folder, from = d.counted(c, ".", c.bulk())
	}
	if !filepath.IsLocal(filepath.FromSlash(folder)) {
		return fault(d.blog.ConfigFile, fmt.Sprintf("%s names the folder %q, outside the blog; put the posts inside", from, post.Clip(folder)))
	}
	dir := filepath.Join(d.root, filepath.FromSlash(folder))
	if rel, err := filepath.Rel(dir, d.dir); err == nil && rel != "." && filepath.IsLocal(rel) && d.root != d.dir {
		dir, from = d.dir, "the folder that was named" // below the engine's root, of which it is a part
	}
	d.blog.Settings = append(d.blog.Settings, Setting{"content.dir", d.rel(dir), from})
	d.tellAddresses(folder)
	d.checkFolder(dir)
	return nil
}

// checkFolder notes what would keep the posts, or their engine's config, from
// being found.
func (d *inspection) checkFolder(dir string) {
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		d.note("there is no folder %s yet: make it, or name the folder of your posts as content.dir", d.rel(dir))
		return
	}
	if err != nil || d.own == nil {
		return
	}
	own, err := dialects.Find(real, d.ours, d.blog.Dialect)
	if err != nil || own == nil {
		d.note("%s cannot be found from %s, where a link leads elsewhere or the way is too long: write your permalinks as content.permalink", d.blog.ConfigFile, d.rel(dir))
	}
}

// hugoPosts is the main section: the one that is named, else the one with most
// dated posts, as in Hugo.
func (d *inspection) hugoPosts() (folder, from string) {
	if above := d.aboveLanguages(); above != "" {
		d.note("each language has a content folder of its own below %s: set content.dir to that one for feeds and digests in all of them", d.rel(filepath.Join(d.root, filepath.FromSlash(above))))
	}
	content, at := d.layers.text("languages."+d.hugoLanguage()+".contentDir", "contentDir")
	if mounted, place := d.fullestMount(); content == "" && mounted != "" {
		content, at = mounted, place
	}
	if content == "" {
		content = "content"
	}
	content = path.Clean(content)
	if !filepath.IsLocal(content) {
		return content, at
	}
	sections, from := d.layers.list("mainSections", "params.mainSections")
	if len(sections) == 1 && filepath.IsLocal(sections[0]) {
		return path.Join(content, sections[0]), from
	}
	c := countPosts(filepath.Join(d.root, filepath.FromSlash(content)), isHugoName)
	if len(sections) > 1 {
		for _, other := range foldersIn(filepath.Join(d.root, filepath.FromSlash(content))) {
			if !slices.Contains(sections, other) {
				d.blog.Exclude = append(d.blog.Exclude, globQuote(other)+"/**")
			}
		}
		return content, from
	}
	folder, from = d.counted(c, content, c.main())
	if at != "" {
		from += "; " + at
	}
	return folder, from
}

// aboveLanguages is the folder that the content folders of several languages are in;
// "" where fewer than two have their own.
func (d *inspection) aboveLanguages() string {
	folder := ""
	own := map[string]bool{}
	keys, _ := d.languageKeys()
	for _, key := range keys {
		dir, _ := d.layers.text("languages." + key + ".contentDir")
		if dir = path.Clean(dir); dir == "." || !filepath.IsLocal(dir) {
			continue
		}
		own[dir] = true
		if folder == "" {
			folder = dir
		}
		for folder != "." && dir != folder && !strings.HasPrefix(dir, folder+"/") {
			folder = path.Dir(folder)
		}
	}
	if len(own) < 2 {
		return ""
	}
	return folder
}

// fullestMount is the folder with most dated posts of those that the settings
// mount as content; "" where none is.
func (d *inspection) fullestMount() (folder, from string) {
	most := 0
	for _, m := range d.own.ContentMounts() {
		c := countPosts(filepath.Join(d.root, filepath.FromSlash(m.Source)), isHugoName)
		if n := c.total["."]; n > most {
			most, folder, from = n, m.Source, "module.mounts"
		}
	}
	return folder, from
}

func foldersIn(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		if e.IsDir() && e.Name()[0] != '.' {
			out = append(out, xmltext.Line(e.Name()))
		}
	}
	return out
}

// globQuote makes a name match itself only.
func globQuote(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `{`, `\{`).Replace(name)
}

// jekyllPosts is the one _posts folder, or the source, which may have several.
func (d *inspection) jekyllPosts() (folder, from string) {
	source, _ := d.layers.text("source")
	collections, at := d.layers.text("collections_dir")
	source, collections = path.Clean(source), path.Clean(collections)
	if !filepath.IsLocal(source) {
		return source, "source"
	}
	if excluded, _ := d.layers.list("exclude"); source == "." && !slices.Contains(excluded, "publisher.db*") {
		d.note("Jekyll copies what lies in its folder into the site; keep the list of subscribers out of it by adding %s, publisher.db*, outbox, subscribers.csv and dkim-*.pem to exclude in _config.yml", d.rel(d.ours))
	}
	c := countPosts(filepath.Join(d.root, filepath.FromSlash(source)), mdsource.IsMarkdownName)
	switch {
	case len(c.posts) > 1:
		return source, fmt.Sprintf("Jekyll's source, where %d folders are named _posts", len(c.posts))
	case len(c.posts) == 1 && at != "" && c.posts[0] == path.Join(collections, "_posts"):
		return path.Join(source, c.posts[0]), at
	case len(c.posts) == 1:
		return path.Join(source, c.posts[0]), "where Jekyll has its posts"
	}
	return path.Join(source, collections, "_posts"), "where Jekyll looks for posts"
}

func (d *inspection) pelicanPosts() (folder, from string) {
	folder, from = d.pelicanPath()
	if filepath.IsLocal(filepath.FromSlash(folder)) {
		if c := countPosts(filepath.Join(d.root, filepath.FromSlash(folder)), pelican.Restructured); c.files > 0 {
			files := "1 file is"
			if c.files > 1 {
				files = fmt.Sprintf("%d files are", c.files)
			}
			d.note("%s here in reStructuredText (.rst), which publisher does not read; turn articles into Markdown: pandoc -f rst -t markdown", files)
		}
	}
	return folder, from
}

func (d *inspection) pelicanPath() (folder, from string) {
	if folder, from = d.layers.text("PATH"); folder != "" {
		return path.Clean(folder), from
	}
	if info, err := os.Stat(filepath.Join(d.root, "content")); err == nil && info.IsDir() {
		return "content", d.blog.ConfigFile + " does not say PATH in plain words"
	}
	return ".", "Pelican's default"
}

// zolaPosts is the only section that has dated pages, or all: what has no date
// is no post in Zola.
func (d *inspection) zolaPosts() (folder, from string) {
	c := countPosts(filepath.Join(d.root, "content"), mdsource.IsMarkdownName)
	if sections := c.below("."); len(sections) == 1 && c.direct["."] == 0 {
		return d.counted(c, "content", sections[0])
	}
	return "content", "where Zola has its pages; those with a date are posts"
}

// fullest is the folder below one that has most of the dated posts, or where
// none is dated, one of the usual names.
func (d *inspection) fullest(below string, usual ...string) (folder, from string) {
	c := countPosts(filepath.Join(d.root, filepath.FromSlash(below)), mdsource.IsMarkdownName)
	if c.total["."] == 0 {
		for _, name := range usual {
			for _, folder := range []string{path.Join(below, name), path.Join(below, "content", name), path.Join("src", name), path.Join("content", name)} {
				if dialect.Existing(d.root, []string{folder}) != "" {
					return folder, "its name"
				}
			}
		}
	}
	return d.counted(c, below, c.bulk())
}

// counted says how many posts are in a folder, and notes those that are not.
func (d *inspection) counted(c *postCount, below, section string) (folder, from string) {
	if c.total["."] == 0 {
		for _, name := range usualNames {
			if section := path.Join(below, name); dialect.Existing(d.root, []string{section}) != "" {
				return section, "its name; no file there has a date"
			}
		}
		return below, "a guess: no file there has a date"
	}
	folder = path.Join(below, section)
	if others := c.total["."] - c.total[section]; others > 0 {
		d.note("dated files outside %s: %d; set content.dir to a folder above it if they are posts, too", d.rel(filepath.Join(d.root, filepath.FromSlash(folder))), others)
	}
	return folder, fmt.Sprintf("where %d of %d dated files are", c.total[section], c.total["."])
}

// tellAddresses says which pattern makes the addresses of the posts. It stays in
// the engine's config, which every run reads.
func (d *inspection) tellAddresses(folder string) {
	var keys []string
	switch d.blog.Dialect {
	case config.Hugo:
		section := path.Base(folder)
		keys = []string{"permalinks.page." + section, "permalinks." + section}
	case config.Jekyll:
		keys = []string{"collections.posts.permalink", "permalink"}
	case config.Pelican:
		keys = []string{"ARTICLE_URL"}
	case config.Markdown:
		d.blog.Permalink = "the path of the file; write yours, such as /blog/:slug/ or /:year/:month/:slug/"
		return
	}
	if pattern, from := d.layers.text(keys...); pattern != "" {
		d.blog.Permalink = fmt.Sprintf("each run reads it from %s, now %s", from, post.Clip(pattern))
		return
	}
	d.blog.Permalink = d.blog.Engine() + "'s own default"
}
