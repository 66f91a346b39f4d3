package setup

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"publisher/content/post"
	"publisher/internal/config"
)

// postLanguages is what the posts themselves say about a blog's languages.
type postLanguages struct {
	posts  int
	counts map[string]int    // by tag
	folder map[string]string // by tag: the folder of the site that all its posts are in; "" for none
	stated int               // posts that say their language
}

// few is a number of posts from which on one post in another language may be a slip.
const few = 20

// countLanguages counts the languages of the posts of a scan.
func countLanguages(posts []*post.Post, undefined string) postLanguages {
	s := postLanguages{counts: map[string]int{}, folder: map[string]string{}}
	for _, p := range posts {
		if p.Draft {
			continue
		}
		if s.posts++; p.Language == undefined {
			continue
		}
		s.stated++
		s.counts[p.Language]++
		where := ""
		if u, err := url.Parse(p.URL); err == nil {
			first, _, found := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
			if tag, ok := config.LanguageTag(first); found && ok && tag == p.Language {
				where = first
			}
		}
		if before, seen := s.folder[p.Language]; seen && before != where {
			where = ""
		}
		s.folder[p.Language] = where
	}
	return s
}

// undefinedLanguage is the tag of posts that do not say their language.
const undefinedLanguage = "und"

// setPostLanguages adds the languages that posts are written in and that the engine's
// config does not list.
func (b *Blog) setPostLanguages(s postLanguages) {
	tags := slices.SortedFunc(maps.Keys(s.counts), func(a, c string) int {
		return cmp.Or(cmp.Compare(s.counts[c], s.counts[a]), cmp.Compare(a, c))
	})
	site, _ := config.LanguageTag(b.Setting("site.language").Value)
	if site == "" && len(tags) > 0 && s.counts[tags[0]]*2 > s.posts {
		site = tags[0]
		b.set(Setting{"site.language", site, fmt.Sprintf("the language of %d of %d posts", s.counts[site], s.posts)})
	}
	if site == "" {
		site = config.Default().Site.Language
	}
	slices.SortFunc(tags, cmp.Compare[string]) // de before de-AT, which is in it
	for _, tag := range tags {
		known := slices.ContainsFunc(b.Languages, func(l Language) bool {
			named, _ := config.LanguageTag(l.Key)
			return isVariety(named, tag)
		})
		if known || isVariety(site, tag) || s.counts[tag] < 2 && s.posts >= few {
			continue
		}
		l := Language{Key: tag, From: "the posts say so"}
		if home := b.Setting("site.url"); home.Value != "" && s.folder[tag] != "" {
			l.Settings = []Setting{{"url", strings.TrimRight(home.Value, "/") + "/" + s.folder[tag], "the folder of its posts"}}
		}
		b.Languages = append(b.Languages, l)
	}
}

// isVariety reports whether a tag is that of a language or of a variety of it.
func isVariety(language, tag string) bool {
	return language != "" && (tag == language || strings.HasPrefix(tag, language+"-"))
}

func (b *Blog) set(fact Setting) {
	for i := range b.Settings {
		if b.Settings[i].Key == fact.Key {
			b.Settings[i] = fact
			return
		}
	}
	b.Settings = append(b.Settings, fact)
}
