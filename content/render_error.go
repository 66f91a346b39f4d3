package content

import (
	"errors"
	"fmt"

	"publisher/content/dialect"
	"publisher/content/limits"
	"publisher/content/post"
)

// RenderError reports that one post cannot be rendered. It concerns that post alone: Tree.Render
// returns no other error but that of its context. The caller leaves the post out, warns, and
// continues with the others.
type RenderError struct {
	// Path is the post's file, slash-separated, relative to content.dir.
	Path string
	// Line counts from 1; 0 where it is not known.
	Line int
	// Limit is the bound that the post exceeds, such as "100 nested quotations";
	// "" where something else failed, such as reading the file again.
	Limit string
	// Err says what failed and what to do, without the path.
	Err error
}

func (e *RenderError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %v", e.Path, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Path, e.Err)
}

func (e *RenderError) Unwrap() error { return e.Err }

// Problem returns the warning about the post that was left out.
func (e *RenderError) Problem() post.Problem {
	return post.Problem{Path: e.Path, Line: e.Line, Invalid: true, Message: "the post is left out of feeds and mail: " + e.Err.Error()}
}

func renderProblem(err error) post.Problem {
	var failed *RenderError
	if errors.As(err, &failed) {
		return failed.Problem()
	}
	return post.Problem{Invalid: true, Message: err.Error()}
}

// stoppedBy returns the error for a panic: a post that spent its budget, a context that ended, or
// a bug, which stops this post alone.
func stoppedBy(s *dialect.Source, fault any) error {
	err := limits.Recovered(fault)
	switch {
	case err == nil:
		return &RenderError{Path: s.Path, Err: fmt.Errorf("internal error: %v; please report it", fault)}
	case s.Budget.ContextErr() != nil:
		return s.Budget.ContextErr()
	}
	return newRenderError(s, err)
}

// newRenderError returns the error for what stopped rendering.
func newRenderError(s *dialect.Source, err error) *RenderError {
	out := &RenderError{Path: s.Path, Err: err}
	var limit *limits.Error
	if errors.As(err, &limit) {
		out.Limit, out.Line = limit.Limit, limit.Line
		if limit.Near != "" {
			out.Line = s.LineHolding(limit.Near)
		}
	}
	return out
}
