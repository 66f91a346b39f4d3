package content

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/limits"
	"publisher/content/post"
	"publisher/internal/htmldom"
	"publisher/internal/private"
)

// maxText limits a file that RenderText reads, in bytes: a few words, not a post.
const maxText = 256 << 10

// Text is a Markdown file beside the posts, rendered as the excerpt of a post is.
type Text struct {
	HTML  string   // "" if there is nothing to show
	Hash  [32]byte // of the file, line ends folded
	Draft bool     // its front matter says so
}

// RenderText renders a Markdown file that is no post. Its front matter is not shown, and of its
// values only draft counts. Relative addresses in it begin at the front page of the site.
// Problems name lines of the file; their path is empty. The error wraps fs.ErrNotExist if there is
// no such file, and is ctx's if that ended.
func (t *Tree) RenderText(ctx context.Context, file string) (*Text, []post.Problem, error) {
	raw, err := t.readText(file)
	if err != nil {
		return nil, nil, err
	}
	clock, release := t.begin()
	defer release()
	src := &dialect.Source{Path: "digest-intro.md", Budget: limits.New(ctx, clock, limits.MaxTime)}
	text := &Text{Hash: sha256.Sum256(dialect.WithPlainEnds(raw))}
	if err := t.renderText(src, raw, text); err != nil {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		return nil, nil, errors.Unwrap(err)
	}
	for i := range src.Problems {
		src.Problems[i].Path = ""
	}
	return text, src.Problems, nil
}

// readText reads a file that may neither be private nor, by a symbolic link, lie elsewhere.
func (t *Tree) readText(file string) ([]byte, error) {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	inside := slices.ContainsFunc([]string{folder, private.Resolve(t.cfg.Dir), t.blog.Site.Root, t.blog.Site.Dir}, func(dir string) bool {
		return private.Within(real, dir)
	})
	if !inside {
		return nil, fmt.Errorf("it is a symbolic link to %s, which is outside the blog", real)
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case t.blog.Site.IsPrivate(real, info):
		return nil, errors.New("it is one of the private files")
	case info.Size() > maxText:
		return nil, fmt.Errorf("it has %d kB; the limit is %d kB", info.Size()>>10, maxText>>10)
	}
	raw, err := os.ReadFile(real)
	switch {
	case err != nil:
		return nil, err
	case len(raw) > maxText:
		return nil, fmt.Errorf("it has more than %d kB", maxText>>10)
	case private.IsSecret(raw):
		return nil, errors.New("it is a ledger or a private key")
	}
	return raw, nil
}

// renderText fills in the HTML. The error is a *RenderError or the context's.
func (t *Tree) renderText(src *dialect.Source, raw []byte, out *Text) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = stoppedBy(src, fault)
		}
	}()
	clean, ok := src.Clean(raw)
	if !ok {
		return newRenderError(src, errors.New(src.Problems[0].Message))
	}
	front, body, line, err := frontmatter.Split(clean)
	if err != nil {
		return newRenderError(src, fmt.Errorf("its front matter: %w", err))
	}
	if draft, _ := front.Bool("draft"); draft {
		out.Draft = true
		return nil
	}
	src.Body, src.BodyLine = body, line
	page := t.blog.NewPage(src)
	page.Post.URL = t.blog.Site.Absolute("/")
	page.Slug = "intro"
	page.Post.MailOnly = true
	r := newPostRenderer(t, page)
	w := page.MarkdownOptions()
	w.Hooks = page.Engine.RenderHooks(r.links, &r.set)
	root, err := r.body(w)
	if err != nil {
		return newRenderError(src, err)
	}
	tidyExcerpt(root)
	r.warnOfLinks(src)
	out.HTML = htmldom.InnerHTML(root)
	return nil
}
