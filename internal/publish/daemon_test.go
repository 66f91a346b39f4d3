package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/panics"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/subscribers"
	"publisher/internal/racedetector"
)

// blog is a content tree with subscribers, an outbox and a clock, which a daemon that waits
// moves.
type blog struct {
	t   *testing.T
	dir string
	cfg *config.Config
	now time.Time
	// events happen at their times while the daemon waits, in order.
	events []event
	mailed chan struct{}
	ailing func(error) // told what is wrong while the daemon waits; nil: a failure
}

type event struct {
	at time.Time
	do func()
}

func newBlog(t *testing.T, settings string, now time.Time) *blog {
	t.Helper()
	b := &blog{t: t, dir: t.TempDir(), now: now, mailed: make(chan struct{}, 1)}
	b.write("config.yaml", "site: {url: https://blog.example.com}\ncontent: {dir: posts}\n"+settings)
	b.write("posts/old.md", "---\ntitle: Old\ndate: 2020-01-01\n---\nOld.\n")
	b.load()
	return b
}

func (b *blog) load() {
	cfg, err := config.Load(filepath.Join(b.dir, "config.yaml"), os.LookupEnv)
	if err != nil {
		b.t.Fatal(err)
	}
	b.cfg = cfg
}

func (b *blog) write(name, text string) {
	path := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// post writes a post with the clock's time as its date and as the time of its file.
func (b *blog) post(title string) {
	name := "posts/" + strings.ToLower(title) + ".md"
	b.write(name, fmt.Sprintf("---\ntitle: %s\ndate: %s\n---\nThis is %s.\n", title, b.now.UTC().Format(time.RFC3339), title))
	if err := os.Chtimes(filepath.Join(b.dir, name), b.now, b.now); err != nil {
		b.t.Fatal(err)
	}
}

func (b *blog) publisher() *Publisher {
	return New(b.cfg, Options{Now: func() time.Time { return b.now }, Build: "test"})
}

// serve runs a daemon until the clock has reached end.
func (b *blog) serve(end time.Time) {
	b.t.Helper()
	l, err := sqlite.Open(b.t.Context(), DSN(b.cfg))
	if err != nil {
		b.t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	var d *Daemon
	wait := func(ctx context.Context, until time.Time, _ <-chan struct{}) error {
		<-b.mailed
		if err := d.Healthy(); err != nil && b.ailing == nil {
			b.t.Errorf("%s: %v %v", b.now, err, d.faults)
		} else if b.ailing != nil {
			b.ailing(err)
		}
		if len(b.events) > 0 && b.events[0].at.Before(until) {
			b.now = b.events[0].at
			b.events[0].do()
			b.events = b.events[1:]
			return nil
		}
		if b.now = until; !b.now.Before(end) {
			cancel()
		}
		return ctx.Err()
	}
	d = b.publisher().Daemon(l, DaemonOptions{Every: 30 * 24 * time.Hour, Wait: wait, Poll: time.Hour})
	d.mailed = func(time.Time) { b.mailed <- struct{}{} }
	if err := d.Run(ctx, nil); err != nil {
		b.t.Fatal(err)
	}
}

func (b *blog) subscribe(lines ...string) {
	b.t.Helper()
	l, err := sqlite.Open(b.t.Context(), DSN(b.cfg))
	if err != nil {
		b.t.Fatal(err)
	}
	defer l.Close()
	list := strings.NewReader("email,cadence\n" + strings.Join(lines, "\n"))
	if got, err := b.publisher().Import(b.t.Context(), l, []subscribers.Source{{Name: "list", Reader: list}}, subscribers.ImportOptions{}); err != nil || len(got.Warnings) > 0 {
		b.t.Fatal(err, got.Warnings)
	}
}

// received lists what is in the outbox for an address: when it was sent, in the
// site's zone, and the titles in it.
func (b *blog) received(address string) []string {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "outbox", "*"+address+".eml"))
	if err != nil {
		b.t.Fatal(err)
	}
	var got []string
	for _, file := range files {
		sent, text := readMail(b.t, file)
		var titles []string
		for _, title := range postTitle.FindAllString(text, -1) {
			if !slices.Contains(titles, title) {
				titles = append(titles, title)
			}
		}
		slices.Sort(titles)
		got = append(got, sent.In(b.cfg.Site.Timezone).Format("2006-01-02 15:04 -0700")+" "+strings.Join(titles, " "))
	}
	slices.Sort(got)
	return got
}

