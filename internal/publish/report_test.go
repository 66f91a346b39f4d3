package publish

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Lists are never null in JSON, not even if there is nothing to report.
func TestReportedListsAreNeverNull(t *testing.T) {
	b := newBlog(t, "mail: {from: news@example.com}\n", time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	b.write(".gitignore", "/publisher.db*\n/outbox/\n")
	for name, report := range map[string]func() (any, error){
		"plan":  func() (any, error) { return b.publisher().Plan(t.Context()) },
		"run":   func() (any, error) { return b.publisher().Run(t.Context(), "run") },
		"feeds": func() (any, error) { return b.publisher().Feeds(t.Context(), "feeds") },
		"check": func() (any, error) { return b.publisher().Check(t.Context(), false) },
	} {
		for range 2 { // the second time nothing has changed
			got, err := report()
			if err != nil {
				t.Fatal(err)
			}
			if text, err := json.Marshal(got); err != nil || strings.Contains(string(text), "null") {
				t.Errorf("%s: %s, %v", name, text, err)
			}
		}
	}
}
