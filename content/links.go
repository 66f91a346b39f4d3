package content

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"publisher/internal/xmltext"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// linker makes the links of one post absolute.
type linker struct {
	article *article
	tree    *blog // nil while scanning: then addresses of other posts are unknown
	home    *blog // the tree while scanning
	lost    []string
	asked   []string // files of the tree whose addresses were looked up
	known   map[string]target
}

// fileOf implements linkFinder.
func (l *linker) fileOf(to target) (file string, looked []string) {
	for _, p := range to.places {
		for _, rel := range spellings(p.rel) {
			looked = append(looked, filepath.Join(p.dir, filepath.FromSlash(rel)))
			if file = l.article.site.inside(p.dir, filepath.FromSlash(rel)); file != "" {
				return file, looked
			}
		}
	}
	return "", looked
}

// sizeOf is the size of the local file that a target means.
func (l *linker) sizeOf(to target) (int64, bool) {
	file, _ := l.fileOf(to)
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
func (l *linker) follow(dest string) target {
	if to, ok := l.known[dest]; ok {
		return to
	}
	l.article.budget.step(fileSteps)
	to := l.find(dest)
	if l.known == nil {
		l.known = map[string]target{}
	}
	l.known[dest] = to
	return to
}

func (l *linker) find(dest string) target {
	dest = strings.TrimSpace(xmltext.Clean(dest))
	if dest == "" {
		return target{}
	}
	plain := dest
	if unescaped, err := url.PathUnescape(dest); err == nil {
		plain = unescaped
	}
	if to, ok := l.article.engine.resolve(l, plain); ok {
		return to
	}
	u, err := parseAddress(dest)
	if err != nil {
		return target{}
	}
	if u.IsAbs() {
		if !schemes[strings.ToLower(u.Scheme)] || u.Opaque == "" && u.Host == "" && (u.Scheme == "http" || u.Scheme == "https") {
			return target{}
		}
		return target{url: u.String()}
	}
	if u.Host != "" { // //example.com/ takes the site's scheme
		u.Scheme = l.article.site.url.Scheme
		return target{url: u.String()}
	}
	return l.local(u)
}

// local resolves a relative reference. The site may live below a folder, and a
// leading slash means the host's root, as it does in a browser.
func (l *linker) local(u *url.URL) target {
	if isMarkdownName(u.Path) && !strings.HasPrefix(u.Path, "/") {
		file := path.Join(path.Dir(l.article.path), u.Path)
		fragment := ""
		if u.Fragment != "" {
			fragment = "#" + u.EscapedFragment()
		}
		if to, ok := l.post(file); ok {
			return target{url: to + fragment}
		}
	}
	base, err := url.Parse(l.article.post.URL)
	if err != nil {
		return target{}
	}
	to := target{url: base.ResolveReference(u).String()}
	if u.Path != "" {
		to.places = l.places(u.Path)
	}
	return to
}

// places are what a path of the site may be made of: a file beside the post, below
// content.dir, or in a folder that the engine copies as it is.
func (l *linker) places(p string) []place {
	s := l.article.site
	if !strings.HasPrefix(p, "/") {
		return []place{{dir: s.dir, rel: path.Join(path.Dir(l.article.path), p)}}
	}
	list := []place{{dir: s.dir, rel: p[1:]}}
	for _, folder := range [...]string{"static", "assets", "public", "src", "."} {
		list = append(list, place{dir: s.root, rel: path.Join(folder, p)})
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
func (s *site) local(rel string) string { return s.inside(s.dir, filepath.FromSlash(rel)) }

// toSite leads to a path on the site, which may carry a fragment.
func (l *linker) toSite(p string) target {
	p, fragment := cutFragment(p)
	return target{url: l.article.site.absolute(p) + fragment}
}

// toPost leads to the post that a file of the tree makes. Where there is no such
// file the link is dropped and its text stays.
func (l *linker) toPost(file, fragment string) target {
	if to, ok := l.post(file); ok {
		return target{url: to + fragment}
	}
	if len(l.lost) < maxWarnings {
		l.lost = append(l.lost, file)
	}
	return target{}
}

func (l *linker) post(file string) (string, bool) {
	file = path.Clean(file)
	for _, file := range spellings(file) {
		if file == l.article.path {
			return l.article.post.URL, true
		}
		if l.tree == nil {
			continue
		}
		l.asked = append(l.asked, file)
		if to, ok := l.tree.addressOf(file); ok {
			return to, true
		}
	}
	return "", false
}

// addressOf is where a file's post or page stands on the site.
func (t *blog) addressOf(p string) (address string, ok bool) {
	if posts := t.posts.Load(); posts != nil {
		if to, known := posts.urls()[p]; known {
			return to, true
		}
	}
	real := t.site.local(p)
	if real == "" {
		return "", false
	}
	info, err := os.Stat(real)
	if err != nil {
		return "", false
	}
	defer func() { // what is wrong with that file is no fault of the one that links to it
		if fault := recover(); fault != nil && stopped(fault) == nil {
			panic(fault)
		} else if fault != nil {
			address, ok = "", false
		}
	}()
	src := t.reader().read(file{path: p, real: real, size: info.Size(), modTime: info.ModTime()})
	if src.invalid() {
		return "", false
	}
	a := t.articleOf(src)
	a.fillFields()
	a.engine.complete(a)
	if a.engine.isPage(a) {
		if where, ok := a.engine.pageAddress(a); ok {
			return t.site.absolute(where), true
		}
	}
	a.fillAddress()
	return a.post.URL, true
}

func cutFragment(s string) (before, fragment string) {
	if i := strings.IndexAny(s, "#?"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}
