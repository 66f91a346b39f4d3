package catalog

import (
	"context"

	"publisher/internal/panics"
)

// untilStopped does what cannot be interrupted, and returns as soon as ctx ends: a post that
// takes minutes to render, or a drive that does not respond, delays no stop. What is being
// done then goes on by itself, and its result is dropped, so it must use nothing that the
// caller closes.
func untilStopped(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- panics.Catch(do) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
