package content

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/internal/private"
	"publisher/internal/xmltext"
)

// listing is what a walk over the tree found: files by path, and problems such as links that it
// did not follow.
type listing struct {
	files       []dialect.File
	folderFiles []dialect.File // what speaks of the posts around it
	problems    []post.Problem
}

// list stats every file of the tree that can be a post.
func (t *Tree) list(ctx context.Context) (*listing, error) {
	t.blog.Site.Seen.Store(t.cfg.Private().Look())
	w := &walker{tree: t, skip: t.outputFolders()}
	if err := w.folder(ctx, t.blog.Site.Dir, ""); err != nil {
		return nil, fmt.Errorf("reading content.dir %s: %w", t.blog.Site.Dir, err)
	}
	w.warnOfUnread()
	if err := w.stat(ctx); err != nil {
		return nil, err
	}
	byPath := func(a, b dialect.File) int { return cmp.Compare(a.Path, b.Path) }
	slices.SortFunc(w.files, byPath)
	slices.SortFunc(w.folderFiles, byPath)
	if t.blog.Engine.HasBundles() {
		w.files = slices.DeleteFunc(w.files, bundled(w.files))
	}
	return &w.listing, nil
}

// bundled returns whether a file is in a leaf bundle: Hugo makes no pages of those.
func bundled(files []dialect.File) func(dialect.File) bool {
	leaves := map[string]bool{}
	for _, f := range files {
		if dir := path.Dir(f.Path); dir != "." && strings.HasPrefix(path.Base(f.Path), "index.") {
			leaves[dir] = true
		}
	}
	return func(f dialect.File) bool {
		dir := path.Dir(f.Path)
		if leaves[dir] && strings.HasPrefix(path.Base(f.Path), "index.") {
			dir = path.Dir(dir)
		}
		for ; dir != "."; dir = path.Dir(dir) {
			if leaves[dir] {
				return true
			}
		}
		return false
	}
}

type walker struct {
	listing
	tree   *Tree
	skip   map[string]bool // absolute paths
	unread []string        // articles in reStructuredText
	found  []candidate
}

// noteUnread notes a post in a markup that is not read.
func (w *walker) noteUnread(rel string) {
	if w.tree.blog.Engine.IsOtherMarkup(rel) && w.tree.blog.Engine.MayBePost(rel) && !w.excluded(rel) {
		w.unread = append(w.unread, rel)
	}
}

func (w *walker) warnOfUnread() {
	if len(w.unread) == 0 {
		return
	}
	slices.Sort(w.unread)
	if ext := strings.ToLower(path.Ext(w.unread[0])); ext != ".rst" && ext != ".rest" {
		w.warn(w.unread[0], fmt.Sprintf("is not Markdown, the only markup that publisher reads: %s left out; convert them to Markdown, or silence this with content.exclude", counted(len(w.unread), "such page")))
		return
	}
	w.warn(w.unread[0], fmt.Sprintf("is reStructuredText, which publisher does not read: %s left out; convert them to Markdown (pandoc -f rst -t markdown), or silence this by excluding *.rst with content.exclude", counted(len(w.unread), "such article")))
}

// outputFolders returns the folders that we write, and those that engines and their tools fill
// with copies.
func (t *Tree) outputFolders() map[string]bool {
	skip := map[string]bool{}
	for _, dir := range []string{t.cfg.Feeds.Dir, t.cfg.Mail.Outbox, t.cfg.Templates} {
		if dir != "" {
			skip[t.cfg.Path(dir)] = true
		}
	}
	if t.blog.Settings == nil {
		return skip // nothing says which folder is the blog's root
	}
	for _, name := range []string{"_site", "public", "output", "resources", "themes", "layouts", "archetypes", "vendor"} {
		skip[filepath.Join(t.blog.Site.Root, name)] = true
	}
	return skip
}

