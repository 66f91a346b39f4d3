package content

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/limits"
	"publisher/content/mdsource"
	"publisher/content/post"
	"publisher/internal/xmltext"

	"golang.org/x/sync/errgroup"
)

// readAll fills next with a record per file and returns how many were read. A file is taken as
// remembered if size and time agree and its time precedes the last scan: a younger one may have
// changed twice within one tick.
func (t *Tree) readAll(ctx context.Context, files []dialect.File, last, next *Snapshot) (int, error) {
	next.records = make([]record, len(files))
	var changed []int
	at := 0
	for i, f := range files {
		var old *record
		if last != nil {
			for at < len(last.records) && last.records[at].path < f.Path {
				at++
			}
			if at < len(last.records) && last.records[at].path == f.Path {
				old = &last.records[at]
			}
		}
		if old != nil && old.size == f.Size && old.modTime == f.ModTime.UnixNano() && f.ModTime.Before(last.started) {
			next.records[i] = *old
			next.records[i].unchanged = true
			continue
		}
		next.records[i] = record{path: f.Path, size: f.Size, modTime: f.ModTime.UnixNano()}
		if old != nil {
			next.records[i].previous = old
		}
		changed = append(changed, i)
	}
	group, ctx := errgroup.WithContext(ctx)
	var taken atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			reader := t.blog.Reader()
			clock, release := t.begin()
			defer release()
			for {
				n := int(taken.Add(1)) - 1
				if n >= len(changed) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := t.read(ctx, clock, reader, files[changed[n]], &next.records[changed[n]]); err != nil {
					return err
				}
			}
		})
	}
	return len(changed), group.Wait()
}

// read makes a record of a file and notes whether it is what it was before. A file that exceeds
// the budget of a post, or that breaks the program, is invalid. The only error is ctx's.
func (t *Tree) read(ctx context.Context, clock func() time.Duration, reader *dialect.SourceReader, f dialect.File, r *record) (err error) {
	reader.Budget = limits.New(ctx, clock, limits.MaxReading)
	defer func() {
		if fault := recover(); fault != nil {
			failed := stoppedBy(&dialect.Source{Path: f.Path, Budget: reader.Budget}, fault)
			if err = ctx.Err(); err != nil {
				return
			}
			r.post, r.leftOut, r.problems = nil, nil, []post.Problem{renderProblem(failed)}
		}
		r.unchanged = r.previous != nil && r.previous.same(r)
		r.previous = nil
	}()
	t.fill(reader, f, r)
	return nil
}

// fill makes the record.
func (t *Tree) fill(reader *dialect.SourceReader, f dialect.File, r *record) {
	if o := t.blog.Engine.PathOmission(f.Path); o != nil && !o.Held {
		r.leftOut = o
		return
	}
	src := reader.Read(f)
	if !src.Invalid() && !mdsource.IsMarkdownName(f.Path) && src.Front.Form == frontmatter.None {
		return // no engine makes a post of HTML without front matter
	}
	if src.Invalid() {
		r.problems = src.Problems
	} else {
		if r.post, r.leftOut, r.problems = t.blog.NewPost(src); r.post != nil {
			r.post.Detach()
		}
		r.leftOut = r.leftOut.Detached()
	}
	if len(r.problems) > 2*dialect.MaxWarnings {
		r.problems = r.problems[:2*dialect.MaxWarnings]
	}
	for i := range r.problems {
		r.problems[i].Message = xmltext.Line(strings.ToValidUTF8(r.problems[i].Message, "?"))
	}
}
