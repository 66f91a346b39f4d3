package content_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"publisher/config"
	"publisher/content"
)

// A post whose time is over is left out, and says so; the clock is the test's.
func TestTimeIsBounded(t *testing.T) {
	for _, d := range []config.Dialect{config.Hugo, config.Jekyll, config.Pelican} {
		tree, posts := blogOf(t, d, strings.Repeat("*a* [b](c.md) `d`\n\n", 3000))
		if _, _, err := tree.Render(context.Background(), posts[0]); err != nil {
			t.Errorf("%s: %v", d, err)
		}
		tree.Running(time.Second)
		_, _, err := tree.Render(context.Background(), posts[0])
		var failed *content.RenderError
		if !errors.As(err, &failed) || failed.Limit != "2 seconds of work for one post" {
			t.Errorf("%s: %v", d, err)
		}
	}
}

// A context that ends stops a post in the middle: the error is the context's.
func TestStoppedInTheMiddle(t *testing.T) {
	for _, d := range []config.Dialect{config.Hugo, config.Jekyll, config.Pelican} {
		tree, posts := blogOf(t, d, strings.Repeat("*a* [b](c.md) `d`\n\n", 3000))
		ctx := &endingContext{Context: context.Background(), after: 3}
		if _, _, err := tree.Render(ctx, posts[0]); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", d, err)
		}
	}
}

// endingContext ends when it has been asked a number of times.
type endingContext struct {
	context.Context
	after int
}

func (c *endingContext) Err() error {
	if c.after--; c.after < 0 {
		return context.Canceled
	}
	return nil
}
