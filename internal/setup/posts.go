package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"publisher/content/dialect"
	"publisher/content/dialects"
	"publisher/content/post"
)

// setContent finds the folder of the posts and says where their addresses come
// from.
func (d *inspection) setContent() error {
	folder, from := d.blog.engine.posts(d)
	if folder == "" {
		return fault(d.dir, "there is no blog here: no engine's config and no Markdown file; name the folder of your blog, or an empty one for a new blog")
	}
	if !filepath.IsLocal(filepath.FromSlash(folder)) {
		return fault(d.blog.ConfigFile, fmt.Sprintf("%s names the folder %q, outside the blog; put the posts inside", from, post.Clip(folder)))
	}
	dir := d.below(folder)
	if rel, err := filepath.Rel(dir, d.dir); err == nil && rel != "." && filepath.IsLocal(rel) && d.root != d.dir {
		dir, from = d.dir, "the folder that was named" // below the engine's root, of which it is a part
	}
	d.blog.Settings = append(d.blog.Settings, Setting{"content.dir", d.rel(dir), from})
	d.setPermalink(folder)
	d.checkFolder(dir)
	return nil
}

// setPermalink says which pattern makes the addresses of the posts. It stays in
// the engine's config, which every run reads.
func (d *inspection) setPermalink(folder string) {
	if pattern, from := d.sources.text(d.blog.engine.permalinkKeys(folder)...); pattern != "" {
		d.blog.Permalink = fmt.Sprintf("each run reads it from %s, now %s", from, post.Clip(pattern))
		return
	}
	d.blog.Permalink = d.blog.engine.permalink
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

// counted returns a section of a folder and how many of the posts are in it, and
// notes those that are not.
func (d *inspection) counted(c *postCount, below, section string) (folder, from string) {
	if c.total["."] == 0 {
		for _, name := range usualNames {
			if section := path.Join(below, name); dialect.FirstExisting(d.root, []string{section}) != "" {
				return section, "its name; no file there has a date"
			}
		}
		return below, "a guess: no file there has a date"
	}
	folder = path.Join(below, section)
	if others := c.total["."] - c.total[section]; others > 0 {
		d.note("dated files outside %s: %d; set content.dir to a folder above it if they are posts, too", d.rel(d.below(folder)), others)
	}
	return folder, fmt.Sprintf("where %d of %d dated files are", c.total[section], c.total["."])
}
