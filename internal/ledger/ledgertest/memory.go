package ledgertest

import (
	"testing"
	"time"

	"publisher/internal/ledger"
)

var problems = []ledger.Problem{
	{Path: "posts/b.md", Line: 3, Message: "no\ndate", Invalid: true},
	{Path: "posts/a.md", Message: "“quoted”", Shared: true},
}

func testFirstPass(t *testing.T, open Open) {
	l := open(t)
	Want(t, time.Time{})(l.FirstPass(ctx))
	Must(t, l.SetFirstPass(ctx, Noon.Add(1234*time.Microsecond)))
	Want(t, Noon.Add(1234*time.Microsecond))(l.FirstPass(ctx))

	Want(t, []byte(nil))(l.ScanSnapshot(ctx))
	Must(t, l.SaveScanSnapshot(ctx, []byte("one\x00")))
	Must(t, l.SaveScanSnapshot(ctx, []byte("two\x00\xff")))
	Want(t, []byte("two\x00\xff"))(l.ScanSnapshot(ctx))
}

func testUnchangedNote(t *testing.T, open Open) {
	l := open(t)
	Want(t, (*ledger.UnchangedNote)(nil))(l.UnchangedNote(ctx))
	note := ledger.UnchangedNote{Version: 2, Scan: "7 ff", Settings: "hash", Since: Noon, Until: Noon.AddDate(7000, 0, 0), Mail: true, Problems: problems}
	Must(t, l.SaveUnchangedNote(ctx, note))
	Want(t, &note)(l.UnchangedNote(ctx))
	note.Scan, note.Mail, note.Problems = "8 ff", false, problems[1:]
	Must(t, l.SaveUnchangedNote(ctx, note))
	Want(t, &note)(l.UnchangedNote(ctx))
	Must(t, l.SaveUnchangedNote(ctx, ledger.UnchangedNote{}))
	Want(t, &ledger.UnchangedNote{})(l.UnchangedNote(ctx))
}

func testFeedState(t *testing.T, open Open) {
	l := open(t)
	Want(t, ledger.FeedState{})(l.FeedState(ctx))
	at := Noon.Add(123456789)
	atom := ledger.FeedFile{FeedDocument: ledger.FeedDocument{Path: "public/atom.xml", SHA256: "aa", Inputs: "bb", Items: []byte("x\x00")}, Size: 10, Modified: at}
	css := ledger.FeedFile{FeedDocument: ledger.FeedDocument{Path: "public/feed.css", SHA256: "cc"}, Size: 11, Modified: at}
	failed := ledger.FeedFile{FeedDocument: ledger.FeedDocument{Path: "public/tags/go/atom.xml"}}
	state := ledger.FeedState{Settings: "Blog", Feeds: 2, Files: []ledger.FeedFile{atom, css, failed}, LeftOut: problems,
		Dependencies: map[string]ledger.Dependencies{"one.md": {Links: []string{"two.md"}, Files: []string{"/a b.png", "/c.png"}, State: "?"}, "two.md": {Files: []string{"/c.png"}}}}
	Must(t, l.SaveFeedState(ctx, state))
	Want(t, state)(l.FeedState(ctx))

	// One changes, one comes, one goes.
	atom.SHA256, atom.Items, atom.Modified = "dd", nil, at.Add(1)
	rss := ledger.FeedFile{FeedDocument: ledger.FeedDocument{Path: "public/feed.xml", SHA256: "ee"}, Size: 12, Modified: at}
	state = ledger.FeedState{Settings: "Blog 2", Feeds: 3, Files: []ledger.FeedFile{atom, css, rss},
		Dependencies: map[string]ledger.Dependencies{"two.md": {Files: []string{"/d.png"}, State: "ab"}, "three.md": {Links: []string{"one.md"}}}}
	Must(t, l.SaveFeedState(ctx, state))
	Want(t, state)(l.FeedState(ctx))
	for i := range state.Files {
		state.Files[i].Inputs, state.Files[i].Items = "", nil
	}
	Must(t, l.ForgetFeedInputs(ctx))
	Want(t, state)(l.FeedState(ctx))
}

func testFeedNames(t *testing.T, open Open) {
	l := open(t)
	none := ledger.FeedNames{IDs: map[string]string{}, Folders: map[string]map[string]string{}}
	Want(t, none)(l.FeedNames(ctx))
	names := ledger.FeedNames{IDs: map[string]string{"": "https://a/", "tags/go": "https://a/go"},
		Folders: map[string]map[string]string{"": {"go": "go", "r&d": "r-d"}, "de": {"go": "go"}}}
	Must(t, l.SaveFeedNames(ctx, names))
	Want(t, names)(l.FeedNames(ctx))
	names.IDs["de"], names.Folders["de"]["c++"] = "https://a/de", "c"
	Must(t, l.SaveFeedNames(ctx, names))
	Want(t, names)(l.FeedNames(ctx))
	// What is promised for ever stays, whatever is forgotten.
	Must(t, l.SaveFeedNames(ctx, none))
	Want(t, names)(l.FeedNames(ctx))
}

