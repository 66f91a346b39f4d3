package publish

import "publisher/internal/publish/report"

func (d *Daemon) logPass(r *report.Pass) {
	current := map[report.Warning]bool{}
	for _, w := range r.Warnings {
		current[w] = true
		if !d.warned[w] {
			where := []any{"file", w.Path}
			if w.Line > 0 { // otherwise it is about the whole file
				where = append(where, "line", w.Line)
			}
			d.log.Warn(w.Message, where...)
		}
	}
	d.warned = current
	if r.Posts.New+r.Posts.Changed+r.Posts.Gone > 0 {
		d.log.Info("posts", "total", r.Posts.Total, "new", r.Posts.New, "changed", r.Posts.Changed, "gone", r.Posts.Gone)
	}
	if len(r.Feeds.Written) > 0 {
		d.log.Info("feeds", "written", len(r.Feeds.Written), "unchanged", r.Feeds.Unchanged)
	}
	if len(r.Held) > 0 {
		d.log.Warn("posts are held; `publisher release` releases them", "count", len(r.Held))
	}
}

func (d *Daemon) logMail(r *report.Pass) {
	for _, e := range r.Editions {
		if e.Waiting {
			continue
		}
		d.log.Info("edition", "edition", e.Number, "cadence", e.Cadence, "posts", len(e.Posts), "recipients", e.Recipients,
			"sent", e.Sent, "deferred", e.Deferred, "failed", e.Failed, "uncertain", e.Uncertain)
	}
}