var postTitle = regexp.MustCompile(`P\d{3}`)

// readMail returns when a filed message was sent, and its text part.
func readMail(t *testing.T, file string) (sent time.Time, text string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := mail.ReadMessage(f)
	if err != nil {
		t.Fatal(err)
	}
	if sent, err = m.Header.Date(); err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextPart() // quoted-printable is decoded
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	return sent, string(data)
}

// In a year of posts at odd hours, each goes out once to each subscriber, at the first time of
// the cadence after it, by the wall clock in every season.
func TestAYear(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/New_York"}
	if racedetector.Enabled {
		zones = zones[:1]
	}
	for _, zone := range zones {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			start, end := time.Date(2026, 1, 1, 0, 0, 0, 0, loc), time.Date(2027, 1, 1, 0, 0, 0, 0, loc)
			b := newBlog(t, `
digest: {settle: 0s, default: daily, cadences: {daily: "30 2 * * *", weekly: "0 8 * * MON", monthly: "0 9 1 * *"}}
`, start)
			b.write("config.yaml", strings.Replace(readFile(t, filepath.Join(b.dir, "config.yaml")), "com}", "com, timezone: "+zone+"}", 1))
			b.load()
			b.subscribe("day@example.com,daily", "week@example.com,weekly", "month@example.com,monthly")
			var posts []time.Time
			for at := start.Add(5 * time.Hour); at.Before(end.AddDate(0, -1, -3)); at = at.Add(83*time.Hour + 17*time.Minute) {
				title := fmt.Sprintf("P%03d", len(posts))
				posts = append(posts, at)
				b.events = append(b.events, event{at, func() { b.post(title) }})
			}
			b.serve(end)
			for address, fires := range map[string][]time.Time{
				"day@example.com":   walls(start, end, func(d time.Time) (int, int, bool) { return 2, 30, true }),
				"week@example.com":  walls(start, end, func(d time.Time) (int, int, bool) { return 8, 0, d.Weekday() == time.Monday }),
				"month@example.com": walls(start, end, func(d time.Time) (int, int, bool) { return 9, 0, d.Day() == 1 }),
			} {
				if diff := cmp.Diff(expected(posts, fires), b.received(address)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", address, diff)
				}
			}
		})
	}
}

// walls lists, day by day, the moments at which the wall clock shows the time. A
// time that the spring change skips is the moment of the change.
func walls(start, end time.Time, at func(day time.Time) (hour, minute int, wanted bool)) []time.Time {
	var fires []time.Time
	for day := start; day.Before(end); day = day.AddDate(0, 0, 1) {
		hour, minute, wanted := at(day)
		if !wanted {
			continue
		}
		moment := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, day.Location())
		for h, m, _ := moment.Clock(); h*60+m < hour*60+minute; h, m, _ = moment.Clock() {
			moment = moment.Add(time.Minute)
		}
		fires = append(fires, moment)
	}
	return fires
}

