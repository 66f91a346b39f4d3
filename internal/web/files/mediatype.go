package files

import (
	"mime"
	"path"
	"strings"

	"publisher/internal/config"
)

// Types are the media types of the feeds, by file name in the config.
type Types map[string]string

// FeedTypes returns the media types of the feeds that a config turns on.
func FeedTypes(feeds config.Feeds) Types {
	types := Types{
		feeds.RSS:  "application/rss+xml; charset=utf-8",
		feeds.Atom: "application/atom+xml; charset=utf-8",
		feeds.JSON: "application/feed+json; charset=utf-8",
	}
	delete(types, "") // a format that is turned off
	return types
}

// of returns the media type of a file of the output folder, and whether it is a feed: that
// of the site, or one of the same name in the folder of a tag or month.
func (m Types) of(name string) (mediaType string, feed bool) {
	longest := ""
	for file := range m {
		if (name == file || strings.HasSuffix(name, "/"+file)) && len(file) > len(longest) {
			longest = file
		}
	}
	if longest != "" {
		return m[longest], true
	}
	ext := strings.ToLower(path.Ext(name))
	if t, ok := commonTypes[ext]; ok {
		return t, false
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t, false
	}
	return "application/octet-stream", false
}

// commonTypes are those that should not depend on the machine's own tables.
var commonTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".csv":   "text/csv; charset=utf-8",
	".htm":   "text/html; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".ico":   "image/vnd.microsoft.icon",
	".js":    "text/javascript; charset=utf-8",
	".json":  "application/json",
	".m4a":   "audio/mp4",
	".md":    "text/markdown; charset=utf-8",
	".mp3":   "audio/mpeg",
	".mp4":   "video/mp4",
	".opml":  "text/x-opml; charset=utf-8",
	".txt":   "text/plain; charset=utf-8",
	".woff2": "font/woff2",
	".xml":   "application/xml; charset=utf-8",
	".xsl":   "application/xslt+xml; charset=utf-8",
}
