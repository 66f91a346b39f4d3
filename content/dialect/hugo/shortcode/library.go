package shortcode

// Template is one of the blog's own or of its themes, in the language of html/template.
type Template struct {
	Name   string
	Text   string
	IsHTML bool // else Markdown
}

// Library is the templates of a blog and its themes, and their translations. The zero
// value is an empty one.
type Library struct {
	Shortcodes   map[string]*Template         // by name
	Hooks        map[string]*Template         // by kind, such as image, or by section and kind, such as posts/image
	Partials     map[string]*Template         // by lower-case path below partials, without .html
	Translations map[string]map[string]string // by lower-case language, then key
}

// NewLibrary returns an empty library to be filled.
func NewLibrary() *Library {
	return &Library{Shortcodes: map[string]*Template{}, Hooks: map[string]*Template{}, Partials: map[string]*Template{}, Translations: map[string]map[string]string{}}
}
