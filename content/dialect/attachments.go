package dialect

import (
	"fmt"
	"mime"
	"net/url"
	"path"
	"strconv"
	"strings"

	"publisher/content/post"
)

// ImageText returns the picture that the front matter names, as the engine's themes resolve it.
func (p *Page) ImageText() string {
	return p.Engine.ImagePath(p.imageName())
}

func (p *Page) imageName() string {
	for _, key := range imageKeys() {
		switch v := p.Front.Values[key].(type) {
		case string:
			if namesFile(v) && key != "header" {
				return v
			}
		case []any:
			if s := firstString(v); namesFile(s) {
				return s
			}
		case map[string]any:
			for _, k := range []string{"src", "url", "path", "image", "feature", "overlay_image", "teaser", "og_image"} {
				if s, ok := v[k].(string); ok && namesFile(s) {
					return s
				}
			}
		}
	}
	return ""
}

func imageKeys() []string {
	return []string{"image", "cover", "images", "featured_image", "featuredimage", "feature_image", "thumbnail", "banner", "header", "og_image"}
}

func enclosureKeys() []string {
	return []string{"enclosure", "audio", "podcast_file", "podcast", "video"}
}

func firstString(list []any) string {
	if len(list) == 0 {
		return ""
	}
	s, _ := list[0].(string)
	return s
}

// namesFile reports whether a value can be an address: not a word for "none", a wiki link, or a
// template.
func namesFile(s string) bool {
	switch s = strings.TrimSpace(s); strings.ToLower(s) {
	case "", "false", "no", "off", "none", "null", "nil", "~", "0", "true", "yes", "on", "1", "n/a", "undefined":
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err != nil && s[0] != '#' && strings.Trim(s, "-") != "" && fileFault(s) == ""
}

// fileFault returns why a value meant as an address is not one, or "".
func fileFault(s string) string {
	switch s = strings.TrimSpace(s); {
	case strings.HasPrefix(strings.TrimPrefix(s, "!"), "[["):
		return "is a wiki link, which only the editor understands; write the file's address, such as /pictures/cat.png"
	case strings.Contains(s, "]("):
		return "is Markdown; write the address alone, such as /pictures/cat.png"
	case strings.HasPrefix(s, "<"):
		return "is HTML; write the address alone, such as /pictures/cat.png"
	case strings.Contains(s, "{{") || strings.Contains(s, "{%") || strings.Contains(s, "<%"):
		return "cannot be evaluated in front matter; write the file's address, such as /pictures/cat.png"
	}
	return ""
}

// warnOfFiles reports pictures and enclosures that cannot be addresses.
func (p *Page) warnOfFiles() {
	for _, key := range append(imageKeys(), enclosureKeys()...) {
		text := ""
		switch v := p.Front.Values[key].(type) {
		case string:
			text = v
		case []any:
			if text = firstString(v); len(v) == 1 && text == "" {
				if inner, ok := v[0].([]any); ok { // [[cat.png]] without quotes
					text = "[[" + firstString(inner) + "]]"
				}
			}
		}
		if fault := fileFault(text); fault != "" {
			p.Warn(p.Front.LineOf(key), fmt.Sprintf("%s: %q %s", key, post.Clip(text), fault))
		}
	}
}

// fillEnclosure reads `enclosure: file`, `file length type` or `{url, length, type}`, or an audio
// or video file under a key of its own, the first of several.
func (p *Page) fillEnclosure(l *Linker) {
	var e post.Enclosure
	where := ""
	for _, key := range enclosureKeys() {
		if list, ok := p.Front.Values[key].([]any); ok && where == "" {
			where = firstString(list)
		} else if s := p.Front.Scalar(key); where == "" && namesFile(s) {
			where = s
		}
	}
	if parts := strings.Fields(where); len(parts) == 3 && strings.Contains(parts[2], "/") {
		if length, err := strconv.ParseInt(parts[1], 10, 64); err == nil { // as WordPress exports them
			where, e.Length, e.Type = parts[0], length, parts[2]
		}
	}
	for _, key := range []string{"enclosure", "audio", "video"} {
		if table := p.Front.Table(key); table != nil {
			where, _ = table["url"].(string)
			if where == "" {
				where, _ = table["file"].(string)
			}
			e.Type, _ = table["type"].(string)
			length, _ := table["length"].(string)
			e.Length, _ = strconv.ParseInt(length, 10, 64)
			break
		}
	}
	if !namesFile(where) {
		return
	}
	to := l.Follow(where)
	if to.URL == "" {
		return
	}
	e.URL = to.URL
	if size, ok := l.sizeOf(to); ok {
		e.Length = size
	}
	if u, err := url.Parse(to.URL); err == nil && e.Type == "" {
		e.Type, _, _ = strings.Cut(MediaType(path.Ext(u.Path)), ";")
	}
	if kind, _, ok := strings.Cut(e.Type, "/"); e.Type != "" && (!ok || kind == "") {
		p.Warn(p.Front.LineOf("enclosure"), fmt.Sprintf("the enclosure's type %q is not a media type such as audio/mpeg; left out the enclosure", e.Type))
		return
	}
	if e.Type == "" {
		return // a page, such as a video's address on a platform
	}
	e.Length = max(e.Length, 0)
	p.Post.Enclosure = &e
}

// MediaType returns the media type of an extension. It knows what podcasts consist of, since the
// system's own table differs between machines.
func MediaType(ext string) string {
	switch strings.ToLower(ext) {
	case ".mp3":
		return "audio/mpeg"
	case ".m4a":
		return "audio/mp4"
	case ".ogg", ".oga", ".opus":
		return "audio/ogg"
	case ".wav":
		return "audio/wav"
	case ".flac":
		return "audio/flac"
	case ".mp4", ".m4v":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".mov":
		return "video/quicktime"
	case ".html", ".htm", "":
		return ""
	}
	return mime.TypeByExtension(ext)
}
