package dialect

import (
	"path"
	"strings"

	"publisher/content/liquid"
	"publisher/content/post"
	"publisher/internal/xmltext"

	"golang.org/x/net/html"
)

// TagParams returns the arguments of a Liquid tag.
func TagParams(l *liquid.Evaluator, tag liquid.Tag) Params {
	placed, named := l.ParseArguments(tag.Arguments)
	return Params{Placed: placed, Named: named}
}

// EmbedTag returns the HTML of a tag for a picture, or for a player or post on another site; ok
// is false if the tag is none of these.
func (x *Expansion) EmbedTag(name string, params Params, inner string) (out string, ok bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "Embed"))
	if name == "figure" && params.Get(0, "src") != "" && inner == "" {
		return Figure{Src: params.Get(0, "src"), Alt: params.Get(-1, "alt"), Caption: x.InlineHTML(params.Get(-1, "caption"))}.HTML(), true
	}
	id := params.Get(0, "id", "url", "slug")
	if id == "" || inner != "" {
		return "", false
	}
	return Embed(name, id, params.Get(-1, "title"))
}

// IncludeTag returns what an include of the blog's own evaluates to, or what the best known ones
// of themes do.
func (x *Expansion) IncludeTag(l *liquid.Evaluator, tag liquid.Tag) string {
	name := l.FirstArgument(tag)
	if out, ok := l.Include(tag, name); ok {
		return out
	}
	params := TagParams(l, tag)
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	src := params.Get(-1, "image_path", "src", "url", "image", "file", "path", "name")
	switch base {
	case "figure", "image", "img", "picture", "responsive-image":
		if src != "" {
			f := Figure{Src: src, Alt: params.Get(-1, "alt", "description"), Caption: x.InlineHTML(params.Get(-1, "caption"))}
			return f.HTML()
		}
	case "video":
		if id := params.Get(-1, "id"); id != "" {
			if provider := params.Get(-1, "provider"); provider != "" {
				if out, ok := Embed(provider, id, params.Get(-1, "title")); ok {
					return out
				}
			}
			out, _ := Embed("youtube", id, params.Get(-1, "title"))
			return out
		}
	case "toc":
		return ""
	}
	base = strings.ToLower(strings.NewReplacer("-", "", "_", "", "embed", "", "player", "", "video", "").Replace(base))
	if out, ok := Embed(base, params.Get(-1, "id", "url", "src", base+"_id"), params.Get(-1, "title")); ok && out != "" {
		return out
	}
	l.Warn(tag, "unknown include "+post.Clip(name)+"; left it out")
	return ""
}

// PostURL returns the address that {% post_url name %} means.
func (x *Expansion) PostURL(l *liquid.Evaluator, tag liquid.Tag) string {
	want := LinkTarget(tag)
	if want == "" {
		return ""
	}
	if to, ok := x.Blog.postNamed(want); ok {
		return x.WithoutBasePath(l, to)
	}
	l.Warn(tag, "the tag post_url leads to "+post.Clip(want)+", which is not in the content folder")
	return x.Page.Site.Absolute("/")
}

// LinkTarget returns what post_url or link leads to, or "" if output of another tag is part of
// it.
func LinkTarget(tag liquid.Tag) string {
	want := strings.Trim(strings.TrimSpace(tag.Arguments), `"'`)
	if strings.Contains(want, "{{") {
		return ""
	}
	return strings.TrimPrefix(want, "/")
}

// WithoutBasePath returns an address as a path. Since Jekyll 3 left the blog's folder out of it,
// many write {{ site.baseurl }} before it.
func (x *Expansion) WithoutBasePath(l *liquid.Evaluator, address string) string {
	s := x.Page.Site
	address = s.WithoutHost(address)
	if base := strings.TrimSuffix(s.URL.Path, "/"); base != "" && l.EndsWith(base) {
		address = strings.TrimPrefix(address, base)
	}
	return address
}

// PlainImage returns a picture without a caption.
func PlainImage(src, alt string) string {
	return `<img src="` + html.EscapeString(xmltext.Line(src)) + `" alt="` + html.EscapeString(xmltext.Line(alt)) + `"/>`
}

// Params are the parameters of a shortcode or tag, by name or by place.
type Params struct {
	Named  map[string]string
	Placed []string
	Quoted map[string]bool // by name, or place: what is a text whatever it looks like
}

// Quote notes that a parameter was quoted.
func (p *Params) Quote(key string) {
	if p.Quoted == nil {
		p.Quoted = map[string]bool{}
	}
	p.Quoted[key] = true
}

// Get returns a parameter by the first of its names, or by its place from 0, or "".
func (p Params) Get(place int, names ...string) string {
	for _, name := range names {
		if v := p.Named[name]; v != "" {
			return v
		}
	}
	if place >= 0 && place < len(p.Placed) {
		return p.Placed[place]
	}
	return ""
}
