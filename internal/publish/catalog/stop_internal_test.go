package catalog

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestUntilStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	begun, never := make(chan struct{}), make(chan struct{})
	defer close(never)
	returned := make(chan error, 1)
	go func() {
		returned <- untilStopped(ctx, func() error {
			close(begun)
			<-never
			return nil
		})
	}()
	<-begun
	stop()
	if err := <-returned; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	if err := untilStopped(ctx, func() error { t.Error("begun after the stop"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	broken := errors.New("broken")
	if err := untilStopped(t.Context(), func() error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
	if err := untilStopped(t.Context(), func() error { panic("oops") }); err == nil || !strings.Contains(err.Error(), "oops") || !strings.Contains(err.Error(), "stop_internal_test") && !strings.Contains(err.Error(), "TestUntilStopped") {
		t.Errorf("a panic becomes %v", err)
	}
}
