// Package ledgertest is the conformance suite of the ledger: what each database under it
// has to pass.
package ledgertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
)

// Open opens a new, empty ledger, and closes it when the test ends.
type Open func(t *testing.T) *ledger.Ledger

// Run tests that ledgers opened with open do what package ledger promises.
func Run(t *testing.T, open Open) {
	for name, test := range suite {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// RunOnly is Run for some of the tests.
func RunOnly(t *testing.T, open Open, names ...string) {
	for _, name := range names {
		test := suite[name]
		if test == nil {
			t.Fatalf("there is no test %q", name)
		}
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

var suite = map[string]func(t *testing.T, open Open){
	"first pass and scan":           testFirstPass,
	"unchanged note":                testUnchangedNote,
	"state of the feeds":            testFeedState,
	"names of feeds":                testFeedNames,
	"hubs":                          testHubs,
	"subscriber file":               testSubscriberFile,
	"archived pages":                testArchivedPages,
	"archive":                       testArchive,
	"connections and sending":       testSMTPState,
	"posts are numbered once":       testPostNumbers,
	"posts come back as stored":     testPostRoundTrip,
	"post saved under another id":   testPostConflict,
	"import adds and updates":       testImport,
	"import from a file":            testImportFile,
	"import never brings back":      testImportKeeps,
	"import and missing rows":       testImportMissing,
	"import rolls back":             testImportRollsBack,
	"import counts duplicates once": testImportDuplicates,
	"undoing an import":             testUndoImport,
	"imports leave consents":        testImportConsents,
	"undoing leaves what changed":   testUndoImportLeaves,
	"undoing imports in turn":       testUndoImportsInTurn,
	"undoing after mail":            testUndoImportAfterMail,
	"preferences":                   testPreferences,
	"status":                        testStatus,
	"subscribers stream":            testSubscribers,
	"groups and recipients":         testAudience,
	"languages":                     testLanguages,
	"language is a choice":          testLanguageChoice,
	"change of languages":           testSetDigestLanguages,
	"editions":                      testEditions,
	"import takes the strictest":    testImportStrictest,
	"import reports each row":       testImportReport,
	"refusals mark":                 testMarkRefused,
	"unclear refusals mark":         testUnclearRefusalsMark,
	"stopped editions":              testRecordStop,
	"rights":                        testRights,
	"rights on walks":               testRightsOnWalks,
	"undo after the row is gone":    testUndoAfterTheRowIsGone,
	"sign-up":                       testSignup,
	"notices of sign-ups":           testSignupNotices,
	"sign-ups expire":               testSignupExpires,
	"codes":                         testCodes,
	"random tokens":                 testTokens,
	"fresh links":                   testManage,
	"change of address":             testMove,
	"change to a known address":     testMoveToKnown,
	"address taken back":            testTakeBack,
	"everything of a subscriber":    testSubscriberData,
	"pause":                         testPause,
	"erase":                         testErase,
	"other addresses":               testOtherAddresses,
	"erased addresses stay away":    testErasedStayAway,
	"erase while mail is under way": testEraseUnderWay,
	"pause and a retry":             testPauseOfDeferred,
	"undo with a pause":             testUndoWithPause,
	"soft bounces by proof":         testSoftBouncesByProof,
	"weak reports":                  testWeakReports,
	"bounces of unknown mail":       testBouncesOfUnknownMail,
	"mailboxes":                     testMailboxes,
	"record":                        testRecord,
	"record refuses":                testRecordRefuses,
	"record retries":                testRecordRetries,
	"record after a crash":          testRecordInterrupted,
	"record bounces":                testRecordBounces,
	"record from many callers":      testRecordConcurrently,
	"leaving while mail goes out":   testLeaveWhileSending,
	"deferred":                      testDeferred,
	"retry":                         testRetry,
	"cancel":                        testCancel,
	"cancel under way":              testCancelUnderWay,
	"send log":                      testSendLog,
	"posts that were withheld":      testWithheld,
	"words above editions":          testIntros,
	"readers of feeds":              testFeedReaders,
	"own feeds":                     testOwnFeeds,
	"bundles":                       testBundles,
	"pruning":                       testPruning,
	"pruning and what came back":    testPruningAndBounces,
	"close waits for records":       testClose,
}

var ctx = context.Background()

func testPostNumbers(t *testing.T, open Open) {
	l := open(t)
	posts := []ledger.Post{
		{ID: "a", Stage: ledger.Known},
		{ID: "b", Stage: ledger.Numbered},
		{ID: "c", Stage: ledger.New},
		{ID: "d", Stage: ledger.Numbered},
	}
	Must(t, l.SavePosts(ctx, posts))
	want := []ledger.Post{
		{Key: 1, ID: "a", Stage: ledger.Known},
		{Key: 2, ID: "b", Stage: ledger.Numbered, Seq: 1},
		{Key: 3, ID: "c", Stage: ledger.New},
		{Key: 4, ID: "d", Stage: ledger.Numbered, Seq: 2},
	}
	if diff := cmp.Diff(want, posts); diff != "" {
		t.Errorf("set in the slice (-want +got)\n%s", diff)
	}
	Want(t, int64(2))(l.NewestNumber(ctx))

	// What is numbered keeps its number, whatever the caller remembers of it.
	posts[2].Stage = ledger.Numbered
	forgetful := posts[1]
	forgetful.Seq, forgetful.Title = 0, "B"
	again := []ledger.Post{forgetful, posts[2]}
	Must(t, l.SavePosts(ctx, again))
	if again[0].Seq != 1 || again[1].Seq != 3 {
		t.Errorf("numbers %d and %d, want 1 and 3", again[0].Seq, again[1].Seq)
	}
	Want(t, int64(3))(l.NewestNumber(ctx))
}

func testPostRoundTrip(t *testing.T, open Open) {
	l := open(t)
	posts := []ledger.Post{{
		ID: "tag:example.com,2026:é", Path: "posts/a b.md", URL: "https://example.com/a", Title: "A & <b> \"c\"",
		Date: Noon.In(time.FixedZone("", 3600)), BodyHash: []byte{0, 1}, FileHash: []byte{2}, FirstSeen: Noon.Add(time.Microsecond),
		Updated: Noon.Add(time.Hour), Gone: Noon.Add(2 * time.Hour), Stage: ledger.Held,
	}, {
		ID: "empty",
	}}
	Must(t, l.SavePosts(ctx, posts))
	posts[0].Date = posts[0].Date.UTC()
	Want(t, posts)(l.Posts(ctx))

	posts[0].Path, posts[0].Gone, posts[0].Stage = "posts/b.md", time.Time{}, ledger.Released
	Must(t, l.SavePosts(ctx, posts[:1]))
	Want(t, posts)(l.Posts(ctx))
}

func testPostConflict(t *testing.T, open Open) {
	l := open(t)
	Must(t, l.SavePosts(ctx, []ledger.Post{{ID: "a"}}))
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

func testEditions(t *testing.T, open Open) {
	l := open(t)
	at, through, err := l.LastClosed(ctx, "daily")
	if err != nil || !at.IsZero() || through != 0 {
		t.Errorf("LastClosed of a cadence that never closed: %v, %d, %v", at, through, err)
	}
	Want(t, (*ledger.Edition)(nil))(l.Edition(ctx, 1))

	first := ledger.Edition{Cadence: "daily", Subject: "One", Closed: Noon, After: 0, Through: 2, Posts: []string{"b", "a"}, Recipients: 2}
	second := ledger.Edition{Cadence: "weekly", Subject: "Two", Closed: Noon.Add(time.Hour), Through: 2, Posts: []string{"b"}}
	third := ledger.Edition{Cadence: "weekly", Language: "de", Subject: "Drei", Closed: Noon.Add(time.Hour), Through: 2, Posts: []string{"c"}}
	Must(t, l.CloseEditions(ctx, &first))
	Must(t, l.CloseEditions(ctx))
	Must(t, l.CloseEditions(ctx, &second, &third))
	if first.Number != 1 || second.Number != 2 || third.Number != 3 {
		t.Errorf("numbers %d, %d and %d, want 1, 2 and 3", first.Number, second.Number, third.Number)
	}
	Want(t, []ledger.Edition{third, second, first})(l.Editions(ctx))

	Must(t, l.CloseEmpty(ctx, "daily", Noon.Add(24*time.Hour), 5))
	at, through, err = l.LastClosed(ctx, "daily")
	if err != nil || !at.Equal(Noon.Add(24*time.Hour)) || through != 5 {
		t.Errorf("LastClosed after an empty one: %v, %d, %v", at, through, err)
	}

	Must(t, l.FinishEdition(ctx, 1, Noon.Add(time.Minute)))
	Must(t, l.FinishEdition(ctx, 1, Noon.Add(time.Hour)))
	Want(t, []ledger.Edition{third, second})(l.UnfinishedEditions(ctx))
	Want(t, []ledger.Edition{third, second})(l.EditionsToSend(ctx))
	first.Done = Noon.Add(time.Minute)
	Want(t, &first)(l.Edition(ctx, 1))
}

func testClose(t *testing.T, open Open) {
	l := open(t)
	Number(t, l, 1)
	Must(t, l.Close())
	Must(t, l.Close())
	if _, err := l.Record(ctx, nil, &ledger.Intent{}); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("Record after Close: %v", err)
	}
}
