package setup

import (
	"path"

	"publisher/content/dialect"
	"publisher/content/dialect/eleventy"
	"publisher/content/mdsource"
	"publisher/internal/config"
)

func eleventyEngine() engine {
	return engine{
		dialect:     config.Eleventy,
		name:        "Eleventy",
		configFiles: []string{".eleventy.js", "eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs", "eleventy.config.ts"},
		settings:    eleventy.ReadSettings,
		bareSign:    "package.json",
		read:        readEleventy,
		keys: fixed(siteKeys{
			title: []string{"site.title", "site.name"}, url: []string{"site.url", "site.baseUrl", "site.domain", "package.homepage"},
			description: []string{"site.description", "site.tagline", "package.description"},
			language:    []string{"site.language", "site.lang", "site.locale"}, timezone: []string{"site.timezone"},
			author: []string{"site.author", "site.authorName", "package.author"}, email: []string{"site.author.email", "site.email", "site.authorEmail", "package.author.email"},
		}),
		nowhere:            "no global data file",
		posts:              eleventyPosts,
		permalinkKeys:      permalinksAt(),
		permalink:          "Eleventy's own default",
		languages:          oneLanguage,
		postsNameLanguages: true,
		output:             "_site",
	}
}

// readEleventy reads the config, and the global data that blogs keep their title and
// address in.
func readEleventy(d *inspection) error {
	if name := eleventy.ConfigFile(d.own, d.root); name != "" && path.Base(name) != "package.json" {
		if err := d.addSource("", name); err != nil {
			return err
		}
	}
	input, data := eleventy.InputFolder(d.own), "_data"
	if s, _ := d.sources.text("dir.data"); s != "" {
		data = s
	}
	for _, name := range []string{"site", "metadata", "meta"} {
		var files []string
		for _, ext := range []string{".json", ".js", ".mjs", ".cjs", ".ts", ".yaml", ".yml"} {
			files = append(files, path.Join(input, data, name+ext))
		}
		if err := d.addSource("site", files...); err != nil {
			return err
		}
	}
	return d.addSource("package", "package.json")
}

// eleventyPosts returns the folder that has most of the dated posts, or where none is
// dated, one of the usual names.
func eleventyPosts(d *inspection) (folder, from string) {
	input := eleventy.InputFolder(d.own)
	c := countPosts(d.below(input), mdsource.IsMarkdownName)
	if c.total["."] == 0 {
		for _, name := range []string{"posts", "blog"} {
			for _, folder := range []string{path.Join(input, name), path.Join(input, "content", name), path.Join("src", name), path.Join("content", name)} {
				if dialect.FirstExisting(d.root, []string{folder}) != "" {
					return folder, "its name"
				}
			}
		}
	}
	return d.counted(c, input, c.bulk())
}
