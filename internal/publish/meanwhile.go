package publish

import (
	"context"
	"sync"
	"time"
)

// surveyMeanwhile surveys the tree every so often while the mail of a pass goes out, so that
// a long edition delays neither a feed nor mail that becomes due. After stop nothing may be
// received.
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
					s.log.Error("surveying the tree while mail goes out", "error", err)
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

// surveyAgain does all of a new pass but its mail.
func (s *pass) surveyAgain(ctx context.Context) (*pass, error) {
	next, err := s.newPass()
	if err != nil {
		return nil, err
	}
	next.ledger, next.live = s.ledger, true
	return next, next.prepare(ctx)
}
