package publish

import (
	"context"
	"sync"
	"time"
)

// surveyMeanwhile surveys the tree every so often while the mail of a pass goes out, so
// that a long edition holds up neither a feed nor the mail that comes due. Whoever has
// stopped it reads no more of the channel.
func (s *pass) surveyMeanwhile(ctx context.Context) (later <-chan *pass, stop func()) {
	if !s.live {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	surveys := make(chan *pass)
	var surveyor sync.WaitGroup
	surveyor.Go(func() {
		tick := time.NewTicker(s.every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			next, err := s.surveyAgain(ctx)
			if err != nil {
				if ctx.Err() == nil {
					s.log.Error("looking at the tree while mail goes out", "error", err)
				}
				continue
			}
			select {
			case <-ctx.Done():
				return
			case surveys <- next:
			}
		}
	})
	return surveys, func() {
		cancel()
		surveyor.Wait()
	}
}

// surveyAgain is all of a new pass but its mail.
func (s *pass) surveyAgain(ctx context.Context) (*pass, error) {
	next, err := s.newPass()
	if err != nil {
		return nil, err
	}
	next.ledger, next.live = s.ledger, true
	return next, next.prepare(ctx)
}

// merge adds what a later survey of the same pass found. What stands now stays in later, for the
// next time.
func (r *Report) merge(later *Report) {
	r.Warnings = append(r.Warnings, later.Warnings...)
	r.Errors = append(r.Errors, later.Errors...)
	r.Posts.Total, r.Posts.Invalid = later.Posts.Total, later.Posts.Invalid
	r.Posts.New += later.Posts.New
	r.Posts.Changed += later.Posts.Changed
	r.Posts.Gone += later.Posts.Gone
	r.Feeds.Written = append(r.Feeds.Written, later.Feeds.Written...)
	r.Feeds.Removed = append(r.Feeds.Removed, later.Feeds.Removed...)
	r.Held, r.Missing = later.Held, later.Missing
	*later = *newReport()
	later.Posts.Total, later.Posts.Invalid = r.Posts.Total, r.Posts.Invalid
	later.Held, later.Missing = r.Held, r.Missing
}
