package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"publisher/content"
	"publisher/content/post"
)

// maxRenderings limits the memory that renderings take in one pass.
const maxRenderings = 200

// renderer renders each post at most once in a pass, and keeps which posts cannot be
// rendered.
type renderer struct {
	tree *content.Tree

	mu         sync.Mutex // feeds are rendered by several goroutines
	renderings map[string]*post.Rendering
	failed     map[string]*content.RenderError
}

func newRenderer(tree *content.Tree) renderer {
	return renderer{tree: tree, renderings: map[string]*post.Rendering{}, failed: map[string]*content.RenderError{}}
}

// Render returns a post as HTML. The error is a *content.RenderError if the post cannot be
// rendered, which is then in the report.
func (c *Catalog) Render(ctx context.Context, p *post.Post) (*post.Rendering, error) {
	r := &c.renderer
	r.mu.Lock()
	rendering, known := r.renderings[p.Path]
	failed := r.failed[p.Path]
	r.mu.Unlock()
	if known {
		return rendering, nil
	} else if failed != nil {
		return nil, failed
	}
	var problems []post.Problem
	err := untilStopped(ctx, func() (err error) {
		rendering, problems, err = r.tree.Render(ctx, p)
		return err
	})
	if errors.As(err, &failed) {
		c.LeaveOut(failed.Problem())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if failed != nil {
		r.failed[p.Path] = failed
		return nil, failed
	} else if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", c.Path(p.Path), err)
	}
	if len(problems) > 0 {
		rendering.Dependencies.Incomplete = true // a warning may be fixed anywhere
		c.addWarnings(problems)
	}
	c.Log.Debug("rendered", "post", p.Path)
	if len(r.renderings) < maxRenderings {
		r.renderings[p.Path] = rendering
	}
	return rendering, nil
}

// addWarnings is warn while posts are being rendered.
func (c *Catalog) addWarnings(problems []post.Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.warn(problems)
}

// Unrenderable reports whether a post was found to be one that cannot be rendered.
func (c *Catalog) Unrenderable(e Entry) bool {
	c.renderer.mu.Lock()
	defer c.renderer.mu.Unlock()
	return c.renderer.failed[e.Post.Path] != nil
}

// CountUnrenderable returns how many posts were found to be such.
func (c *Catalog) CountUnrenderable() int {
	c.renderer.mu.Lock()
	defer c.renderer.mu.Unlock()
	return len(c.renderer.failed)
}

// renders reports whether a post can be mailed. One that cannot is reported, and gets a
// number once it is fixed.
func (c *Catalog) renders(ctx context.Context, e Entry) (bool, error) {
	_, err := c.Render(ctx, e.Post)
	var failed *content.RenderError
	if errors.As(err, &failed) {
		if e.Row.Key == 0 {
			c.counts.New--
		}
		return false, nil
	}
	return err == nil, err
}

// Renderable returns the first of the posts, at most limit, that can be rendered.
func (c *Catalog) Renderable(ctx context.Context, posts []Entry, limit int) ([]Entry, error) {
	var can []Entry
	for _, e := range posts {
		if len(can) == limit {
			break
		}
		ok, err := c.renders(ctx, e)
		if err != nil {
			return nil, err
		}
		if ok {
			can = append(can, e)
		}
	}
	return can, nil
}

// LeaveOut reports a post that is left out, once in a pass. It counts as invalid.
func (c *Catalog) LeaveOut(problem post.Problem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, reported := c.leftOut[problem.Path]; reported {
		return
	}
	c.leftOut[problem.Path] = problem
	c.warn([]post.Problem{problem})
	c.counts.Invalid++
	c.counts.Total--
}

// ProblemsLeftOut returns what LeaveOut was called with, by path.
func (c *Catalog) ProblemsLeftOut() []post.Problem {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.SortedFunc(maps.Values(c.leftOut), func(a, b post.Problem) int { return cmp.Compare(a.Path, b.Path) })
}
