package dialect

import (
	"os"
	"path/filepath"
	"strings"

	"publisher/content/liquid"
)

// macros are what Liquid asks of the program, but for an engine's own tags, filters and includes.
var _ liquid.Host = (*Expansion)(nil)

// LiquidOptions returns the options for the Liquid of this text.
func (x *Expansion) LiquidOptions() liquid.Options {
	return liquid.Options{Location: x.Page.Site.Location, Budget: x.Page.Budget}
}

// Absolute returns the address of a path on the site.
func (x *Expansion) Absolute(p string) string {
	p, fragment := CutFragment(p)
	return x.Page.Site.Absolute(p) + fragment
}

// Relative returns an address of the site without scheme and host.
func (x *Expansion) Relative(address string) string { return x.Page.Site.WithoutHost(address) }

// Slugify returns a text as the engine makes it an element of a path.
func (x *Expansion) Slugify(text string) string { return x.Page.Engine.Slugify(text) }

// Markdown returns the HTML of a text as the engine renders it.
func (x *Expansion) Markdown(text string) (string, bool) {
	if x.Blog == nil {
		return "", false
	}
	out, err := x.Blog.Markdown.HTML(text, x.Page.MarkdownOptions())
	return out, err == nil
}

// Include finds no file.
func (x *Expansion) Include(string, bool) (string, bool) { return "", false }

// Tag knows no tag.
func (x *Expansion) Tag(*liquid.Evaluator, liquid.Tag, string) (string, bool) { return "", false }

// Filter knows no filter.
func (x *Expansion) Filter(*liquid.Evaluator, string, any, []any) (out any, found, ok bool) {
	return nil, false, false
}

// maxInclude bounds an included file, in bytes.
const maxInclude = 64 << 10

// ReadInclude returns a file below a folder of the blog; ok is false if there is none, or none
// that may be read.
func (s *Site) ReadInclude(root, folder, name string) (text string, ok bool) {
	file := s.FileIn(filepath.Join(root, filepath.FromSlash(folder)), filepath.FromSlash(name))
	if file == "" {
		return "", false
	}
	info, err := os.Stat(file)
	if err != nil || info.Size() > maxInclude {
		return "", false
	}
	read, err := os.ReadFile(file)
	if err != nil {
		return "", false
	}
	return strings.ToValidUTF8(strings.ReplaceAll(string(read), "\r\n", "\n"), ""), true
}
