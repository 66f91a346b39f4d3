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

// BlogLanguage is a language beside the site's that the engine's config names.
type Language struct {
	Key   string    // as the engine writes it, a BCP 47 tag
	From  string    // the file that names it
	Facts []Setting // title, description, url; those that are told
	Posts int       // of content.dir that are in it; see Blog.CountLanguages
}

// tellLanguages finds the languages that the engine's config names.
func (d *inspection) tellLanguages() {
	site, _ := config.LanguageTag(d.blog.Setting("site.language").Value)
	keys, main := d.languageKeys()
	for _, key := range keys {
		own := strings.ToLower("languages." + key + ".")
		if d.blog.Dialect == config.Pelican {
			own = "I18N_SUBSITES." + key + "."
		}
		tag, ok := config.LanguageTag(key)
		if !ok { // such as Hugo's cn
			key, _ = d.layers.text(own+"locale", own+"languageCode")
			tag, ok = config.LanguageTag(key)
		}
		disabled, _ := d.layers.text(own + "disabled")
		if !ok || strings.EqualFold(key, main) || tag == site || disabled == "true" {
			continue
		}
		l := Language{Key: key}
		l.From = d.blog.ConfigFile
		l.tell("title", d.layers, own+"title", own+"SITENAME")
		l.tell("description", d.layers, own+"params.description", own+"description", own+"SITESUBTITLE")
		l.tell("url", d.layers, own+"baseURL", own+"SITEURL")
		if home := d.blog.Setting("site.url"); home.Value != "" && !l.has("url") {
			at := strings.TrimRight(home.Value, "/") + "/" + strings.ToLower(key)
			l.Facts = append(l.Facts, Setting{"url", at, "the language's folder on the site"})
		}
		d.blog.Languages = append(d.blog.Languages, l)
	}
}

// languageKeys are those of the languages in the engine's config, sorted, and the
// one that is the site's own.
func (d *inspection) languageKeys() (keys []string, main string) {
	named := map[string]bool{}
	switch d.blog.Dialect {
	case config.Hugo, config.Zola:
		for _, l := range d.layers {
			table, _ := l.value("languages").(map[string]any)
			if l.prefix == "languages" {
				table = l.values
			}
			for key := range table {
				named[key] = true
			}
			if key, ok := strings.CutPrefix(l.prefix, "languages."); ok && !strings.Contains(key, ".") {
				named[key] = true // a file of its own
			}
		}
		main = d.hugoLanguage()
		if d.blog.Dialect == config.Zola {
			main, _ = d.layers.text("default_language")
		}
		disabled, _ := d.layers.list("disableLanguages")
		for _, key := range disabled {
			delete(named, strings.ToLower(key))
		}
	case config.Jekyll: // as the plugin polyglot has it
		list, _ := d.layers.list("languages")
		for _, key := range list {
			named[key] = true
		}
		main, _ = d.layers.text("default_lang")
	case config.Pelican: // as the plugin i18n_subsites has it
		for _, l := range d.layers {
			table, _ := l.value("I18N_SUBSITES").(map[string]any)
			for key := range table {
				named[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(named)), main
}

// tell adds a fact, if a setting tells it and config.yaml takes it.
func (l *Language) tell(name string, from sources, keys ...string) {
	value, place := from.text(keys...)
	if value, why := usable("site."+name, htmldom.StripTags(value)); value != "" && why == "" {
		l.Facts = append(l.Facts, Setting{name, value, place})
	}
}

func (l *Language) has(name string) bool {
	return slices.ContainsFunc(l.Facts, func(f Setting) bool { return f.Key == name })
}

// CountLanguages counts the posts in each language, as config.yaml at that path
// would have them, and finds the languages that only the posts tell. ConfigYAML
// leaves languages without posts commented out.
func (b *Blog) CountLanguages(ctx context.Context, file string) error {
	speaks := slices.Contains([]config.Dialect{config.Jekyll, config.Pelican, config.Eleventy}, b.Dialect)
	if speaks {
		posts, err := b.postsAt(ctx, file, undefinedLanguage)
		if err != nil {
			return nil // there are none to read yet: Detect has noted why
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

// configAt is the config that a file would hold, as far as it decides what posts say.
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

// writeLanguages writes what is under languages; those without posts commented out.
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
		for _, f := range l.Facts {
			s.add(mark+"    "+f.Key+": "+quote(f.Value), f.From)
		}
	}
	y.WriteByte('\n')
	s.writeTo(y)
}
