package publish

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

func TestUnlessStopped(t *testing.T) {
	cause, fault := errors.New("terminated"), errors.New("disk full")
	ended, stop := context.WithCancelCause(t.Context())
	stop(cause)
	for _, test := range []struct {
		ctx       context.Context
		err, want error
	}{
		{ended, context.Canceled, nil},
		{ended, cause, nil},
		{ended, fault, fault},
		{t.Context(), context.Canceled, context.Canceled},
		{t.Context(), nil, nil},
	} {
		if got := unlessStopped(test.ctx, test.err); got != test.want {
			t.Errorf("%v becomes %v, want %v", test.err, got, test.want)
		}
	}
}
