package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"publisher/content"
	"publisher/feed"
)

// renderFailed remembers for this pass that a post cannot be rendered, and returns
// the error that says so: a *content.RenderError, or that of the context.
func (s *pass) renderFailed(p *content.Post, err error) error {
	var failed *content.RenderError
	if !errors.As(err, &failed) {
		return fmt.Errorf("rendering %s: %w", s.contentPath(p.Path), err)
	}
	s.renderMu.Lock()
	defer s.renderMu.Unlock()
	s.unrenderable[p.Path] = failed
	s.leaveOut(failed.Problem())
	return failed
}

// renders reports whether a post can be mailed. One that cannot is reported, waits
// without a number, and gets one when it is mended.
func (s *pass) renders(ctx context.Context, e entry) (bool, error) {
	_, err := s.render(ctx, e.post)
	var failed *content.RenderError
	if errors.As(err, &failed) {
		if e.row.Key == 0 {
			s.report.Posts.New--
		}
		return false, nil
	}
	return err == nil, err
}

// rendering are the first of the posts, at most so many, that can be rendered.
func (s *pass) rendering(ctx context.Context, posts []entry, most int) ([]entry, error) {
	var can []entry
	for _, e := range posts {
		if len(can) == most {
			break
		}
		ok, err := s.renders(ctx, e)
		if err != nil {
			return nil, err
		}
		if ok {
			can = append(can, e)
		}
	}
	return can, nil
}

// leaveOut reports a post that is left out, once in a pass. It counts as invalid.
func (s *pass) leaveOut(problem content.Problem) {
	if _, told := s.leftOut[problem.Path]; told {
		return
	}
	s.leftOut[problem.Path] = problem
	s.addProblems(s.report, []content.Problem{problem})
	s.report.Posts.Invalid++
	s.report.Posts.Total--
}

// leaveOutOfFeeds reports the posts that feeds cannot show.
func (s *pass) leaveOutOfFeeds(posts []feed.LeftOut) {
	for _, post := range posts {
		var failed *content.RenderError
		if !errors.As(post.Err, &failed) { // else render has reported it
			s.leaveOut(content.Problem{Path: post.Post, Invalid: true, Message: "the post is left out of feeds: " + post.Err.Error()})
		}
	}
}

// problemsLeftOut are the reports of leaveOut, by path.
func (s *pass) problemsLeftOut() []content.Problem {
	return slices.SortedFunc(maps.Values(s.leftOut), func(a, b content.Problem) int { return cmp.Compare(a.Path, b.Path) })
}
