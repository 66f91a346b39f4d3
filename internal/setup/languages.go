package setup

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/config"
	"publisher/internal/htmldom"
)

// Language is a language beside the site's that the engine's config names.
type Language struct {
	Key      string    // as the engine writes it, a BCP 47 tag
	From     string    // the file that names it
	Settings []Setting // title, description, url; those that the config has
	Posts    int       // in content.dir; see Blog.CountLanguages
}

// setLanguages finds the languages that the engine's config names.
func (d *inspection) setLanguages() {
	site, _ := config.LanguageTag(d.blog.Setting("site.language").Value)
	e, s := d.blog.engine, d.sources
	keys, main := e.languages(s)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		prefix := e.languagePrefix + key + "."
		tag, ok := config.LanguageTag(key)
		if !ok { // such as Hugo's cn
			key, _ = s.text(below(prefix, e.languageKeys.tag)...)
			tag, ok = config.LanguageTag(key)
		}
		disabled, _ := s.text(prefix + e.languageKeys.disabled)
		if !ok || strings.EqualFold(key, main) || tag == site || disabled == "true" {
			continue
		}
		l := Language{Key: key, From: d.blog.ConfigFile}
		l.set("title", s, below(prefix, e.languageKeys.title))
		l.set("description", s, below(prefix, e.languageKeys.description))
		l.set("url", s, below(prefix, e.languageKeys.url))
		if home := d.blog.Setting("site.url"); home.Value != "" && !l.has("url") {
			at := strings.TrimRight(home.Value, "/") + "/" + strings.ToLower(key)
			l.Settings = append(l.Settings, Setting{"url", at, "the language's folder on the site"})
		}
		d.blog.Languages = append(d.blog.Languages, l)
	}
}

// below returns keys with a prefix.
func below(prefix string, keys []string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = prefix + key
	}
	return out
}

// set adds a setting, if a source has it and config.yaml takes it.
func (l *Language) set(name string, from sources, keys []string) {
	value, place := from.text(keys...)
	if value, why := usable("site."+name, htmldom.StripTags(value)); value != "" && why == "" {
		l.Settings = append(l.Settings, Setting{name, value, place})
	}
}

func (l *Language) has(name string) bool {
	return slices.ContainsFunc(l.Settings, func(f Setting) bool { return f.Key == name })
}

// CountLanguages counts the posts in each language, as config.yaml at that path
// would have them, and finds the languages that only the posts name. ConfigYAML
// leaves languages without posts commented out.
func (b *Blog) CountLanguages(ctx context.Context, file string) error {
	if b.engine.postsNameLanguages {
		posts, err := b.postsAt(ctx, file, undefinedLanguage)
		if err != nil {
			return nil // there are none to read yet: Inspect has noted why
		}
		b.setPostLanguages(countLanguages(posts, undefinedLanguage))
	}
	if len(b.Languages) == 0 {
		return nil
	}
	site, ok := config.LanguageTag(b.Setting("site.language").Value)
	if !ok {
		site = config.Default().Site.Language
	}
	posts, err := b.postsAt(ctx, file, site)
	if err != nil {
		return err
	}
	cfg := b.configAt(file, site)
	for _, p := range posts {
		for i, l := range cfg.Languages {
			if !p.Draft && cfg.LanguageOf(p.Language) == l.Tag {
				b.Languages[i].Posts++
			}
		}
	}
	return nil
}

// configAt returns the config that a file would hold, as far as posts depend on it.
func (b *Blog) configAt(file, language string) *config.Config {
	cfg := config.Default()
	cfg.File, cfg.Dir = file, filepath.Dir(file)
	cfg.Content.Dir, cfg.Content.Dialect, cfg.Content.Exclude = b.Setting("content.dir").Value, b.Dialect, b.Exclude
	cfg.Site.URL = &url.URL{Scheme: "https", Host: "example.com"}
	cfg.Site.Language = language
	for _, l := range b.Languages {
		tag, _ := config.LanguageTag(l.Key)
		cfg.Languages = append(cfg.Languages, config.Language{Folder: l.Key, Tag: tag})
	}
	return cfg
}

func (b *Blog) postsAt(ctx context.Context, file, language string) ([]*post.Post, error) {
	tree, err := content.Open(b.configAt(file, language))
	if err != nil {
		return nil, err
	}
	scan, err := tree.Scan(ctx, nil, "")
	if err != nil {
		return nil, err
	}
	return scan.Posts, nil
}

// writeLanguages writes the languages section; languages without posts are commented out.
func (b *Blog) writeLanguages(y *strings.Builder) {
	if len(b.Languages) == 0 {
		return
	}
	spoken := slices.ContainsFunc(b.Languages, func(l Language) bool { return l.Posts > 0 })
	var s section
	mark := "# "
	if spoken {
		mark = ""
	}
	s.add(mark+"languages:", "each has feeds and digests of its own; without this all posts are together")
	for _, l := range b.Languages {
		mark, what := "", fmt.Sprintf("%s; posts: %d", l.From, l.Posts)
		if l.Posts == 0 {
			mark, what = "# ", l.From+"; content.dir has no post in it"
		}
		s.add(mark+"  "+l.Key+":", what)
		for _, f := range l.Settings {
			s.add(mark+"    "+f.Key+": "+quote(f.Value), f.From)
		}
	}
	y.WriteByte('\n')
	s.writeTo(y)
}
