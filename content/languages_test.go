package content_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
)

// Where no engine says which languages a blog has, config.yaml does.
func TestLanguagesOfPlainMarkdown(t *testing.T) {
	files := map[string]string{
		"post.md": good, "post.de.md": good, "post.en.md": good, "notes.to.md": good, "trip/index.pt-br.md": good,
		"de/other.md": good, "de/sub/index.md": good, "fr/plain.md": good,
		"said.md": "---\ntitle: Said\ndate: 2024-01-01\nlang: de-AT\n---\nGut.\n",
	}
	type where struct{ Language, URL string }
	for name, tt := range map[string]struct {
		languages []config.Language
		permalink string
		want      map[string]where
	}{
		"none": {nil, "", map[string]where{
			"post.md": {"en", "/post/"}, "post.de.md": {"en", "/post.de/"}, "post.en.md": {"en", "/post.en/"}, "notes.to.md": {"en", "/notes.to/"},
			"trip/index.pt-br.md": {"en", "/trip/index.pt-br/"}, "de/other.md": {"en", "/de/other/"}, "de/sub/index.md": {"en", "/de/sub/"},
			"fr/plain.md": {"en", "/fr/plain/"}, "said.md": {"de-AT", "/said/"}}},
		"two": {[]config.Language{{Folder: "de", Tag: "de"}, {Folder: "pt-br", Tag: "pt-BR"}}, "", map[string]where{
			"post.md": {"en", "/post/"}, "post.de.md": {"de", "/de/post/"}, "post.en.md": {"en", "/post/"}, "notes.to.md": {"en", "/notes.to/"},
			"trip/index.pt-br.md": {"pt-BR", "/pt-br/trip/"}, "de/other.md": {"de", "/de/other/"}, "de/sub/index.md": {"de", "/de/sub/"},
			"fr/plain.md": {"en", "/fr/plain/"}, "said.md": {"de-AT", "/said/"}}},
		"a permalink": {[]config.Language{{Folder: "de", Tag: "de"}}, "/blog/:slug/", map[string]where{
			"post.md": {"en", "/blog/post/"}, "post.de.md": {"de", "/de/blog/post/"}, "post.en.md": {"en", "/blog/post/"}, "notes.to.md": {"en", "/blog/notes.to/"},
			"trip/index.pt-br.md": {"en", "/blog/index.pt-br/"}, "de/other.md": {"de", "/blog/other/"}, "de/sub/index.md": {"de", "/blog/sub/"},
			"fr/plain.md": {"en", "/blog/plain/"}, "said.md": {"de-AT", "/blog/said/"}}},
		"a permalink that has it": {[]config.Language{{Folder: "de", Tag: "de"}}, "/:lang/:slug/", map[string]where{
			"post.md": {"en", "/en/post/"}, "post.de.md": {"de", "/de/post/"}, "post.en.md": {"en", "/en/post/"}, "notes.to.md": {"en", "/en/notes.to/"},
			"trip/index.pt-br.md": {"en", "/en/index.pt-br/"}, "de/other.md": {"de", "/de/other/"}, "de/sub/index.md": {"de", "/de/sub/"},
			"fr/plain.md": {"en", "/en/plain/"}, "said.md": {"de-AT", "/de-AT/said/"}}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, files)
			b.cfg.Languages, b.cfg.Content.Permalink = tt.languages, tt.permalink
			_, scan := b.scan()
			got := map[string]where{}
			for _, p := range scan.Posts {
				got[p.Path] = where{p.Language, p.URL[len("https://example.com"):]}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
