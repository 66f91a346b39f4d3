package ledgertest

import (
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/passstate"
)

var problems = []passstate.Problem{
	{Path: "posts/b.md", Line: 3, Message: "no\ndate", Invalid: true},
	{Path: "posts/a.md", Message: "“quoted”", Shared: true},
}

func testFirstPass(t *testing.T, open Open) {
	l := open(t)
	Want(t, time.Time{})(passstate.FirstPass(ctx, l))
	Must(t, passstate.SetFirstPass(ctx, l, Noon.Add(1234*time.Microsecond)))
	Want(t, Noon.Add(1234*time.Microsecond))(passstate.FirstPass(ctx, l))

	Want(t, []byte(nil))(passstate.LoadScanSnapshot(ctx, l))
	Must(t, passstate.SaveScanSnapshot(ctx, l, []byte("one\x00")))
	Must(t, passstate.SaveScanSnapshot(ctx, l, []byte("two\x00\xff")))
	Want(t, []byte("two\x00\xff"))(passstate.LoadScanSnapshot(ctx, l))
}

func testUnchangedNote(t *testing.T, open Open) {
	l := open(t)
	Want(t, (*passstate.UnchangedNote)(nil))(passstate.LoadUnchangedNote(ctx, l))
	note := passstate.UnchangedNote{Version: 2, Scan: "7 ff", Settings: "hash", Since: Noon, Until: Noon.AddDate(7000, 0, 0), Mail: true, Problems: problems}
	Must(t, passstate.SaveUnchangedNote(ctx, l, note))
	Want(t, &note)(passstate.LoadUnchangedNote(ctx, l))
	note.Scan, note.Mail, note.Problems = "8 ff", false, problems[1:]
	Must(t, passstate.SaveUnchangedNote(ctx, l, note))
	Want(t, &note)(passstate.LoadUnchangedNote(ctx, l))
	Must(t, passstate.SaveUnchangedNote(ctx, l, passstate.UnchangedNote{}))
	Want(t, &passstate.UnchangedNote{})(passstate.LoadUnchangedNote(ctx, l))
}

func testFeedState(t *testing.T, open Open) {
	l := open(t)
	Want(t, passstate.FeedState{})(passstate.LoadFeedState(ctx, l))
	at := Noon.Add(123456789)
	atom := passstate.FeedFile{FeedDocument: passstate.FeedDocument{Path: "public/atom.xml", SHA256: "aa", Inputs: "bb", Items: []byte("x\x00")}, Size: 10, Modified: at}
	css := passstate.FeedFile{FeedDocument: passstate.FeedDocument{Path: "public/feed.css", SHA256: "cc"}, Size: 11, Modified: at}
	failed := passstate.FeedFile{FeedDocument: passstate.FeedDocument{Path: "public/tags/go/atom.xml"}}
	state := passstate.FeedState{Settings: "Blog", Feeds: 2, Files: []passstate.FeedFile{atom, css, failed}, LeftOut: problems,
		Dependencies: map[string]passstate.Dependencies{"one.md": {Links: []string{"two.md"}, Files: []string{"/a b.png", "/c.png"}, State: "?"}, "two.md": {Files: []string{"/c.png"}}}}
	Must(t, passstate.SaveFeedState(ctx, l, state))
	Want(t, state)(passstate.LoadFeedState(ctx, l))

	// One changes, one comes, one goes.
	atom.SHA256, atom.Items, atom.Modified = "dd", nil, at.Add(1)
	rss := passstate.FeedFile{FeedDocument: passstate.FeedDocument{Path: "public/feed.xml", SHA256: "ee"}, Size: 12, Modified: at}
	state = passstate.FeedState{Settings: "Blog 2", Feeds: 3, Files: []passstate.FeedFile{atom, css, rss},
		Dependencies: map[string]passstate.Dependencies{"two.md": {Files: []string{"/d.png"}, State: "ab"}, "three.md": {Links: []string{"one.md"}}}}
	Must(t, passstate.SaveFeedState(ctx, l, state))
	Want(t, state)(passstate.LoadFeedState(ctx, l))
	for i := range state.Files {
		state.Files[i].Inputs, state.Files[i].Items = "", nil
	}
	Must(t, passstate.ForgetFeedInputs(ctx, l))
	Want(t, state)(passstate.LoadFeedState(ctx, l))
}

