package publish

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// places returns after how many mails the server took those whose recipients begin with a prefix.
func places(order []string, prefix string) (places []int) {
	for i, to := range order {
		if strings.HasPrefix(to, prefix) {
			places = append(places, i)
		}
	}
	return places
}

// Editions and retries take turns: an edition that closes while others have hundreds of mails to
// send or to repeat has half of the turns until it is done, and the few retries of one edition do
// not wait for the many of another.
func TestShortEditionWaitsForNone(t *testing.T) {
	const many, few = 300, 12
	b := newBlog(t, "", time.Date(2026, 6, 1, 7, 0, 0, 0, time.UTC)) // a Monday
	var mu sync.Mutex
	var order []string
	refuse := true
	server := smtptest.Start(t, smtptest.Options{Script: func(e smtptest.Event) string {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case e.Verb == "RCPT" && refuse:
			return "450 later"
		case e.Verb == "ACCEPTED":
			order = append(order, e.Arg)
		}
		return ""
	}})
	b.write("config.yaml", fmt.Sprintf(`site: {url: https://blog.example.com}
content: {dir: posts}
digest: {cadences: {immediate: "", daily: "0 8 * * *", weekly: "0 10 * * MON"}, default: weekly, settle: 0s, start: 2026-01-01}
mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none, connections: 1}}
`, server.Port()))
	b.load()
	list := func(cadence string, n int) (lines []string) {
		for i := range n {
			lines = append(lines, fmt.Sprintf("%s%d@example.com,%s", cadence, i, strings.TrimPrefix(cadence, "new-")))
		}
		return lines
	}
	b.subscribe(slices.Concat(list("immediate", many), list("weekly", many), list("daily", few))...)
	b.run()
	b.write("posts/first.md", "---\ntitle: First\ndate: 2026-05-20\n---\nWords.\n")
	b.now = b.now.Add(time.Hour)
	b.run()
	refuse = false
	b.subscribe(list("new-immediate", few)...)
	b.write("posts/urgent.md", "---\ntitle: Urgent\ndate: 2026-05-30\n---\nNow.\n")
	b.now = b.now.Add(3 * time.Hour)
	b.run()

	if want := 3*many + 2*few; len(order) != want {
		t.Fatalf("%d mails, want %d", len(order), want)
	}
	const begun = 16 // mails that may have been handed out before
	for _, test := range []struct {
		prefix    string
		mails, by int
	}{
		{"new-immediate", few, 2 * few}, // half of the turns
		{"daily", few, 4 * 2 * few},     // half of the retries, which have a quarter
		{"immediate", few, 4 * 2 * few}, // the other half
		{"weekly", few, 4 * few},        // at least a quarter
	} {
		if at := places(order, test.prefix)[test.mails-1]; at > test.by+begun {
			t.Errorf("%s got %d mails after %d of all, want %d", test.prefix, test.mails, at, test.by)
		}
	}
}