func (w *walker) folder(ctx context.Context, dir, rel string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		if rel == "" {
			return err
		}
		w.warn(rel, fmt.Sprintf("the folder cannot be read: %v; fix its permissions or exclude it with content.exclude", dialect.Reason(err)))
		return nil
	}
	for _, e := range entries {
		if name := e.Name(); name[0] != '.' && name != "node_modules" {
			if err := w.entry(ctx, e, filepath.Join(dir, name), path.Join(rel, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walker) entry(ctx context.Context, e fs.DirEntry, full, rel string) error {
	isLink := e.Type()&fs.ModeSymlink != 0
	if e.IsDir() {
		if w.skip[full] || w.excluded(rel) || w.tree.blog.Site.IsPrivate(full, nil) {
			return nil
		}
		return w.folder(ctx, full, rel)
	}
	if isLink {
		w.link(full, rel)
		return nil
	}
	beside := w.tree.blog.Engine.IsFolderFile(path.Join(w.tree.blog.Site.Subdir, rel))
	if !beside && !w.candidate(rel) || w.excluded(rel) {
		w.noteUnread(rel)
		return nil
	}
	if beside {
		w.folderFiles = append(w.folderFiles, dialect.File{Path: rel, Real: full})
		return nil
	}
	if !e.Type().IsRegular() {
		w.warn(rel, "is not a regular file (a pipe, socket or device); skipped it")
		return nil
	}
	w.found = append(w.found, candidate{rel, full, e})
	return nil
}

// take adds a file, unless its name has bytes that neither an address nor a feed can have.
func (w *walker) take(rel, real string, info fs.FileInfo) {
	if path := printableName(rel); path != rel {
		w.problems = append(w.problems, post.Problem{Path: path, Invalid: true,
			Message: "the file's name has control characters or bytes that are not UTF-8 (shown as _) and is left out; rename it"})
		return
	}
	if w.tree.blog.Site.IsPrivate(real, info) {
		w.warn(rel, "is private (the config, the ledger, the list of subscribers, a key, a mail, or a copy of one), not a post; left it out: move it out of the content folder")
		return
	}
	w.files = append(w.files, dialect.File{Path: rel, Real: real, Size: info.Size(), ModTime: info.ModTime()})
}

// link takes a symbolic link to a file within the tree; one that leaves it could publish what was
// never meant to be.
func (w *walker) link(full, rel string) {
	if w.excluded(rel) {
		return
	}
	real, err := filepath.EvalSymlinks(full)
	if err != nil {
		if !w.candidate(rel) && filepath.Ext(rel) != "" {
			return
		}
		w.warn(rel, "is a symbolic link that is broken or circular; fix or delete it")
		return
	}
	info, err := os.Stat(real)
	if err != nil || !info.IsDir() && !w.candidate(rel) {
		return
	}
	below, err := filepath.Rel(w.tree.blog.Site.Dir, real)
	if err != nil || !filepath.IsLocal(below) {
		w.warn(rel, "is a symbolic link out of the content folder; not followed: copy the file into the folder")
		return
	}
	if info.IsDir() {
		w.warn(rel, "is a symbolic link to a folder of the same tree; not followed: its posts are found in place")
		return
	}
	switch below = filepath.ToSlash(below); {
	case w.tree.blog.Engine.HasBundles():
		w.warn(rel, "is a symbolic link, which Hugo does not follow; copy the file")
	case w.tree.blog.Site.IsPrivate(real, info):
		w.warn(rel, "is a symbolic link to a private file ("+printableName(below)+"); not followed: delete it")
	case !w.mayLeadTo(below, real, info):
		w.warn(rel, "is a symbolic link to a file that is not a post ("+printableName(below)+"); not followed: copy the file if it should be read")
	default:
		w.take(rel, real, info)
	}
}

// mayLeadTo reports whether the target of a symbolic link could be a post itself: a regular file
// of the tree that is neither hidden, private, excluded by config.yaml nor generated.
func (w *walker) mayLeadTo(below, real string, info fs.FileInfo) bool {
	if !info.Mode().IsRegular() || !isPostName(below) || private.IsHidden(below) || w.tree.blog.Site.IsPrivate(real, info) {
		return false
	}
	for _, folder := range dialect.PathPrefixes(below) {
		if w.excluded(folder) || path.Base(folder) == "node_modules" || w.skip[filepath.Join(w.tree.blog.Site.Dir, filepath.FromSlash(folder))] {
			return false
		}
	}
	return true
}

// isPostName reports whether some engine makes posts of files of that name.
func isPostName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm", ".njk", ".liquid":
		return true
	}
	return mdsource.IsMarkdownName(name)
}

func (w *walker) warn(rel, message string) {
	w.problems = append(w.problems, post.Problem{Path: printableName(rel), Message: message})
}

func (w *walker) candidate(rel string) bool {
	if !w.tree.blog.Engine.MayBePost(rel) {
		return false
	}
	return mdsource.IsMarkdownName(rel) || slices.Contains(w.tree.blog.Engine.Extensions(), strings.ToLower(path.Ext(rel)))
}

// excluded matches content.exclude. A pattern without a slash matches a name in any folder; a
// folder's name matches all that is in it.
func (w *walker) excluded(rel string) bool {
	return dialect.MatchesAny(w.tree.cfg.Content.Exclude, rel)
}

// printableName returns a file name that cannot break a log or a feed.
func printableName(rel string) string { return oneLineKeepSpaces(strings.ToValidUTF8(rel, "_")) }

func oneLineKeepSpaces(s string) string {
	return strings.Map(func(r rune) rune {
		if !xmltext.Allowed(r) || r == '\n' || r == '\r' || r == '\t' {
			return '_'
		}
		return r
	}, s)
}

func sortProblems(list []post.Problem) {
	slices.SortStableFunc(list, func(a, b post.Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
}

// counted returns a number with what it counts and the verb for it.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what + " is"
	}
	return fmt.Sprintf("%d %ss are", n, what)
}
