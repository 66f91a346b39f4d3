package ledger_test

import (
	"testing"
	"time"

	"publisher/internal/ledger"
)

var problems = []ledger.Problem{
	{Path: "posts/b.md", Line: 3, Message: "no\ndate", Invalid: true},
	{Path: "posts/a.md", Message: "“quoted”", Shared: true},
}

func testFirstPass(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	want1(t, time.Time{})(l.FirstPass(ctx))
	must(t, l.SetFirstPass(ctx, noon.Add(1234*time.Microsecond)))
	want1(t, noon.Add(1234*time.Microsecond))(l.FirstPass(ctx))

	want1(t, []byte(nil))(l.ScanSnapshot(ctx))
	must(t, l.SaveScanSnapshot(ctx, []byte("one\x00")))
	must(t, l.SaveScanSnapshot(ctx, []byte("two\x00\xff")))
	want1(t, []byte("two\x00\xff"))(l.ScanSnapshot(ctx))
}

func testUnchangedNote(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	want1(t, (*ledger.UnchangedNote)(nil))(l.UnchangedNote(ctx))
	note := ledger.UnchangedNote{Version: 2, Scan: "7 ff", Settings: "hash", Since: noon, Until: noon.AddDate(7000, 0, 0), Mail: true, Problems: problems}
	must(t, l.SaveUnchangedNote(ctx, note))
	want1(t, &note)(l.UnchangedNote(ctx))
	note.Scan, note.Mail, note.Problems = "8 ff", false, problems[1:]
	must(t, l.SaveUnchangedNote(ctx, note))
	want1(t, &note)(l.UnchangedNote(ctx))
	must(t, l.SaveUnchangedNote(ctx, ledger.UnchangedNote{}))
	want1(t, &ledger.UnchangedNote{})(l.UnchangedNote(ctx))
}

func testFeedState(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	want1(t, ledger.FeedState{})(l.FeedState(ctx))
	at := noon.Add(123456789)
	atom := ledger.FeedFile{FeedDocument: ledger.FeedDocument{Path: "public/atom.xml", SHA256: "aa", Inputs: "bb", Items: []byte("x\x00")}, Size: 10, Modified: at}
	css := ledger.FeedFile{FeedDocument: ledger.FeedDocument{Path: "public/feed.css", SHA256: "cc"}, Size: 11, Modified: at}
	failed := ledger.FeedFile{FeedDocument: ledger.FeedDocument{Path: "public/tags/go/atom.xml"}}
	state := ledger.FeedState{Settings: "Blog", Feeds: 2, Files: []ledger.FeedFile{atom, css, failed}, LeftOut: problems,
		Dependencies: map[string]ledger.Dependencies{"one.md": {Links: []string{"two.md"}, Files: []string{"/a b.png", "/c.png"}, State: "?"}, "two.md": {Files: []string{"/c.png"}}}}
	must(t, l.SaveFeedState(ctx, state))
	want1(t, state)(l.FeedState(ctx))

	// One changes, one comes, one goes.
	atom.SHA256, atom.Items, atom.Modified = "dd", nil, at.Add(1)
	rss := ledger.FeedFile{FeedDocument: ledger.FeedDocument{Path: "public/feed.xml", SHA256: "ee"}, Size: 12, Modified: at}
	state = ledger.FeedState{Settings: "Blog 2", Feeds: 3, Files: []ledger.FeedFile{atom, css, rss},
		Dependencies: map[string]ledger.Dependencies{"two.md": {Files: []string{"/d.png"}, State: "ab"}, "three.md": {Links: []string{"one.md"}}}}
	must(t, l.SaveFeedState(ctx, state))
	want1(t, state)(l.FeedState(ctx))
	for i := range state.Files {
		state.Files[i].Inputs, state.Files[i].Items = "", nil
	}
	must(t, l.ForgetFeedInputs(ctx))
	want1(t, state)(l.FeedState(ctx))
}

