package publish

import (
	"context"
	"errors"
)

// untilStopped does what cannot be interrupted, and returns as soon as ctx ends: a
// post that takes minutes to render, or a drive that does not answer, holds up no
// stop. What is being done is then left to itself, and its result dropped, so it must
// use nothing that the caller closes.
func untilStopped(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- guarded(do) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// unlessStopped drops an error that says no more than that ctx has ended: the next
// start carries on.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx))) {
		return nil
	}
	return err
}
