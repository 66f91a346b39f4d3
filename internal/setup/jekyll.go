package setup

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"publisher/content/dialect/jekyll"
	"publisher/content/mdsource"
	"publisher/internal/config"
)

func jekyllEngine() engine {
	files := []string{"_config.yml", "_config.yaml", "_config.toml"}
	return engine{
		dialect:     config.Jekyll,
		name:        "Jekyll",
		configFiles: files,
		settings:    jekyll.ReadSettings,
		bare:        jekyll.BareSettings,
		bareSign:    "_posts",
		read:        readFirst(files...),
		keys: fixed(siteKeys{
			title: []string{"title", "name"}, url: []string{"url"}, urlPath: []string{"baseurl"},
			description: []string{"description", "tagline", "subtitle"}, language: []string{"lang", "locale", "language"},
			timezone: []string{"timezone"}, author: []string{"author.name", "author"}, email: []string{"author.email", "email"},
		}),
		posts:         jekyllPosts,
		permalinkKeys: permalinksAt("collections.posts.permalink", "permalink"),
		permalink:     "Jekyll's own default",
		languages: func(s sources) (map[string]bool, string) { // as the plugin polyglot has them
			list, _ := s.list("languages")
			keys := map[string]bool{}
			for _, key := range list {
				keys[key] = true
			}
			own, _ := s.text("default_lang")
			return keys, own
		},
		postsNameLanguages: true,
		output:             "_site",
	}
}

// jekyllPosts returns the one _posts folder, or the source, which may have several.
func jekyllPosts(d *inspection) (folder, from string) {
	source, _ := d.sources.text("source")
	collections, at := d.sources.text("collections_dir")
	source, collections = path.Clean(source), path.Clean(collections)
	if !filepath.IsLocal(source) {
		return source, "source"
	}
	if excluded, _ := d.sources.list("exclude"); source == "." && !slices.Contains(excluded, "publisher.db*") {
		d.note("Jekyll copies what is in its folder into the site; keep the list of subscribers out of it by adding %s, publisher.db*, outbox, subscribers.csv and dkim-*.pem to exclude in _config.yml", d.rel(d.ours))
	}
	c := countPosts(d.below(source), mdsource.IsMarkdownName)
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