// expected groups the posts by the first fire after each.
func expected(posts, fires []time.Time) []string {
	var want []string
	last := time.Time{}
	for _, fire := range fires {
		var titles []string
		for i, at := range posts {
			if at.After(last) && !at.After(fire) {
				titles = append(titles, fmt.Sprintf("P%03d", i))
			}
		}
		if last = fire; titles != nil {
			want = append(want, fire.Format("2006-01-02 15:04 -0700")+" "+strings.Join(titles, " "))
		}
	}
	return want
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// After nine days in which nothing ran, each missed edition goes out once.
func TestOutage(t *testing.T) {
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) // a Monday
	b := newBlog(t, `digest: {settle: 0s, cadences: {daily: "0 8 * * *", weekly: "0 8 * * MON"}, default: daily}`, start)
	b.subscribe("day@example.com,daily", "week@example.com,weekly")
	b.events = []event{{start.Add(time.Hour), func() { b.post("P000") }}}
	b.serve(start.AddDate(0, 0, 1))

	b.now = start.AddDate(0, 0, 5)
	b.post("P001")
	b.post("P002")
	b.now = start.AddDate(0, 0, 10)
	b.serve(start.AddDate(0, 0, 12))
	for address, want := range map[string][]string{
		"day@example.com":  {"2026-06-02 08:00 +0000 P000", "2026-06-11 12:00 +0000 P001 P002"},
		"week@example.com": {"2026-06-11 12:00 +0000 P000 P001 P002"},
	} {
		if diff := cmp.Diff(want, b.received(address)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
}

// A post waits for digest.settle, and the daemon wakes when that is over.
func TestSettles(t *testing.T) {
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b := newBlog(t, `digest: {settle: 10m, default: immediate}`, start)
	b.subscribe("now@example.com,")
	b.events = []event{
		{start.Add(time.Hour), func() { b.post("P000") }},
		{start.Add(time.Hour + 8*time.Minute), func() { b.post("P000") }},
	}
	b.serve(start.Add(3 * time.Hour))
	if diff := cmp.Diff([]string{"2026-06-01 13:18 +0000 P000"}, b.received("now@example.com")); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

// A folder that feeds cannot be written to does not delay mail, and is reported until it is
// fixed.
func TestOneFault(t *testing.T) {
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b := newBlog(t, `digest: {settle: 0s, default: immediate}`, start)
	b.subscribe("now@example.com,")
	var health []string
	b.ailing = func(err error) { health = append(health, fmt.Sprint(err)) }
	b.write("public", "a file where the folder is to be")
	b.events = []event{
		{start.Add(time.Hour), func() { b.post("P000") }},
		{start.Add(2 * time.Hour), func() {
			if err := os.Remove(filepath.Join(b.dir, "public")); err != nil {
				t.Error(err)
			}
		}},
	}
	b.serve(start.Add(3 * time.Hour))
	if diff := cmp.Diff([]string{"2026-06-01 13:00 +0000 P000"}, b.received("now@example.com")); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
	failing := "content and feeds: failing; the log says why"
	if diff := cmp.Diff([]string{failing, failing, "<nil>"}, health[:3]); diff != "" {
		t.Errorf("health (-want +got):\n%s", diff)
	}
	if !strings.Contains(readFile(t, filepath.Join(b.dir, "public/feed.xml")), "P000") {
		t.Error("the feed was not written afterward")
	}
}

// A panic in one part becomes an error that names its place.
func TestPanicIsAnError(t *testing.T) {
	err := panics.Catch(func() error {
		var posts []catalog.Entry
		posts[0].Row.Seq++
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "publish.TestPanicIsAnError") || strings.Contains(err.Error(), "goroutine") {
		t.Errorf("error %v, want one that names the place, without a stack", err)
	}
}

// While the list cannot be read, the daemon updates the feeds, reports the failure, and sends
// no new post; afterward everybody on the list gets it.
func TestDaemonListUnread(t *testing.T) {
	start := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	b := newBlog(t, "digest: {settle: 0s, default: immediate}\nsubscribers: {file: people.csv}", start)
	b.write("people.csv", "email\nold@example.com\n")
	var health []string
	b.ailing = func(err error) { health = append(health, fmt.Sprint(err)) }
	feed := ""
	b.events = []event{
		{start.Add(time.Hour), func() {
			b.write("people.csv", "email,name\nold@example.com,\nnew@example.com,\"New\n")
			b.post("P000")
		}},
		{start.Add(2 * time.Hour), func() {
			feed = readFile(t, filepath.Join(b.dir, "public/feed.xml"))
			b.write("people.csv", "email,name\nold@example.com,\nnew@example.com,New\n")
		}},
	}
	b.serve(start.Add(3 * time.Hour))
	for _, address := range []string{"old@example.com", "new@example.com"} {
		if diff := cmp.Diff([]string{"2026-06-01 14:00 +0000 P000"}, b.received(address)); diff != "" {
			t.Errorf("%s received (-want +got):\n%s", address, diff)
		}
	}
	if !strings.Contains(feed, "P000") {
		t.Error("the feed waited for the list")
	}
	failing := "content and feeds: failing; the log says why"
	if diff := cmp.Diff([]string{"<nil>", failing, "<nil>"}, health[:3]); diff != "" {
		t.Errorf("health (-want +got):\n%s", diff)
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
