package content

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// readAll fills next with a record per file and returns how many were read. A
// file is as remembered where size and time agree and its time is older than
// the last scan: a younger one may have changed twice within one tick.
func (t *Tree) readAll(ctx context.Context, files []file, last, next *Snapshot) (int, error) {
	next.records = make([]record, len(files))
	var changed []int
	at := 0
	for i, f := range files {
		var old *record
		if last != nil {
			for at < len(last.records) && last.records[at].path < f.path {
				at++
			}
			if at < len(last.records) && last.records[at].path == f.path {
				old = &last.records[at]
			}
		}
		if old != nil && old.size == f.size && old.modTime == f.modTime.UnixNano() && f.modTime.Before(last.started) {
			next.records[i] = *old
			next.records[i].kept = true
			continue
		}
		next.records[i] = record{path: f.path, size: f.size, modTime: f.modTime.UnixNano()}
		if old != nil {
			next.records[i].before = old
		}
		changed = append(changed, i)
	}
	group, ctx := errgroup.WithContext(ctx)
	var taken atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			reader := t.reader()
			for {
				n := int(taken.Add(1)) - 1
				if n >= len(changed) {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				t.read(reader, files[changed[n]], &next.records[changed[n]])
			}
		})
	}
	return len(changed), group.Wait()
}

// read makes a record of a file and notes whether it says what it said before.
func (t *Tree) read(reader *sourceReader, f file, r *record) {
	defer func() {
		r.kept = r.before != nil && r.before.same(r)
		r.before = nil
	}()
	if o := t.engine.leavesOut(f.path); o != nil && !o.Held {
		r.leftOut = o
		return
	}
	src := reader.read(f)
	if !src.invalid() && !isMarkdownName(f.path) && src.front.form == noFrontMatter {
		return // an HTML file without front matter is no post in any engine
	}
	if src.invalid() {
		r.problems = src.problems
	} else {
		if r.post, r.leftOut, r.problems = t.compose(src); r.post != nil {
			r.post.detach()
		}
		r.leftOut = r.leftOut.detached()
	}
	for i := range r.problems {
		r.problems[i].Message = oneLine(strings.ToValidUTF8(r.problems[i].Message, "?"))
	}
}

// detach copies the strings, most of which are parts of the file's text: that is ten
// times as large, and would be kept with them.
func (p *Post) detach() {
	for _, s := range [...]*string{&p.URL, &p.Title, &p.Language, &p.Summary, &p.Image, &p.GUID, &p.Source, &p.Newsletter.Subject, &p.Newsletter.Intro} {
		*s = strings.Clone(*s)
	}
	for _, list := range [][]string{p.Tags, p.Authors} {
		for i := range list {
			list[i] = strings.Clone(list[i])
		}
	}
	p.Held = p.Held.detached()
	if p.Enclosure != nil {
		p.Enclosure.URL, p.Enclosure.Type = strings.Clone(p.Enclosure.URL), strings.Clone(p.Enclosure.Type)
	}
}
