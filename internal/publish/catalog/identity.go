package catalog

import (
	"net/url"
	"strings"

	"github.com/google/uuid"

	"publisher/content/post"
	"publisher/feed"
	"publisher/internal/config"
)

// identity makes the ids of posts that the ledger does not know yet.
type identity struct{ cfg *config.Config }

// rule returns the id that path and date give.
func (i identity) rule(p *post.Post) string { return feed.TagURI(i.cfg, p) }

// fixed returns the id that the front matter gives, made a URI if it is not one
// (RFC 4287 §4.2.6).
func (i identity) fixed(p *post.Post) string {
	id := strings.TrimSpace(p.GUID)
	if isURI(id) {
		return id
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(i.cfg.Site.URL.String()+"#"+id)).URN()
}

// file returns the path of a post's file relative to config.yaml's folder.
func (i identity) file(p *post.Post) string {
	return filePath(i.cfg.Content.Dir, p.Path)
}

func isURI(s string) bool {
	u, err := url.Parse(strings.TrimSpace(s))
	return err == nil && u.Scheme != "" && (u.Host != "" || u.Opaque != "") && !strings.ContainsAny(s, " <>\"{}|\\^`")
}
