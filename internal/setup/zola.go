package setup

import (
	"publisher/content/dialect/zola"
	"publisher/content/mdsource"
	"publisher/internal/config"
)

func zolaEngine() engine {
	return engine{
		dialect:     config.Zola,
		name:        "Zola",
		configFiles: []string{"zola.toml"},
		sharedFiles: []string{"config.toml"},
		settings:    zola.ReadSettings,
		read:        readFirst("zola.toml", "config.toml"),
		keys: fixed(siteKeys{
			title: []string{"title"}, url: []string{"base_url"},
			description: []string{"description", "extra.description"}, language: []string{"default_language"},
			author: []string{"author", "extra.author"}, email: []string{"extra.author.email", "extra.email"},
		}),
		posts:         zolaPosts,
		permalinkKeys: permalinksAt(),
		permalink:     "Zola's own default",
		languages: func(s sources) (map[string]bool, string) {
			own, _ := s.text("default_language")
			return s.tables("languages"), own
		},
		languagePrefix: "languages.",
		languageKeys:   languageKeys{title: []string{"title"}, description: []string{"description"}},
		output:         "public",
	}
}

// zolaPosts returns the only section that has dated pages, or all: a page without a date
// is not a post in Zola.
func zolaPosts(d *inspection) (folder, from string) {
	c := countPosts(d.below("content"), mdsource.IsMarkdownName)
	if sections := c.below("."); len(sections) == 1 && c.direct["."] == 0 {
		return d.counted(c, "content", sections[0])
	}
	return "content", "where Zola has its pages; those with a date are posts"
}
