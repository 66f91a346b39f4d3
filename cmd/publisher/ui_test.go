package main

import (
	"testing"
	"time"

	"publisher/internal/publish/delivery"
)

func TestProgressText(t *testing.T) {
	for _, c := range []struct {
		progress delivery.Progress
		took     time.Duration
		want     string
	}{
		{delivery.Progress{Edition: 3, Recipients: 1000, Sent: 90, Deferred: 6, Failed: 4}, 10 * time.Second,
			"edition 3: 90 of 1000 sent, 6 deferred, 4 failed; 10 a second, 1m30s left"},
		{delivery.Progress{Edition: 3, Recipients: 10}, 0, "edition 3: 0 of 10 sent, 0 deferred, 0 failed"},
		// What earlier passes did took no time in this one.
		{delivery.Progress{Edition: 3, Recipients: 1000, Sent: 890, Failed: 10, Before: 800}, 10 * time.Second,
			"edition 3: 890 of 1000 sent, 0 deferred, 10 failed; 10 a second, 10s left"},
		// Retries can end more than once.
		{delivery.Progress{Edition: 3, Recipients: 2, Sent: 2, Deferred: 2}, time.Second,
			"edition 3: 2 of 2 sent, 2 deferred, 0 failed; 4 a second, 0s left"},
	} {
		if got := progressText(c.progress, c.took); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
