package setup

import (
	"publisher/content/mdsource"
	"publisher/internal/config"
)

// markdownEngine describes a folder of Markdown files that no engine claims.
func markdownEngine() engine {
	return engine{
		dialect: config.Markdown,
		name:    "Markdown",
		read:    func(*inspection) error { return nil },
		keys:    fixed(siteKeys{}),
		posts: func(d *inspection) (folder, from string) {
			c := countPosts(d.root, mdsource.IsMarkdownName)
			if c.files == 0 {
				return "", ""
			}
			return d.counted(c, ".", c.bulk())
		},
		permalinkKeys: permalinksAt(),
		permalink:     "the path of the file; write yours, such as /blog/:slug/ or /:year/:month/:slug/",
		languages:     oneLanguage,
		output:        "public",
	}
}
