package dialect

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"publisher/content/limits"
	"publisher/content/mdsource"
	"publisher/content/sanitize"
	"publisher/internal/uri"
	"publisher/internal/xmltext"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// linker makes the links of one post absolute.
type Linker struct {
	Article *Page
	Tree    *Blog // nil while scanning: then addresses of other posts are unknown
	Home    *Blog // the tree while scanning
	Lost    []string
	Asked   []string // files of the tree whose addresses were looked up
	known   map[string]sanitize.Target
}

// fileOf implements linkFinder.
func (l *Linker) FileOf(to sanitize.Target) (file string, looked []string) {
	for _, p := range to.Places {
		for _, rel := range spellings(p.Rel) {
			looked = append(looked, filepath.Join(p.Dir, filepath.FromSlash(rel)))
			if file = l.Article.Site.inside(p.Dir, filepath.FromSlash(rel)); file != "" {
				return file, looked
			}
		}
	}
	return "", looked
}

// sizeOf is the size of the local file that a target means.
func (l *Linker) sizeOf(to sanitize.Target) (int64, bool) {
	file, _ := l.FileOf(to)
	if file == "" {
		return 0, false
	}
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), true
}

// schemes are those that a feed or a mail may link to.
var schemes = map[string]bool{"http": true, "https": true, "mailto": true, "tel": true, "ftp": true, "sms": true, "xmpp": true, "geo": true, "magnet": true, "gemini": true}

// follow finds where a link leads, be it the engine's own form, relative to the
// post's address, or from the site's root.
func (l *Linker) Follow(dest string) sanitize.Target {
	if to, ok := l.known[dest]; ok {
		return to
	}
	l.Article.Budget.Step(limits.FileSteps)
	to := l.find(dest)
	if l.known == nil {
		l.known = map[string]sanitize.Target{}
	}
	l.known[dest] = to
	return to
}

func (l *Linker) find(dest string) sanitize.Target {
	dest = strings.TrimSpace(xmltext.Clean(dest))
	if dest == "" {
		return sanitize.Target{}
	}
	plain := dest
	if unescaped, err := url.PathUnescape(dest); err == nil {
		plain = unescaped
	}
	if to, ok := l.Article.Engine.Resolve(l, plain); ok {
		return to
	}
	u, err := uri.Parse(dest)
	if err != nil {
		return sanitize.Target{}
	}
	if u.IsAbs() {
		if !schemes[strings.ToLower(u.Scheme)] || u.Opaque == "" && u.Host == "" && (u.Scheme == "http" || u.Scheme == "https") {
			return sanitize.Target{}
		}
		return sanitize.Target{URL: u.String()}
	}
	if u.Host != "" { // //example.com/ takes the site's scheme
		u.Scheme = l.Article.Site.Url.Scheme
		return sanitize.Target{URL: u.String()}
	}
	return l.local(u)
}

// local resolves a relative reference. The site may live below a folder, and a
// leading slash means the host's root, as it does in a browser.
func (l *Linker) local(u *url.URL) sanitize.Target {
	if mdsource.IsMarkdownName(u.Path) && !strings.HasPrefix(u.Path, "/") {
		file := path.Join(path.Dir(l.Article.Path), u.Path)
		fragment := ""
		if u.Fragment != "" {
			fragment = "#" + u.EscapedFragment()
		}
		if to, ok := l.Post(file); ok {
			return sanitize.Target{URL: to + fragment}
		}
	}
	base, err := url.Parse(l.Article.Post.URL)
	if err != nil {
		return sanitize.Target{}
	}
	to := sanitize.Target{URL: base.ResolveReference(u).String()}
	if u.Path != "" {
		to.Places = l.places(u.Path)
	}
	return to
}

// places are what a path of the site may be made of: a file beside the post, below
// content.dir, or in a folder that the engine copies as it is.
func (l *Linker) places(p string) []sanitize.Place {
	s := l.Article.Site
	if !strings.HasPrefix(p, "/") {
		return []sanitize.Place{{Dir: s.Dir, Rel: path.Join(path.Dir(l.Article.Path), p)}}
	}
	list := []sanitize.Place{{Dir: s.Dir, Rel: p[1:]}}
	for _, folder := range [...]string{"static", "assets", "public", "src", "."} {
		list = append(list, sanitize.Place{Dir: s.Root, Rel: path.Join(folder, p)})
	}
	return list
}

// spellings are a file's name as it is written and in the other Unicode forms:
// file systems of macOS decompose letters that authors type composed.
func spellings(name string) []string {
	all := []string{name}
	for _, form := range []norm.Form{norm.NFC, norm.NFD} {
		if other := form.String(name); !slices.Contains(all, other) {
			all = append(all, other)
		}
	}
	return all
}

// local is a regular file below content.dir, "" where there is none.
func (s *Site) Local(rel string) string { return s.inside(s.Dir, filepath.FromSlash(rel)) }

// toSite leads to a path on the site, which may carry a fragment.
func (l *Linker) ToSite(p string) sanitize.Target {
	p, fragment := CutFragment(p)
	return sanitize.Target{URL: l.Article.Site.Absolute(p) + fragment}
}

// toPost leads to the post that a file of the tree makes. Where there is no such
// file the link is dropped and its text stays.
func (l *Linker) ToPost(file, fragment string) sanitize.Target {
	if to, ok := l.Post(file); ok {
		return sanitize.Target{URL: to + fragment}
	}
	if len(l.Lost) < MaxWarnings {
		l.Lost = append(l.Lost, file)
	}
	return sanitize.Target{}
}

func (l *Linker) Post(file string) (string, bool) {
	file = path.Clean(file)
	for _, file := range spellings(file) {
		if file == l.Article.Path {
			return l.Article.Post.URL, true
		}
		if l.Tree == nil {
			continue
		}
		l.Asked = append(l.Asked, file)
		if to, ok := l.Tree.AddressOf(file); ok {
			return to, true
		}
	}
	return "", false
}

// addressOf is where a file's post or page stands on the site.
func (t *Blog) AddressOf(p string) (address string, ok bool) {
	if posts := t.Posts.Load(); posts != nil {
		if to, known := posts.urls()[p]; known {
			return to, true
		}
	}
	real := t.Site.Local(p)
	if real == "" {
		return "", false
	}
	info, err := os.Stat(real)
	if err != nil {
		return "", false
	}
	defer func() { // what is wrong with that file is no fault of the one that links to it
		if fault := recover(); fault != nil && limits.Recovered(fault) == nil {
			panic(fault)
		} else if fault != nil {
			address, ok = "", false
		}
	}()
	src := t.Reader().Read(File{Path: p, Real: real, Size: info.Size(), ModTime: info.ModTime()})
	if src.Invalid() {
		return "", false
	}
	a := t.ArticleOf(src)
	a.FillFields()
	a.Engine.Complete(a)
	if a.Engine.IsPage(a) {
		if where, ok := a.Engine.PageAddress(a); ok {
			return t.Site.Absolute(where), true
		}
	}
	a.FillAddress()
	return a.Post.URL, true
}

func CutFragment(s string) (before, fragment string) {
	if i := strings.IndexAny(s, "#?"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
