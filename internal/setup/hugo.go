package setup

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/dialect/hugo"
	"publisher/content/mdsource"
	"publisher/internal/config"
	"publisher/internal/xmltext"
)

func hugoEngine() engine {
	return engine{
		dialect:     config.Hugo,
		name:        "Hugo",
		configFiles: []string{"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default"},
		sharedFiles: []string{"config.toml", "config.yaml", "config.yml", "config.json"},
		settings: func(dir, ours string) (*dialect.Settings, error) {
			if own, err := hugo.ReadSettings(dir, ours); own != nil || err != nil {
				return own, err
			}
			return hugo.ReadConfigTOML(dir, ours)
		},
		read:  readHugo,
		keys:  hugoKeys,
		posts: hugoPosts,
		permalinkKeys: func(folder string) []string {
			section := path.Base(folder)
			return []string{"permalinks.page." + section, "permalinks." + section}
		},
		permalink: "Hugo's own default",
		languages: func(s sources) (map[string]bool, string) {
			keys := s.tables("languages")
			disabled, _ := s.list("disableLanguages")
			for _, key := range disabled {
				delete(keys, strings.ToLower(key))
			}
			return keys, hugoLanguage(s)
		},
		languagePrefix: "languages.",
		languageKeys: languageKeys{
			title: []string{"title"}, description: []string{"params.description", "description"}, url: []string{"baseURL"},
			tag: []string{"locale", "languageCode"}, disabled: "disabled",
		},
		output: "public",
	}
}

// hugoKeys puts the default language's own settings first.
func hugoKeys(s sources) siteKeys {
	own := "languages." + hugoLanguage(s) + "."
	return siteKeys{
		title: []string{own + "title", "title"}, url: []string{own + "baseURL", "baseURL"},
		description: []string{own + "params.description", own + "description", "params.description", "description", own + "params.subtitle", "params.subtitle"},
		language:    []string{own + "locale", own + "languageCode", "locale", "languageCode", "defaultContentLanguage"},
		timezone:    []string{own + "timeZone", "timeZone"},
		author:      []string{own + "params.author", "params.author", "author"},
		email:       []string{own + "params.author.email", "params.author.email", "author.email", own + "params.email", "params.email"},
	}
}

func hugoLanguage(s sources) string {
	if lang, _ := s.text("defaultContentLanguage"); lang != "" {
		return lang
	}
	return "en"
}

// readHugo reads the files that Hugo merges: config/production over config/_default
// over the one in the root.
func readHugo(d *inspection) error {
	for _, folder := range []string{"config/production", "config/_default"} {
		if err := readHugoFolder(d, folder); err != nil {
			return err
		}
	}
	e := d.blog.engine
	for _, name := range slices.Concat(e.configFiles, e.sharedFiles) {
		info, err := os.Stat(d.below(name))
		if err != nil || info.IsDir() || dialect.SameFile(d.below(name), d.ours) {
			continue
		}
		if err := d.addSource("", name); err != nil {
			return err
		}
		last := len(d.sources) - 1
		if slices.Contains(e.configFiles, name) || hugo.IsSettings(d.sources[last].values, d.root) {
			break
		}
		d.sources = d.sources[:last]
	}
	return nil
}

// readHugoFolder reads the files of a config folder, whose names say what is in them.
func readHugoFolder(d *inspection, folder string) error {
	entries, err := os.ReadDir(d.below(folder))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if !slices.Contains([]string{".toml", ".yaml", ".yml", ".json"}, ext) {
			continue
		}
		prefix := strings.ToLower(strings.TrimSuffix(e.Name(), ext))
		if prefix == "hugo" || prefix == "config" {
			prefix = ""
		}
		if lang, ok := strings.CutPrefix(prefix, "params."); ok {
			prefix = "languages." + lang + ".params"
		}
		if err := d.addSource(prefix, path.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// hugoPosts returns the main section: the one that is named, else the one with most
// dated posts, as in Hugo.
func hugoPosts(d *inspection) (folder, from string) {
	if above := aboveLanguages(d.sources); above != "" {
		d.note("each language has a content folder of its own below %s: set content.dir to that one for feeds and digests in all of them", d.rel(d.below(above)))
	}
	content, at := d.sources.text("languages."+hugoLanguage(d.sources)+".contentDir", "contentDir")
	if mounted, place := fullestMount(d); content == "" && mounted != "" {
		content, at = mounted, place
	}
	if content == "" {
		content = "content"
	}
	content = path.Clean(content)
	if !filepath.IsLocal(content) {
		return content, at
	}
	sections, from := d.sources.list("mainSections", "params.mainSections")
	if len(sections) == 1 && filepath.IsLocal(sections[0]) {
		return path.Join(content, sections[0]), from
	}
	c := countPosts(d.below(content), isHugoName)
	if len(sections) > 1 {
		for _, other := range foldersIn(d.below(content)) {
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

// aboveLanguages returns the folder that the content folders of several languages are in;
// "" where fewer than two have their own.
func aboveLanguages(s sources) string {
	folder := ""
	own := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(s.tables("languages"))) {
		dir, _ := s.text("languages." + key + ".contentDir")
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

// fullestMount returns the folder with most dated posts of those that the settings
// mount as content; "" where none is.
func fullestMount(d *inspection) (folder, from string) {
	most := 0
	for _, m := range d.own.ContentMounts() {
		c := countPosts(d.below(m.Source), isHugoName)
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

// globQuote returns a pattern that matches only the name.
func globQuote(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `{`, `\{`).Replace(name)
}

// isHugoName reports whether a file's name is that of Markdown or HTML.
func isHugoName(name string) bool {
	return mdsource.IsMarkdownName(name) || strings.EqualFold(path.Ext(name), ".html")
}