func testHubs(t *testing.T, open Open) {
	l := open(t)
	Want(t, map[string]ledger.Hub{})(l.Hubs(ctx))
	hubs := map[string]ledger.Hub{
		"https://a/": {Notified: map[string]string{"public/atom.xml": "aa", "public/feed.xml": "bb"}},
		"https://b/": {Notified: map[string]string{}, Failures: 3, Next: Noon},
	}
	Must(t, l.SaveHubs(ctx, hubs))
	Want(t, hubs)(l.Hubs(ctx))
	hubs = map[string]ledger.Hub{
		"https://b/": {Notified: map[string]string{"public/atom.xml": "aa"}},
		"https://c/": {Notified: map[string]string{}, Failures: 1, Next: Noon},
	}
	Must(t, l.SaveHubs(ctx, hubs))
	Want(t, hubs)(l.Hubs(ctx))
	hubs["https://b/"].Notified["public/atom.xml"] = "cc"
	Must(t, l.SaveHubs(ctx, hubs))
	Want(t, hubs)(l.Hubs(ctx))
	Must(t, l.SaveHubs(ctx, nil))
	Want(t, map[string]ledger.Hub{})(l.Hubs(ctx))
}

func testSubscriberFile(t *testing.T, open Open) {
	l := open(t)
	Want(t, ledger.SubscriberFile{})(l.SubscriberFile(ctx))
	file := ledger.SubscriberFile{Hash: "aa", Missing: 3, Faulty: true, Warnings: problems}
	Must(t, l.SaveSubscriberFile(ctx, file))
	Want(t, file)(l.SubscriberFile(ctx))
	file = ledger.SubscriberFile{Hash: "bb"}
	Must(t, l.SaveSubscriberFile(ctx, file))
	Want(t, file)(l.SubscriberFile(ctx))
}

func testArchivedPages(t *testing.T, open Open) {
	l := open(t)
	n := CloseEdition(t, l, "weekly", 0, 0)
	Want(t, false)(l.HasArchivedPage(ctx, n))
	Want(t, []byte(nil))(l.ArchivedPage(ctx, n))
	Must(t, l.SaveArchivedPage(ctx, n, []byte("\x1f\x8bold")))
	Must(t, l.SaveArchivedPage(ctx, n, []byte("\x1f\x8bnew")))
	Want(t, []byte("\x1f\x8bnew"))(l.ArchivedPage(ctx, n))
	Want(t, true)(l.HasArchivedPage(ctx, n))
	Want(t, []byte(nil))(l.ArchivedPage(ctx, n+1))
	if err := l.SaveArchivedPage(ctx, n+1, []byte("x")); err == nil {
		t.Error("saved the web version of an edition that there is not")
	}
}

// testArchive wants editions with a web version, unless they were canceled unsent, and the
// neighbors of the same cadence and language among them.
func testArchive(t *testing.T, open Open) {
	l := open(t)
	editions := []ledger.Edition{
		{Cadence: "weekly", Subject: "one", Posts: []string{"a"}},
		{Cadence: "daily", Subject: "two"},
		{Cadence: "weekly", Language: "de", Subject: "three"},
		{Cadence: "weekly", Subject: "without a page"},
		{Cadence: "weekly", Subject: "canceled"},
		{Cadence: "weekly", Subject: "six", Posts: []string{"b", "a"}},
	}
	for i := range editions {
		e := &editions[i]
		e.Closed = Noon
		Must(t, l.CloseEditions(ctx, e))
		if e.Subject != "without a page" {
			Must(t, l.SaveArchivedPage(ctx, e.Number, []byte("x")))
		}
	}
	if _, err := l.CancelEdition(ctx, editions[4].Number, ledger.Audience{}, Noon); err != nil {
		t.Fatal(err)
	}
	numbers := func(most int) (all []int64) {
		found, err := l.ArchivedEditions(ctx, most)
		Must(t, err)
		for _, e := range found {
			all = append(all, e.Number)
		}
		return all
	}
	one, two, three, six := editions[0].Number, editions[1].Number, editions[2].Number, editions[5].Number
	Want(t, []int64{six, three, two, one})(numbers(0), nil)
	Want(t, []int64{six, three})(numbers(2), nil)
	found, err := l.ArchivedEditions(ctx, 1)
	Want(t, []ledger.ArchivedEdition{{Number: six, Cadence: "weekly", Subject: "six", Closed: Noon, Posts: []string{"b", "a"}}})(found, err)
	Want(t, ledger.EditionNeighbors{Newer: six})(l.EditionNeighbors(ctx, one))
	Want(t, ledger.EditionNeighbors{Older: one})(l.EditionNeighbors(ctx, six))
	Want(t, ledger.EditionNeighbors{Language: "de"})(l.EditionNeighbors(ctx, three))
	Want(t, ledger.EditionNeighbors{})(l.EditionNeighbors(ctx, six+1))
}

func testSMTPState(t *testing.T, open Open) {
	l := open(t)
	Want(t, ledger.ConnectionLimit{})(l.ConnectionLimit(ctx))
	Want(t, false)(l.Sending(ctx))
	limit := ledger.ConnectionLimit{Server: "mail.example.com:587", Connections: 2}
	Must(t, l.SetConnectionLimit(ctx, limit))
	Must(t, l.SetSending(ctx, true))
	Want(t, limit)(l.ConnectionLimit(ctx))
	Want(t, true)(l.Sending(ctx))
	Must(t, l.SetConnectionLimit(ctx, ledger.ConnectionLimit{}))
	Want(t, ledger.ConnectionLimit{})(l.ConnectionLimit(ctx))
	Want(t, true)(l.Sending(ctx))
	Must(t, l.SetSending(ctx, false))
	Want(t, false)(l.Sending(ctx))
}
