package content

// eleventyTags are those that the most used plugins add.
func eleventyTags(l *liquid, tag liquidMark, inner string) (string, bool) {
	if e, ok := l.article.engine.(*eleventy); ok {
		if out, found, ok := e.ownShortcode(l, tag, inner); found && ok {
			return out, true
		}
	}
	switch tag.name {
	case "post_url":
		return l.post(tag), true
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
