// Package catalog finds out which posts there are: it recognizes each of the tree in the ledger,
// gives numbers to those that have become mailable, and renders them.
package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
	"publisher/internal/publish/report"
)

// Source is what a catalog is made from.
type Source struct {
	Config *config.Config
	Tree   *content.Tree
	Ledger *ledger.Ledger
	Log    *slog.Logger
	Build  string // the program's version: another one reads every file again
	// Memory is what passes leave for the next ones; nil for the ledger's.
	Memory passstate.Memory
}

// Options say how a pass surveys the tree.
type Options struct {
	// FeedsOnly leaves it to the first whole pass to decide which posts are new.
	FeedsOnly bool
	// NumberNone gives no post a number, because the list of subscribers could not be read:
	// whoever was added to it together with a post is to get that post.
	NumberNone bool
	// LoadAll loads the posts even if nothing has changed since the last pass.
	LoadAll bool
	// Follow leaves everything as it is in the ledger, where another process records the posts, and
	// leaves out those that it does not have yet. FeedsOnly is set with it.
	Follow bool
	// Strange is set if the posts were recorded from the content tree of another machine. If this one lacks
	// many of them, Survey fails with a *LackError, and changes nothing.
	Strange bool
}

// Entry is one post of the tree beside what the ledger has of it.
type Entry struct {
	Post *post.Post
	Row  ledger.Post
}

// Catalog is the posts of a content tree as one pass sees them: recognized, numbered, and
// rendered when asked for. After Survey it may be used by several goroutines.
type Catalog struct {
	Source
	start    time.Time // of the pass
	options  Options
	renderer renderer

	firstPass time.Time // when the first pass was; this one's start if it is the first
	isFirst   bool
	scan      *content.Scan
	scanID    string // distinguishes the stored snapshot from others
	note      *passstate.UnchangedNote
	unchanged bool
	followed  string // what the ledger has of the posts; "" unless another process records them

	loaded       bool // the fields below are known; not yet if nothing has changed
	entries      []Entry
	postProblems []post.Problem // what is wrong with posts beyond their own files
	numbering    numbering

	mu       sync.Mutex // guards what rendering finds
	counts   report.Posts
	warnings []report.Warning
	held     []string
	leftOut  map[string]post.Problem // by path
}

// New returns the catalog of a pass that starts now; Survey fills it.
func New(source Source, start time.Time) *Catalog {
	if source.Memory == nil {
		source.Memory = passstate.InLedger(source.Ledger)
	}
	return &Catalog{Source: source, start: start, renderer: newRenderer(source.Tree), leftOut: map[string]post.Problem{}}
}

// Start returns when the pass began, which decides what is published.
func (c *Catalog) Start() time.Time { return c.start }

// FirstPass returns when the first pass was; the start of this one if there was none.
func (c *Catalog) FirstPass() time.Time { return c.firstPass }

// Unchanged reports whether nothing has changed since the last pass, and no date has come.
func (c *Catalog) Unchanged() bool { return c.unchanged }

// Loaded reports whether the posts are loaded. See Load.
func (c *Catalog) Loaded() bool { return c.loaded }

// Entries returns the posts, in no order.
func (c *Catalog) Entries() []Entry { return c.entries }

// LeftOut returns the posts that the blog's engine leaves out.
func (c *Catalog) LeftOut() []post.LeftOut { return c.scan.LeftOut }

// Report is what a catalog reports.
type Report struct {
	Counts   report.Posts
	Held     []string // paths of the posts that the flood guard holds
	Warnings []report.Warning
}

// Report returns what the catalog has found so far.
func (c *Catalog) Report() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Report{Counts: c.counts, Held: c.held, Warnings: slices.Clone(c.warnings)}
}

// warn adds problems to the report. The caller holds mu if posts are being rendered.
func (c *Catalog) warn(problems []post.Problem) {
	for _, problem := range problems {
		c.warnings = append(c.warnings, report.Warning{Path: c.Path(problem.Path), Line: problem.Line, Message: problem.Message})
	}
}

// Path makes a path of the content tree one relative to config.yaml's folder, which an
// editor can open.
func (c *Catalog) Path(rel string) string { return filePath(c.Config.Content.Dir, rel) }

// filePath is Path for the content tree in dir.
func filePath(dir, rel string) string {
	if rel == "" {
		return filepath.ToSlash(dir)
	}
	return path.Join(filepath.ToSlash(dir), rel)
}

// NewestFirst returns posts sorted as digests and listings show them.
func NewestFirst(entries []Entry) []Entry {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b Entry) int {
		return cmp.Or(b.Post.Date.Compare(a.Post.Date), b.Row.FirstSeen.Compare(a.Row.FirstSeen), strings.Compare(a.Post.Path, b.Post.Path))
	})
	return sorted
}

// Tags returns the tags of the published posts that go into mail, by language, each once,
// ignoring case.
func (c *Catalog) Tags() map[string][]string {
	seen := map[string]map[string]string{}
	for _, e := range c.entries {
		if !c.Published(e) || e.Post.FeedOnly {
			continue
		}
		language := c.Config.LanguageOf(e.Post.Language)
		if seen[language] == nil {
			seen[language] = map[string]string{}
		}
		for _, tag := range e.Post.Tags {
			if _, ok := seen[language][strings.ToLower(tag)]; !ok {
				seen[language][strings.ToLower(tag)] = tag
			}
		}
	}
	tags := map[string][]string{}
	for language, spelled := range seen {
		for _, tag := range spelled {
			tags[language] = append(tags[language], tag)
		}
		slices.Sort(tags[language])
	}
	return tags
}

// Find returns the post with an id, path or address.
func (c *Catalog) Find(name string) (Entry, bool) {
	i := slices.IndexFunc(c.entries, func(e Entry) bool { return isNamed(c.Config.Content.Dir, name, e.Row) })
	if i < 0 {
		return Entry{}, false
	}
	return c.entries[i], true
}

// isNamed reports whether name is a post's id, path or address.
func isNamed(dir, name string, row ledger.Post) bool {
	clean := strings.TrimPrefix(name, "./")
	return name == row.ID || name == row.URL || strings.TrimSuffix(name, "/") == strings.TrimSuffix(row.URL, "/") ||
		clean == row.Path || clean == filePath(dir, row.Path)
}

// ErrNotFound says that what a command names does not exist.
var ErrNotFound = errors.New("not found")

// Release releases held posts: those named by id, path or address, or all if there are no
// names. It returns their paths, with content.dir before them; the next pass mails them.
func Release(ctx context.Context, l *ledger.Ledger, dir string, names []string) ([]string, error) {
	rows, err := l.Posts(ctx)
	if err != nil {
		return nil, err
	}
	var release []ledger.Post
	used := map[string]bool{}
	for _, row := range rows {
		if row.Stage != ledger.Held || !row.Gone.IsZero() {
			continue
		}
		named := len(names) == 0
		for _, name := range names {
			if isNamed(dir, name, row) {
				named, used[name] = true, true
			}
		}
		if named {
			row.Stage = ledger.Released
			release = append(release, row)
		}
	}
	for _, name := range names {
		if !used[name] {
			return nil, hint.With(fmt.Errorf("%w: no held post has the id, path or address %q", ErrNotFound, name), "`publisher posts` lists them")
		}
	}
	paths := make([]string, len(release))
	for i, row := range release {
		paths[i] = filePath(dir, row.Path)
	}
	if len(release) == 0 {
		return paths, nil
	}
	slices.Sort(paths)
	return paths, l.SavePosts(ctx, release)
}
