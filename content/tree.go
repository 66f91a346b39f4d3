// Package content finds and reads the posts of a blog: what its engine publishes, under
// the address and with the words that the engine gives them.
package content

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"publisher/content/dialect"
	"publisher/content/dialects"
	"publisher/content/limits"
	"publisher/content/markdown"
	"publisher/content/post"
	"publisher/internal/config"
	"publisher/internal/private"
)

// Tree is one blog's content folder, read by the rules of its engine. It is safe for concurrent
// use.
type Tree struct {
	cfg  *config.Config
	blog *dialect.Blog
	// clock is limits.WorkClock; tests have their own.
	clock func() (elapsed func() time.Duration, release func())
}

// begin starts to count the work of the calling goroutine.
func (t *Tree) begin() (elapsed func() time.Duration, release func()) {
	if t.clock != nil {
		return t.clock()
	}
	return limits.WorkClock()
}

// SettingError is a setting with which the tree cannot be read.
type SettingError struct {
	// Key is the one in config.yaml, such as content.dir; "" where the config of
	// the blog's own engine is at fault, which Err then names.
	Key string
	Err error
}

func (e *SettingError) Error() string {
	if e.Key == "" {
		return e.Err.Error()
	}
	return e.Key + ": " + e.Err.Error()
}

func (e *SettingError) Unwrap() error { return e.Err }

// Open finds the dialect of the tree and reads the engine's own settings. Every error is a
// *SettingError.
func Open(cfg *config.Config) (*Tree, error) {
	dir, err := contentDir(cfg)
	if err != nil {
		return nil, &SettingError{"content.dir", err}
	}
	if err := dialect.CheckPermalink(cfg.Content.Permalink); err != nil && !strings.Contains(cfg.Content.Permalink, "{") {
		return nil, &SettingError{"content.permalink", err}
	}
	for key, patterns := range map[string][]string{"content.exclude": cfg.Content.Exclude, "content.include": cfg.Content.Include} {
		for _, pattern := range patterns {
			if !doublestar.ValidatePattern(pattern) {
				return nil, &SettingError{key, fmt.Errorf("%q is not a glob; write one like drafts/** or *.txt", pattern)}
			}
		}
	}
	ours := cfg.File
	if ours != "" && !filepath.IsAbs(ours) {
		ours = filepath.Join(cfg.Dir, filepath.Base(ours))
	}
	b := &dialect.Blog{Include: cfg.Content.Include, Markdown: markdown.NewConverter()}
	if cfg.Content.Dialect != config.Markdown {
		if b.Settings, err = dialects.Find(dir, ours, cfg.Content.Dialect); err != nil {
			return nil, &SettingError{Err: err}
		}
	}
	b.Site = newSite(cfg, dir, b.Settings)
	b.Site.Seen.Store(cfg.Private().Look())
	if err := b.Settings.CheckPrivate(b.Site); err != nil {
		return nil, &SettingError{Err: err}
	}
	if b.Settings == nil && (cfg.Content.Dialect == config.Auto || cfg.Content.Dialect == config.Markdown) {
		// No engine defines the languages of the blog.
		for _, l := range cfg.Languages {
			b.Site.Languages[l.Folder] = true
		}
		b.Site.Languages[cfg.Site.Language] = len(cfg.Languages) > 0
	}
	b.Engine = dialects.New(cfg.Content.Dialect, b.Site, b.Settings)
	return &Tree{cfg: cfg, blog: b}, nil
}

// Dialect returns the engine of the tree; Markdown for none, and for a tree whose files may be of
// several.
func (t *Tree) Dialect() config.Dialect {
	switch {
	case t.blog.Settings != nil:
		return t.blog.Settings.Dialect
	case t.cfg.Content.Dialect == config.Auto:
		return config.Markdown
	}
	return t.cfg.Content.Dialect
}

func contentDir(cfg *config.Config) (string, error) {
	dir := cfg.Path(cfg.Content.Dir)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no folder %s; name the folder of your posts", dir)
	case err != nil:
		return "", fmt.Errorf("looking at %s: %w", dir, err)
	case !info.IsDir():
		return "", fmt.Errorf("%s is a file; name the folder of your posts", dir)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", fmt.Errorf("looking at %s: %w", dir, err)
	}
	return filepath.Abs(real)
}

func newSite(cfg *config.Config, dir string, settings *dialect.Settings) *dialect.Site {
	s := &dialect.Site{URL: cfg.Site.URL, Language: cfg.Site.Language, Location: cfg.Site.Timezone,
		Permalink: cfg.Content.Permalink, Dir: dir, Root: dir, Languages: map[string]bool{}}
	if settings == nil {
		return s
	}
	s.Root = settings.Root
	content := filepath.Join(settings.Root, filepath.FromSlash(settings.ContentDir))
	if rel, err := filepath.Rel(content, dir); err == nil && rel != "." && !strings.HasPrefix(rel, "..") {
		s.Subdir = filepath.ToSlash(rel)
	}
	for _, m := range settings.Mounts {
		source := filepath.Join(settings.Root, filepath.FromSlash(m.Source))
		if rel, err := filepath.Rel(source, dir); err == nil && filepath.IsLocal(rel) {
			s.Subdir, s.Mounted = path.Join(m.Target, filepath.ToSlash(rel)), m.Target != ""
			break
		}
	}
	// The engine's zone decides the dates in its addresses.
	if loc, err := time.LoadLocation(settings.Scalar("timezone")); err == nil && settings.Scalar("timezone") != "" {
		s.Location = loc
	}
	if languages, ok := settings.Value("languages").(map[string]any); ok {
		for tag := range languages {
			s.Languages[tag] = true
		}
	}
	return s
}

