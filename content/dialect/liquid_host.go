package dialect

import (
	"os"
	"path/filepath"
	"publisher/content/liquid"
	"strings"
)

// macros are what Liquid asks of the program, but for an engine's own tags, filters and includes.
var _ liquid.Host = (*Expansion)(nil)

// liquidOptions are those of a text in which an engine's Liquid stands.
func (m *Expansion) LiquidOptions() liquid.Options {
	return liquid.Options{Location: m.Article.Site.Loc, Budget: m.Article.Budget}
}

// Absolute returns the address of a path on the site.
func (m *Expansion) Absolute(p string) string {
	p, fragment := CutFragment(p)
	return m.Article.Site.Absolute(p) + fragment
}

// Relative returns an address of the site without scheme and host.
func (m *Expansion) Relative(address string) string { return m.Article.Site.WithoutHost(address) }

// Slugify returns a text as the engine makes parts of addresses.
func (m *Expansion) Slugify(text string) string { return m.Article.Engine.Slugify(text) }

// Markdown returns the HTML of a text as the engine makes it.
func (m *Expansion) Markdown(text string) (string, bool) {
	if m.Tree == nil {
		return "", false
	}
	out, err := m.Tree.Markdown.HTML(text, m.Article.MarkdownOptions())
	return out, err == nil
}

// Include finds no file.
func (m *Expansion) Include(string, bool) (string, bool) { return "", false }

// Tag knows no tag.
func (m *Expansion) Tag(*liquid.Evaluator, liquid.Mark, string) (string, bool) { return "", false }

// Filter knows no filter.
func (m *Expansion) Filter(*liquid.Evaluator, string, any, []any) (out any, found, ok bool) {
	return nil, false, false
}

// maxInclude bounds a file that is included, in bytes.
const maxInclude = 64 << 10

// readInclude reads a file below a folder of the blog's; ok is false where there is none, or none that
// may be read.
func (s *Site) ReadInclude(root, folder, name string) (text string, ok bool) {
	file := s.InsideFolder(filepath.Join(root, filepath.FromSlash(folder)), filepath.FromSlash(name))
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
