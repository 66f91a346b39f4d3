package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Names of configs, and of what is made by them.
const (
	siteAlone   = "site"
	siteAndTags = "all"
	hugoHome    = "hugo-home"
	hugoTags    = "hugo-tags"
	hugoAll     = "hugo-all"
)

// makeSites makes the posts and everybody's config beside them.
func (b bench) makeSites() error {
	if err := b.blog.Write(filepath.Join(b.dir, "content", "posts")); err != nil {
		return err
	}
	ours := func(name, feeds string) string {
		return fmt.Sprintf("site: {title: Blog, url: https://blog.example.com}\ncontent: {dir: content/posts, dialect: hugo}\n"+
			"feeds: {dir: %s, %s}\ndigest: {settle: 0s}\nledger: sqlite:%s.db\n", name, feeds, name)
	}
	// Hugo is to write feeds alone.
	hugo := func(limit, kinds, disabled string) string {
		return fmt.Sprintf("baseURL = 'https://blog.example.com/'\ntitle = 'Blog'\ndisableKinds = [%s]\n"+
			"%s[outputs]\npage = []\n%s\n", disabled, limit, kinds)
	}
	const (
		ourLimit = "[services.rss]\nlimit = 20\n"
		all      = "home = ['rss']\nsection = ['rss']\nterm = ['rss']\ntaxonomy = ['rss']"
		rest     = "'sitemap', 'robotsTXT', '404'"
	)
	for name, text := range map[string]string{
		siteAlone + ".yaml":   ours(siteAlone, "archive: false, tags: false"),
		siteAndTags + ".yaml": ours(siteAndTags, "archive: true, tags: true"),
		hugoHome + ".toml":    hugo(ourLimit, "home = ['rss']", "'section', 'taxonomy', 'term', "+rest),
		hugoTags + ".toml":    hugo(ourLimit, all, rest),
		hugoAll + ".toml":     hugo("", all, rest),
	} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// touch edits a post in the middle of the blog, another one each time, to look as if
// that had been done n seconds after the others were written.
func (b bench) touch(n int) error {
	post := (b.blog.Posts/2 + n*7) % b.blog.Posts
	file := filepath.Join(b.dir, "content", "posts", filepath.FromSlash(b.blog.Path(post)))
	if err := os.WriteFile(file, []byte(b.blog.Text(post)+fmt.Sprintf("\nEdited %d times.\n", n)), 0o644); err != nil {
		return err
	}
	at := time.Now().Add(-30*time.Minute + time.Duration(n)*time.Second)
	return os.Chtimes(file, at, at)
}
