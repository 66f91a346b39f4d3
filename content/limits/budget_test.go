package limits_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"publisher/content/limits"
)

// spend returns the error with which f ends the post of a budget.
func spend(f func(b *limits.Budget), b *limits.Budget) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			if err = limits.Recovered(fault); err == nil {
				panic(fault)
			}
		}
	}()
	f(b)
	return nil
}

func TestBudget(t *testing.T) {
	for name, test := range map[string]struct {
		limit string // in the error; "" for none
		f     func(b *limits.Budget)
	}{
		"steps":         {"50 million steps", func(b *limits.Budget) { b.Step(limits.MaxSteps + 1) }},
		"scanned text":  {"50 million steps", func(b *limits.Budget) { b.Scan(64 * (limits.MaxSteps + 1)) }},
		"output":        {"8 MB of text", func(b *limits.Budget) { b.Output(limits.MaxOutput + 1) }},
		"nodes":         {"150000 marks and elements", func(b *limits.Budget) { b.Nodes(limits.MaxNodes); b.Nodes(1) }},
		"two documents": {"", func(b *limits.Budget) { b.Nodes(limits.MaxNodes); b.StartDocument(); b.Nodes(limits.MaxNodes) }},
		"HTML":          {"8 MB of HTML", func(b *limits.Budget) { b.CheckHTML(limits.MaxHTML + 1) }},
		"writing": {"8 MB of HTML", func(b *limits.Budget) {
			w := limits.NewWriter(b)
			for range limits.MaxHTML>>10 + 10 {
				_, _ = w.WriteString(strings.Repeat("x", 1<<10))
			}
		}},
		"reading": {"", func(b *limits.Budget) {
			if text, err := io.ReadAll(limits.NewReader(strings.Repeat("x", 10_000), b)); err != nil || len(text) != 10_000 {
				t.Errorf("read %d bytes: %v", len(text), err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			err := spend(test.f, limits.New(context.Background(), func() time.Duration { return 0 }, limits.MaxTime))
			if test.limit == "" && err != nil || test.limit != "" && (err == nil || !strings.Contains(err.Error(), test.limit)) {
				t.Errorf("error %v, want %q", err, test.limit)
			}
			if test.limit != "" && name != "writing" {
				if err := spend(test.f, nil); err != nil {
					t.Errorf("a nil budget has the limit %v", err)
				}
			}
		})
	}
}

func TestBudgetTime(t *testing.T) {
	now := time.Duration(0)
	b := limits.New(context.Background(), func() time.Duration { now += time.Second; return now }, limits.MaxTime)
	look := func(b *limits.Budget) { b.Step(limits.ClockSteps) }
	if err := spend(look, b); err != nil {
		t.Error(err)
	}
	_ = spend(look, b)
	if err := spend(look, b); err == nil || !strings.Contains(err.Error(), "2 seconds of work") {
		t.Errorf("error %v after 3 seconds", err)
	}
	if err := spend((*limits.Budget).Check, b); err == nil {
		t.Error("a spent budget goes on")
	}
}

func TestBudgetCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b := limits.New(ctx, func() time.Duration { return 0 }, limits.MaxTime)
	if err := spend(func(b *limits.Budget) { b.Step(limits.ClockSteps) }, b); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
