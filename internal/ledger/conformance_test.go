package ledger_test

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
)

// conformance is what every database under the ledger has to do. open returns
// a new, empty ledger.
var conformance = map[string]func(t *testing.T, open func(*testing.T) *ledger.Ledger){
	"first pass and scan":         testFirstPass,
	"unchanged note":              testUnchangedNote,
	"state of the feeds":          testFeedState,
	"names of feeds":              testFeedNames,
	"hubs":                        testHubs,
	"subscriber file":             testSubscriberFile,
	"archived pages":              testArchivedPages,
	"connections and sending":     testSMTPState,
	"posts are numbered once":     testPostNumbers,
	"posts come back as stored":   testPostRoundTrip,
	"post saved under another id": testPostConflict,
	"import adds and updates":     testImport,
	"import from a file":          testImportFile,
	"import never brings back":    testImportKeeps,
	"import and missing rows":     testImportMissing,
	"import rolls back":           testImportRollsBack,
	"import counts twins once":    testImportTwins,
	"preferences":                 testPreferences,
	"status":                      testStatus,
	"subscribers stream":          testSubscribers,
	"groups and recipients":       testAudience,
	"languages":                   testLanguages,
	"language is a choice":        testLanguageChoice,
	"regroup":                     testRegroup,
	"editions":                    testEditions,
	"record":                      testRecord,
	"record refuses":              testRecordRefuses,
	"record retries":              testRecordRetries,
	"record after a crash":        testRecordInterrupted,
	"record bounces":              testRecordBounces,
	"record from many callers":    testRecordConcurrently,
	"deferred":                    testDeferred,
	"retry":                       testRetry,
	"cancel":                      testCancel,
	"cancel under way":            testCancelUnderWay,
	"pace":                        testPace,
	"posts that were withheld":    testWithheld,
	"bundles":                     testBundles,
	"close waits for records":     testClose,
}

