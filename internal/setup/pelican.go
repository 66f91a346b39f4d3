package setup

import (
	"fmt"
	"os"
	"path"
	"path/filepath"

	"publisher/content/dialect/pelican"
	"publisher/internal/config"
)

func pelicanEngine() engine {
	return engine{
		dialect:     config.Pelican,
		name:        "Pelican",
		configFiles: []string{"pelicanconf.py"},
		settings:    pelican.ReadSettings,
		read: func(d *inspection) error {
			if err := d.addSource("", "publishconf.py"); err != nil {
				return err
			}
			return d.addSource("", "pelicanconf.py")
		},
		keys: fixed(siteKeys{
			title: []string{"SITENAME"}, url: []string{"SITEURL"},
			description: []string{"SITEDESCRIPTION", "SITE_DESCRIPTION", "SITESUBTITLE", "SITETAG"}, language: []string{"DEFAULT_LANG"},
			timezone: []string{"TIMEZONE"}, author: []string{"AUTHOR"}, email: []string{"AUTHOR_EMAIL", "EMAIL"},
		}),
		posts:         pelicanPosts,
		permalinkKeys: permalinksAt("ARTICLE_URL"),
		permalink:     "Pelican's own default",
		languages: func(s sources) (map[string]bool, string) { // as the plugin i18n_subsites has them
			return s.tables("I18N_SUBSITES"), ""
		},
		languagePrefix:     "I18N_SUBSITES.",
		languageKeys:       languageKeys{title: []string{"SITENAME"}, description: []string{"SITESUBTITLE"}, url: []string{"SITEURL"}},
		postsNameLanguages: true,
		output:             "output",
	}
}

// pelicanPosts returns PATH, and notes articles that cannot be read.
func pelicanPosts(d *inspection) (folder, from string) {
	folder, from = pelicanPath(d)
	if filepath.IsLocal(filepath.FromSlash(folder)) {
		if c := countPosts(d.below(folder), pelican.IsReStructuredText); c.files > 0 {
			files := "1 file is"
			if c.files > 1 {
				files = fmt.Sprintf("%d files are", c.files)
			}
			d.note("%s here in reStructuredText (.rst), which publisher does not read; turn articles into Markdown: pandoc -f rst -t markdown", files)
		}
	}
	return folder, from
}

func pelicanPath(d *inspection) (folder, from string) {
	if folder, from = d.sources.text("PATH"); folder != "" {
		return path.Clean(folder), from
	}
	if info, err := os.Stat(d.below("content")); err == nil && info.IsDir() {
		return "content", d.blog.ConfigFile + " does not say PATH in plain words"
	}
	return ".", "Pelican's default"
}