func testFeedNames(t *testing.T, open Open) {
	l := open(t)
	none := passstate.FeedNames{IDs: map[string]string{}, Folders: map[string]map[string]string{}}
	Want(t, none)(passstate.LoadFeedNames(ctx, l))
	names := passstate.FeedNames{IDs: map[string]string{"": "https://a/", "tags/go": "https://a/go"},
		Folders: map[string]map[string]string{"": {"go": "go", "r&d": "r-d"}, "de": {"go": "go"}}}
	Must(t, passstate.SaveFeedNames(ctx, l, names))
	Want(t, names)(passstate.LoadFeedNames(ctx, l))
	names.IDs["de"], names.Folders["de"]["c++"] = "https://a/de", "c"
	Must(t, passstate.SaveFeedNames(ctx, l, names))
	Want(t, names)(passstate.LoadFeedNames(ctx, l))
	// What is promised for ever stays, whatever is forgotten.
	Must(t, passstate.SaveFeedNames(ctx, l, none))
	Want(t, names)(passstate.LoadFeedNames(ctx, l))
}

func testHubs(t *testing.T, open Open) {
	l := open(t)
	Want(t, map[string]passstate.Hub{})(passstate.LoadHubs(ctx, l))
	hubs := map[string]passstate.Hub{
		"https://a/": {Notified: map[string]string{"public/atom.xml": "aa", "public/feed.xml": "bb"}},
		"https://b/": {Notified: map[string]string{}, Failures: 3, Next: Noon},
	}
	Must(t, passstate.SaveHubs(ctx, l, hubs))
	Want(t, hubs)(passstate.LoadHubs(ctx, l))
	hubs = map[string]passstate.Hub{
		"https://b/": {Notified: map[string]string{"public/atom.xml": "aa"}},
		"https://c/": {Notified: map[string]string{}, Failures: 1, Next: Noon},
	}
	Must(t, passstate.SaveHubs(ctx, l, hubs))
	Want(t, hubs)(passstate.LoadHubs(ctx, l))
	hubs["https://b/"].Notified["public/atom.xml"] = "cc"
	Must(t, passstate.SaveHubs(ctx, l, hubs))
	Want(t, hubs)(passstate.LoadHubs(ctx, l))
	Must(t, passstate.SaveHubs(ctx, l, nil))
	Want(t, map[string]passstate.Hub{})(passstate.LoadHubs(ctx, l))
}

func testSubscriberFile(t *testing.T, open Open) {
	l := open(t)
	Want(t, passstate.SubscriberFile{})(passstate.LoadSubscriberFile(ctx, l))
	file := passstate.SubscriberFile{Hash: "aa", Missing: 3, Faulty: true, Warnings: problems}
	Must(t, passstate.SaveSubscriberFile(ctx, l, file))
	Want(t, file)(passstate.LoadSubscriberFile(ctx, l))
	file = passstate.SubscriberFile{Hash: "bb"}
	Must(t, passstate.SaveSubscriberFile(ctx, l, file))
	Want(t, file)(passstate.LoadSubscriberFile(ctx, l))
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
	Want(t, passstate.ConnectionLimit{})(passstate.LoadConnectionLimit(ctx, l))
	Want(t, false)(passstate.Sending(ctx, l))
	limit := passstate.ConnectionLimit{Server: "mail.example.com:587", Connections: 2}
	Must(t, passstate.SaveConnectionLimit(ctx, l, limit))
	Must(t, passstate.SetSending(ctx, l, true))
	Want(t, limit)(passstate.LoadConnectionLimit(ctx, l))
	Want(t, true)(passstate.Sending(ctx, l))
	Must(t, passstate.SaveConnectionLimit(ctx, l, passstate.ConnectionLimit{}))
	Want(t, passstate.ConnectionLimit{})(passstate.LoadConnectionLimit(ctx, l))
	Want(t, true)(passstate.Sending(ctx, l))
	Must(t, passstate.SetSending(ctx, l, false))
	Want(t, false)(passstate.Sending(ctx, l))
}
