package content

import (
	"html"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// jekyllTags are Jekyll's own, and those of the plugins that most blogs have.
func jekyllTags(l *liquid, tag liquidMark, inner string) (string, bool) {
	switch tag.name {
	case "post_url", "link":
		return l.post(tag), true
	case "include", "include_relative", "include_cached":
		return l.include(tag), true
	case "increment", "decrement", "cycle", "seo", "feed_meta", "toc":
		return "", true
	}
	return commonTags(l, tag, inner)
}

// eleventyTags are those that the most used plugins add.
func eleventyTags(l *liquid, tag liquidMark, inner string) (string, bool) {
	switch tag.name {
	case "include", "render":
		return l.include(tag), true
	case "css", "js", "html", "block", "extends", "import", "from", "macro":
		return "", tag.name != "block" && tag.name != "macro"
	case "image", "img", "picture":
		arguments := l.tagArguments(tag.arguments)
		if src := arguments.get(0, "src"); src != "" {
			return figureless(src, arguments.get(1, "alt")), true
		}
	}
	return commonTags(l, tag, inner)
}

// pelicanTag is one of the liquid_tags plugin's; Pelican itself has none, so
// whatever else looks like one is text.
var pelicanTag = regexp.MustCompile(`\{%\s*(img|youtube|vimeo|gist|soundcloud|spotify|video|audio)\s+([^%\n]*?)\s*%\}`)

func expandPelicanTag(l *liquid, tag string) string {
	m := pelicanTag.FindStringSubmatch(tag)
	if m[1] == "youtube" || m[1] == "vimeo" || m[1] == "gist" {
		if out, ok := commonTags(l, liquidMark{name: m[1], arguments: m[2]}, ""); ok {
			return out
		}
	}
	for word := range strings.FieldsSeq(m[2]) {
		switch {
		case !strings.ContainsAny(word, "/."):
		case m[1] == "img":
			return figureless(word, "")
		default:
			return plainLink(word, "▶ "+path.Base(word))
		}
	}
	return ""
}

func figureless(src, alt string) string {
	return `<img src="` + html.EscapeString(oneLine(src)) + `" alt="` + html.EscapeString(oneLine(alt)) + `"/>`
}

func commonTags(l *liquid, tag liquidMark, inner string) (string, bool) {
	arguments := l.tagArguments(tag.arguments)
	name := strings.ToLower(strings.TrimSuffix(tag.name, "Embed"))
	if name == "figure" && arguments.get(0, "src") != "" && inner == "" {
		return figure{src: arguments.get(0, "src"), alt: arguments.get(-1, "alt"), caption: l.inlineHTML(arguments.get(-1, "caption"))}.html(), true
	}
	id := arguments.get(0, "id", "url", "slug")
	if id == "" || inner != "" {
		return "", false
	}
	return embed(name, id, arguments.get(-1, "title"))
}

var tagArgument = regexp.MustCompile(`(?:([\w-]+)\s*=\s*)?(?:"([^"]*)"|'([^']*)'|([^\s,"'=]+))`)

// tagArguments reads what follows a tag's name: words, texts and name=value, each
// evaluated where it is a variable.
func (l *liquid) tagArguments(text string) shortcodeParams {
	p := shortcodeParams{named: map[string]string{}}
	for _, m := range tagArgument.FindAllStringSubmatch(text, 50) {
		value := m[2] + m[3] + m[4]
		if m[4] != "" {
			if v, ok := l.variable(m[4]); ok {
				value = liquidText(v)
			}
		}
		if m[1] != "" {
			p.named[strings.ToLower(m[1])] = value
		} else {
			p.placed = append(p.placed, value)
		}
	}
	return p
}

// post is the address that {% post_url name %} and {% link path %} mean.
func (l *liquid) post(tag liquidMark) string {
	want := strings.Trim(strings.TrimSpace(tag.arguments), `"'`)
	if strings.Contains(want, "{{") { // its own output stands in the tag
		return ""
	}
	want = strings.TrimPrefix(want, "/")
	if tag.name == "link" {
		return l.afterBase(l.linkTo(tag, want))
	}
	if to, ok := l.tree.postNamed(want); ok {
		return l.afterBase(to)
	}
	l.warn(tag.from, "the tag post_url leads to "+clip(want)+", which is not in the content folder")
	return l.article.site.absolute("/")
}

// afterBase is an address as a path. Jekyll 3 left the blog's folder out of it,
// so many write {{ site.baseurl }} before.
func (l *liquid) afterBase(address string) string {
	s := l.article.site
	address = s.withoutHost(address)
	if base := strings.TrimSuffix(s.url.Path, "/"); base != "" && strings.HasSuffix(l.out.String(), base) {
		address = strings.TrimPrefix(address, base)
	}
	return address
}

// postNamed finds a post by its file's name without the extension, before which
// folders may stand; _posts is left out of them.
func (t *Tree) postNamed(want string) (string, bool) {
	known := t.known.Load()
	if known == nil {
		return "", false
	}
	best := ""
	for p := range *known {
		stem := "/" + strings.ReplaceAll("/"+strings.TrimSuffix(p, path.Ext(p)), "/_posts/", "/")
		if strings.HasSuffix(stem, "/"+want) && (best == "" || p < best) {
			best = p
		}
	}
	return (*known)[best], best != ""
}

// linkTo follows {% link %}, whose path counts from the blog's root folder.
func (l *liquid) linkTo(tag liquidMark, want string) string {
	s := l.article.site
	inTree := want
	if rest, ok := strings.CutPrefix(want, s.below+"/"); ok && s.below != "" {
		inTree = rest
	}
	if to, ok := l.tree.addressOf(inTree); ok {
		return to
	}
	if !isMarkdownName(want) && path.Ext(want) != ".html" {
		return s.absolute(want)
	}
	if j, ok := l.article.engine.(*jekyll); ok {
		if to, ok := j.documentAddress(want); ok {
			return s.absolute(to)
		}
	}
	l.warn(tag.from, "the tag link leads to "+clip(want)+", which is not in the content folder")
	return s.absolute("/")
}

// maxIncludes bounds includes within includes.
const maxIncludes = 5

// include evaluates a file of the blog's own, or does what the best known ones
// of themes do.
func (l *liquid) include(tag liquidMark) string {
	arguments := l.tagArguments(tag.arguments)
	name := strings.TrimSuffix(arguments.get(0), ",")
	if out, ok := l.includedFile(tag, name, arguments); ok {
		return out
	}
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	src := arguments.get(-1, "image_path", "src", "url", "image", "file", "path", "name")
	switch base {
	case "figure", "image", "img", "picture", "responsive-image":
		if src != "" {
			f := figure{src: src, alt: arguments.get(-1, "alt", "description"), caption: l.inlineHTML(arguments.get(-1, "caption"))}
			return f.html()
		}
	case "video":
		if id := arguments.get(-1, "id"); id != "" {
			if provider := arguments.get(-1, "provider"); provider != "" {
				if out, ok := embed(provider, id, arguments.get(-1, "title")); ok {
					return out
				}
			}
			out, _ := embed("youtube", id, arguments.get(-1, "title"))
			return out
		}
	case "toc":
		return ""
	}
	base = strings.ToLower(strings.NewReplacer("-", "", "_", "", "embed", "", "player", "", "video", "").Replace(base))
	if out, ok := embed(base, arguments.get(-1, "id", "url", "src", base+"_id"), arguments.get(-1, "title")); ok && out != "" {
		return out
	}
	l.warn(tag.from, "the include "+clip(name)+" is not known here and was left out")
	return ""
}

func (l *liquid) includedFile(tag liquidMark, name string, arguments shortcodeParams) (string, bool) {
	folder := "_includes"
	if tag.name == "include_relative" {
		folder = path.Join(l.article.site.below, path.Dir(l.article.path))
	}
	if strings.Contains(name, "..") {
		return "", false
	}
	root := l.article.site.root
	if j, ok := l.article.engine.(*jekyll); ok {
		root = j.source()
	}
	file := inside(root, filepath.Join(filepath.FromSlash(folder), filepath.FromSlash(name)))
	if file == "" || l.depth >= maxIncludes {
		return "", false
	}
	info, err := os.Stat(file)
	if err != nil || info.Size() > 64<<10 {
		return "", false
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", false
	}
	values := map[string]any{}
	for k, v := range arguments.named {
		values[k] = v
	}
	vars := map[string]any{"include": values}
	for k, v := range l.vars[0] {
		vars[k] = v
	}
	vars["include"] = values
	inner := *l.macros
	inner.quiet, inner.depth = true, l.depth+1
	return strings.TrimSpace(expandLiquid(&inner, strings.ToValidUTF8(string(text), ""), l.comments, vars, l.tags)), true
}