func TestSQLite(t *testing.T) {
	open := func(t *testing.T) *ledger.Ledger {
		return openAt(t, "sqlite:"+filepath.Join(t.TempDir(), "publisher.db"))
	}
	for name, test := range conformance {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

var (
	ctx  = context.Background()
	noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

func openAt(t *testing.T, dsn string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want1 fails the test where a call failed or gave something else.
func want1[T any](t *testing.T, want T) func(got T, err error) {
	return func(got T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// number brings the newest sequence number to n.
func number(t *testing.T, l *ledger.Ledger, n int64) {
	t.Helper()
	newest, err := l.NewestNumber(ctx)
	must(t, err)
	var posts []ledger.Post
	for i := newest + 1; i <= n; i++ {
		posts = append(posts, ledger.Post{ID: "post-" + string(rune('a'+i)), Stage: ledger.Numbered, Read: true})
	}
	must(t, l.SavePosts(ctx, posts))
}

// rows is a list to import, ended by err if there is one.
func rows(err error, list ...ledger.Row) iter.Seq2[ledger.Row, error] {
	return func(yield func(ledger.Row, error) bool) {
		for i, row := range list {
			row.Line = i + 2
			if !yield(row, nil) {
				return
			}
		}
		if err != nil {
			yield(ledger.Row{}, err)
		}
	}
}

func add(t *testing.T, l *ledger.Ledger, list ...ledger.Row) {
	t.Helper()
	_, err := l.Import(ctx, rows(nil, list...), ledger.ImportOptions{DefaultCadence: "weekly", Now: noon})
	must(t, err)
}

func subscriber(t *testing.T, l *ledger.Ledger, email string) ledger.Subscriber {
	t.Helper()
	s, err := l.Subscriber(ctx, email)
	must(t, err)
	if s == nil {
		t.Fatalf("no subscriber %s", email)
	}
	return *s
}

func closeEdition(t *testing.T, l *ledger.Ledger, cadence string, after, through int64) int64 {
	t.Helper()
	e := ledger.Edition{Cadence: cadence, Subject: "News", Closed: noon, After: after, Through: through}
	must(t, l.CloseEditions(ctx, &e))
	return e.Number
}

func testPostNumbers(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	posts := []ledger.Post{
		{ID: "a", Stage: ledger.Known},
		{ID: "b", Stage: ledger.Numbered},
		{ID: "c", Stage: ledger.New},
		{ID: "d", Stage: ledger.Numbered},
	}
	must(t, l.SavePosts(ctx, posts))
	want := []ledger.Post{
		{Key: 1, ID: "a", Stage: ledger.Known},
		{Key: 2, ID: "b", Stage: ledger.Numbered, Seq: 1},
		{Key: 3, ID: "c", Stage: ledger.New},
		{Key: 4, ID: "d", Stage: ledger.Numbered, Seq: 2},
	}
	if diff := cmp.Diff(want, posts); diff != "" {
		t.Errorf("set in the slice (-want +got)\n%s", diff)
	}
	want1(t, int64(2))(l.NewestNumber(ctx))

	// What is numbered keeps its number, whatever the caller remembers of it.
	posts[2].Stage = ledger.Numbered
	forgetful := posts[1]
	forgetful.Seq, forgetful.Title = 0, "B"
	again := []ledger.Post{forgetful, posts[2]}
	must(t, l.SavePosts(ctx, again))
	if again[0].Seq != 1 || again[1].Seq != 3 {
		t.Errorf("numbers %d and %d, want 1 and 3", again[0].Seq, again[1].Seq)
	}
	want1(t, int64(3))(l.NewestNumber(ctx))
}

func testPostRoundTrip(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	posts := []ledger.Post{{
		ID: "tag:example.com,2026:é", Path: "posts/a b.md", URL: "https://example.com/a", Title: "A & <b> \"c\"",
		Date: noon.In(time.FixedZone("", 3600)), BodyHash: []byte{0, 1}, FileHash: []byte{2}, FirstSeen: noon.Add(time.Microsecond),
		Updated: noon.Add(time.Hour), Gone: noon.Add(2 * time.Hour), Stage: ledger.Held,
	}, {
		ID: "empty",
	}}
	must(t, l.SavePosts(ctx, posts))
	posts[0].Date = posts[0].Date.UTC()
	want1(t, posts)(l.Posts(ctx))

	posts[0].Path, posts[0].Gone, posts[0].Stage = "posts/b.md", time.Time{}, ledger.Released
	must(t, l.SavePosts(ctx, posts[:1]))
	want1(t, posts)(l.Posts(ctx))
}

func testPostConflict(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	must(t, l.SavePosts(ctx, []ledger.Post{{ID: "a"}}))
	for name, posts := range map[string][]ledger.Post{
		"a second post with the id": {{ID: "b"}, {ID: "a"}},
		"another id under the key":  {{ID: "b"}, {ID: "c", Key: 1}},
	} {
		if err := l.SavePosts(ctx, posts); err == nil {
			t.Errorf("%s: no error", name)
		}
		if posts[0].Key != 0 {
			t.Errorf("%s: key set by a transaction that failed", name)
		}
	}
	found, err := l.Posts(ctx)
	if err != nil || len(found) != 1 {
		t.Errorf("%d posts, %v; want only the first", len(found), err)
	}
}

func testEditions(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	at, through, err := l.LastClosed(ctx, "daily")
	if err != nil || !at.IsZero() || through != 0 {
		t.Errorf("LastClosed of a cadence that never closed: %v, %d, %v", at, through, err)
	}
	want1(t, (*ledger.Edition)(nil))(l.Edition(ctx, 1))

	first := ledger.Edition{Cadence: "daily", Subject: "One", Closed: noon, After: 0, Through: 2, Posts: []string{"b", "a"}, Recipients: 2}
	second := ledger.Edition{Cadence: "weekly", Subject: "Two", Closed: noon.Add(time.Hour), Through: 2, Posts: []string{"b"}}
	third := ledger.Edition{Cadence: "weekly", Language: "de", Subject: "Drei", Closed: noon.Add(time.Hour), Through: 2, Posts: []string{"c"}}
	must(t, l.CloseEditions(ctx, &first))
	must(t, l.CloseEditions(ctx))
	must(t, l.CloseEditions(ctx, &second, &third))
	if first.Number != 1 || second.Number != 2 || third.Number != 3 {
		t.Errorf("numbers %d, %d and %d, want 1, 2 and 3", first.Number, second.Number, third.Number)
	}
	want1(t, []ledger.Edition{third, second, first})(l.Editions(ctx))

	must(t, l.CloseEmpty(ctx, "daily", noon.Add(24*time.Hour), 5))
	at, through, err = l.LastClosed(ctx, "daily")
	if err != nil || !at.Equal(noon.Add(24*time.Hour)) || through != 5 {
		t.Errorf("LastClosed after an empty one: %v, %d, %v", at, through, err)
	}

	must(t, l.FinishEdition(ctx, 1, noon.Add(time.Minute)))
	must(t, l.FinishEdition(ctx, 1, noon.Add(time.Hour)))
	first.Done = noon.Add(time.Minute)
	want1(t, &first)(l.Edition(ctx, 1))
}

func testClose(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	number(t, l, 1)
	must(t, l.Close())
	must(t, l.Close())
	if _, err := l.Record(ctx, nil, &ledger.Intent{}); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("Record after Close: %v", err)
	}
}
