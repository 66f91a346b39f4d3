package content

import (
	"context"
	"time"

	"publisher/content/limits"
	"publisher/content/post"
)

// Spent is what rendering a post cost.
type Spent struct{ Steps, Output, Parts int }

// Within reports that no bound was passed by more than what one count adds.
func (s Spent) Within() bool {
	return s.Steps <= 2*limits.MaxSteps && s.Output <= limits.MaxOutput+templateBytes && s.Parts <= limits.MaxNodes+1<<20
}

// RenderCounted renders a post by a clock that does not move: only what is counted ends it.
func (t *Tree) RenderCounted(ctx context.Context, p *post.Post) (*post.Rendering, Spent, error) {
	b := limits.New(ctx, func() time.Duration { return 0 }, limits.MaxTime)
	r, _, err := t.render(b, p)
	steps, output, parts := b.Spent()
	return r, Spent{steps, output, parts}, err
}

// Running is a clock that each look at it moves on.
func (t *Tree) Running(each time.Duration) {
	t.clock = func() (func() time.Duration, func()) {
		now := time.Duration(0)
		return func() time.Duration { now += each; return now }, func() {}
	}
}
