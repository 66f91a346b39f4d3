package content

import (
	"os"
	"path/filepath"
	"strings"
)

// macros are what Liquid asks of the program, but for an engine's own tags, filters and includes.
var _ liquidHost = (*macros)(nil)

// liquidOptions are those of a text in which an engine's Liquid stands.
func (m *macros) liquidOptions() liquidOptions {
	return liquidOptions{location: m.article.site.loc, budget: m.article.budget}
}

// Absolute returns the address of a path on the site.
func (m *macros) Absolute(p string) string {
	p, fragment := cutFragment(p)
	return m.article.site.absolute(p) + fragment
}

// Relative returns an address of the site without scheme and host.
func (m *macros) Relative(address string) string { return m.article.site.withoutHost(address) }

// Slugify returns a text as the engine makes parts of addresses.
func (m *macros) Slugify(text string) string { return m.article.engine.slugify(text) }

// Markdown returns the HTML of a text as the engine makes it.
func (m *macros) Markdown(text string) (string, bool) {
	if m.tree == nil {
		return "", false
	}
	out, err := m.tree.markdown.html(text, m.article.writing())
	return out, err == nil
}

// Include finds no file.
func (m *macros) Include(string, bool) (string, bool) { return "", false }

// Tag knows no tag.
func (m *macros) Tag(*liquid, liquidMark, string) (string, bool) { return "", false }

// Filter knows no filter.
func (m *macros) Filter(*liquid, string, any, []any) (out any, found, ok bool) {
	return nil, false, false
}

// maxInclude bounds a file that is included, in bytes.
const maxInclude = 64 << 10

// readInclude reads a file below a folder of the blog's; ok is false where there is none, or none that
// may be read.
func (s *site) readInclude(root, folder, name string) (text string, ok bool) {
	file := s.insideFolder(filepath.Join(root, filepath.FromSlash(folder)), filepath.FromSlash(name))
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
