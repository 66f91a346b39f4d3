//go:build postgres

package work_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/publish/editions"
	"publisher/internal/smtptest"
)

// A post that gets its number right after a batch was worked is in the next edition, however soon that is closed.
func TestEditionRightAfterAnother(t *testing.T) {
	const subscribers = 5
	var mu sync.Mutex
	second := map[string]int{}
	f := newFleet(t, subscribers, "", smtptest.Options{Took: func(to string, message []byte) {
		if strings.Contains(string(message), "Subject: Second") {
			mu.Lock()
			second[to]++
			mu.Unlock()
		}
	}})
	f.workHere(1)
	f.lead(time.Minute)
	f.account(subscribers)

	at := time.Now().Add(48 * time.Hour).Truncate(time.Microsecond)
	post := fmt.Sprintf("---\ntitle: Second\ndate: %s\n---\nText.\n", at.UTC().Format(time.RFC3339))
	f.check(os.WriteFile(filepath.Join(f.cfg.Dir, "posts", "second.md"), []byte(post), 0o644))
	f.survey(at)
	closed, _, err := editions.NewCloser(f.compose, true).CloseDue(t.Context(), nil)
	f.check(err)
	if len(closed) != 1 {
		t.Fatalf("closed %+v", closed)
	}
	f.lead(time.Minute)
	mu.Lock()
	defer mu.Unlock()
	if len(second) != subscribers {
		t.Errorf("the second edition reached %d of %d subscribers", len(second), subscribers)
	}
}