func testFeedNames(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	none := ledger.FeedNames{IDs: map[string]string{}, Folders: map[string]map[string]string{}}
	want1(t, none)(l.FeedNames(ctx))
	names := ledger.FeedNames{IDs: map[string]string{"": "https://a/", "tags/go": "https://a/go"},
		Folders: map[string]map[string]string{"": {"go": "go", "r&d": "r-d"}, "de": {"go": "go"}}}
	must(t, l.SaveFeedNames(ctx, names))
	want1(t, names)(l.FeedNames(ctx))
	names.IDs["de"], names.Folders["de"]["c++"] = "https://a/de", "c"
	must(t, l.SaveFeedNames(ctx, names))
	want1(t, names)(l.FeedNames(ctx))
	// What is promised for ever stays, whatever is forgotten.
	must(t, l.SaveFeedNames(ctx, none))
	want1(t, names)(l.FeedNames(ctx))
}

func testHubs(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	want1(t, map[string]ledger.Hub{})(l.Hubs(ctx))
	hubs := map[string]ledger.Hub{
		"https://a/": {Notified: map[string]string{"public/atom.xml": "aa", "public/feed.xml": "bb"}},
		"https://b/": {Notified: map[string]string{}, Failures: 3, Next: noon},
	}
	must(t, l.SaveHubs(ctx, hubs))
	want1(t, hubs)(l.Hubs(ctx))
	hubs = map[string]ledger.Hub{
		"https://b/": {Notified: map[string]string{"public/atom.xml": "aa"}},
		"https://c/": {Notified: map[string]string{}, Failures: 1, Next: noon},
	}
	must(t, l.SaveHubs(ctx, hubs))
	want1(t, hubs)(l.Hubs(ctx))
	hubs["https://b/"].Notified["public/atom.xml"] = "cc"
	must(t, l.SaveHubs(ctx, hubs))
	want1(t, hubs)(l.Hubs(ctx))
	must(t, l.SaveHubs(ctx, nil))
	want1(t, map[string]ledger.Hub{})(l.Hubs(ctx))
}

func testSubscriberFile(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	want1(t, ledger.SubscriberFile{})(l.SubscriberFile(ctx))
	file := ledger.SubscriberFile{Hash: "aa", Missing: 3, Faulty: true, Warnings: problems}
	must(t, l.SaveSubscriberFile(ctx, file))
	want1(t, file)(l.SubscriberFile(ctx))
	file = ledger.SubscriberFile{Hash: "bb"}
	must(t, l.SaveSubscriberFile(ctx, file))
	want1(t, file)(l.SubscriberFile(ctx))
}

func testArchivedPages(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	n := closeEdition(t, l, "weekly", 0, 0)
	want1(t, false)(l.HasArchivedPage(ctx, n))
	want1(t, []byte(nil))(l.ArchivedPage(ctx, n))
	must(t, l.SaveArchivedPage(ctx, n, []byte("\x1f\x8bold")))
	must(t, l.SaveArchivedPage(ctx, n, []byte("\x1f\x8bnew")))
	want1(t, []byte("\x1f\x8bnew"))(l.ArchivedPage(ctx, n))
	want1(t, true)(l.HasArchivedPage(ctx, n))
	want1(t, []byte(nil))(l.ArchivedPage(ctx, n+1))
	if err := l.SaveArchivedPage(ctx, n+1, []byte("x")); err == nil {
		t.Error("saved the web version of an edition that there is not")
	}
}

func testSMTPState(t *testing.T, open func(*testing.T) *ledger.Ledger) {
	l := open(t)
	want1(t, ledger.ConnectionLimit{})(l.ConnectionLimit(ctx))
	want1(t, false)(l.Sending(ctx))
	limit := ledger.ConnectionLimit{Server: "mail.example.com:587", Connections: 2}
	must(t, l.SetConnectionLimit(ctx, limit))
	must(t, l.SetSending(ctx, true))
	want1(t, limit)(l.ConnectionLimit(ctx))
	want1(t, true)(l.Sending(ctx))
	must(t, l.SetConnectionLimit(ctx, ledger.ConnectionLimit{}))
	want1(t, ledger.ConnectionLimit{})(l.ConnectionLimit(ctx))
	want1(t, true)(l.Sending(ctx))
	must(t, l.SetSending(ctx, false))
	want1(t, false)(l.Sending(ctx))
}