// fingerprint returns a hash of all that decides what a scan makes of a file.
func (t *Tree) fingerprint(build string, beside []byte) [32]byte {
	c := t.cfg
	parts, _ := json.Marshal([]any{snapshotVersion, build, t.blog.Site.Dir, c.Site.URL.String(), c.Site.Language,
		c.Site.Timezone.String(), c.AllLanguages(), c.Content, c.Feeds.Dir, c.Mail.Outbox, c.Templates})
	if t.blog.Settings != nil {
		parts = append(parts, t.blog.Settings.Dialect...)
		parts = append(parts, t.blog.Settings.Text...)
	}
	return sha256.Sum256(append(parts, beside...))
}

// Scan is what one look over the tree found.
type Scan struct {
	// Posts are all valid posts, drafts and future ones included, by path.
	Posts []*post.Post
	// LeftOut are the files that the blog's engine leaves out.
	LeftOut []post.LeftOut
	// Problems are warnings and invalid files, by path and line.
	Problems []post.Problem
	// Invalid counts the files left out.
	Invalid int
	// Read counts the files that had to be read: the others were as remembered.
	Read int
	// Snapshot remembers this scan for the next one.
	Snapshot *Snapshot
	// Same says that nothing differs from the snapshot the scan was given.
	Same bool
}

// Scan walks the tree. last may be nil; it is ignored if the config, the engine's config or the
// program's version, given as build, has changed.
func (t *Tree) Scan(ctx context.Context, last *Snapshot, build string) (*Scan, error) {
	started := time.Now()
	list, err := t.list(ctx)
	if err != nil {
		return nil, err
	}
	f := t.blog.ReadFolderData(list.folderFiles)
	t.blog.FolderData.Store(&f)
	next := &Snapshot{started: started, fingerprint: t.fingerprint(build, f.Sources())}
	if last != nil && last.fingerprint != next.fingerprint {
		last = nil
	}
	read, err := t.readAll(ctx, list.files, last, next)
	if err != nil {
		return nil, err
	}
	scan := &Scan{Snapshot: next, Read: read, Same: last != nil && len(last.records) == len(next.records)}
	scan.Problems = list.problems
	for i := range next.records {
		r := &next.records[i]
		scan.Same = scan.Same && r.unchanged
		scan.Problems = append(scan.Problems, r.problems...)
		if r.post != nil {
			scan.Posts = append(scan.Posts, r.post)
		} else if r.leftOut != nil {
			scan.LeftOut = append(scan.LeftOut, post.LeftOut{Path: r.path, Omission: *r.leftOut})
		} else if r.invalid() {
			scan.Invalid++
		}
	}
	var leftOut []post.LeftOut
	scan.Posts, leftOut = t.blog.Engine.LimitPosts(scan.Posts)
	scan.LeftOut = append(scan.LeftOut, leftOut...)
	scan.Problems = append(scan.Problems, dialect.HeldProblems(scan.Posts)...)
	t.blog.Posts.Store(dialect.NewPostIndex(scan.Posts))
	if len(scan.Posts) == 0 && scan.Invalid == 0 {
		scan.Problems = append(scan.Problems, post.Problem{Path: ".", Message: t.emptiness(len(next.records), scan.LeftOut)})
	}
	sortProblems(scan.Problems)
	scan.Problems = dialect.MergeShared(scan.Problems)
	return scan, nil
}

func (t *Tree) emptiness(files int, leftOut []post.LeftOut) string {
	if len(leftOut) > 0 {
		return fmt.Sprintf("no posts in %s: the blog's engine leaves out everything (%s: %s, and so on)", t.blog.Site.Dir, leftOut[0].Path, leftOut[0].Reason)
	}
	if files > 0 {
		return fmt.Sprintf("no posts in %s: its %d files are pages; is content.dir the folder of your posts?", t.blog.Site.Dir, files)
	}
	return fmt.Sprintf("no posts in %s: put a .md file there, or name another folder as content.dir", t.blog.Site.Dir)
}

// Publishes returns why the blog's engine copies a file or folder into the site that it builds,
// or would if it existed, as far as its settings say: a sentence such as "Hugo copies what is in
// static into the site; move it out of there", or "". file is absolute.
func (t *Tree) Publishes(file string) (why string) {
	if t.blog.Settings == nil {
		return ""
	}
	return t.blog.Engine.CopyNotice(private.Resolve(file))
}
