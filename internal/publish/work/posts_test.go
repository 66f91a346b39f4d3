//go:build postgres

package work_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"publisher/internal/publish/editions"
	"publisher/internal/smtptest"
)

// A post that gets its number right after a batch was worked is in the next edition, however soon that is closed.
func TestEditionRightAfterAnother(t *testing.T) {
	const subscribers = 5
	f := newFleet(t, subscribers, "", smtptest.Options{})
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
	for to, n := range f.sink.Accepted() {
		if n != 2 {
			t.Errorf("%s got %d mails, want one of each edition", to, n)
		}
	}
}
