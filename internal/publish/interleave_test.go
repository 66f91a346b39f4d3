package publish

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/smtptest"
)

// A post that appears while a long edition goes out waits neither for its end nor for the next
// run.
func TestLongEditionBlocksNoOther(t *testing.T) {
	const weekly = 2000
	b := newBlog(t, "", time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC)) // a Monday
	var mu sync.Mutex
	var order []string
	server := smtptest.Start(t, smtptest.Options{Delay: time.Millisecond, Script: func(e smtptest.Event) string {
		mu.Lock()
		defer mu.Unlock()
		if e.Verb == "ACCEPTED" {
			if order = append(order, e.Arg); len(order) == 20 {
				text := "---\ntitle: Urgent\ndate: 2026-05-30\n---\nNow.\n"
				if err := os.WriteFile(filepath.Join(b.dir, "posts/urgent.md"), []byte(text), 0o644); err != nil {
					t.Error(err)
				}
			}
		}
		return ""
	}})
	b.write("config.yaml", fmt.Sprintf(`site: {url: https://blog.example.com}
content: {dir: posts}
digest: {cadences: {immediate: "", weekly: "0 8 * * MON"}, default: weekly, settle: 0s, start: 2026-01-01}
mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none, connections: 1}}
`, server.Port()))
	b.load()
	lines := []string{"soon@example.com,immediate"}
	for i := range weekly {
		lines = append(lines, fmt.Sprintf("w%d@example.com,weekly", i))
	}
	b.subscribe(lines...)
	b.run()
	b.write("posts/weekly.md", "---\ntitle: Weekly\ndate: 2026-05-20\n---\nWords.\n")
	b.now = b.now.Add(time.Hour)
	p := New(b.cfg, Options{Now: func() time.Time { return b.now }, Build: "test", Every: 10 * time.Millisecond})
	report, err := p.Run(t.Context(), "run")
	if err != nil || report.Unfinished() {
		t.Fatal(err, report.Errors)
	}

	var soon []int // how many had got their mail before
	for i, to := range order {
		if strings.HasPrefix(to, "soon@") {
			soon = append(soon, i)
		}
	}
	if len(order) != weekly+2 || len(soon) != 2 || soon[1] > weekly-100 {
		t.Errorf("soon@ was mailed after %v of %d mails", soon, len(order))
	}
	if report.Posts.Total != 3 || report.Posts.New != 2 || len(report.Editions) != 3 {
		t.Errorf("the report tells of %+v and %d editions", report.Posts, len(report.Editions))
	}
}
