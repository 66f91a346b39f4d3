package feed_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mmcdole/gofeed"

	"publisher/feed"
	"publisher/internal/config"
)

// links reads the atom:links of a document by relation.
func links(t *testing.T, data string) map[string]string {
	t.Helper()
	type link struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	var document struct {
		Links   []link `xml:"http://www.w3.org/2005/Atom link"`
		Channel struct {
			Links []link `xml:"http://www.w3.org/2005/Atom link"`
		} `xml:"channel"`
	}
	if err := xml.Unmarshal([]byte(data), &document); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, l := range append(document.Links, document.Channel.Links...) {
		found[l.Rel] = l.Href
	}
	return found
}

// local returns the file of an address.
func local(cfg *config.Config, address string) string {
	return strings.TrimPrefix(address, cfg.Site.URL.String()+"/")
}

func TestArchivesHaveEveryPost(t *testing.T) {
	cfg := testConfig(t)
	var items []feed.Item
	for day := range 200 {
		date := at("2024-01-01T12:00:00Z").AddDate(0, 0, day)
		items = append(items, newItem(cfg, fmt.Sprint("day", day), date.Format(time.RFC3339)))
	}
	mustWrite(t, cfg, items)
	for _, name := range []string{"feed.xml", "atom.xml"} {
		seen, steps := map[string]bool{}, 0
		for at := name; at != ""; steps++ {
			data := read(t, cfg, at)
			parsed, err := gofeed.NewParser().ParseString(data)
			if err != nil {
				t.Fatalf("%s: %v", at, err)
			}
			for _, it := range parsed.Items {
				seen[it.GUID] = true
			}
			rels := links(t, data)
			if want := at; local(cfg, rels["self"]) != want {
				t.Errorf("%s says that it is %s", want, rels["self"])
			}
			if isArchive := at != name; isArchive {
				if local(cfg, rels["current"]) != name || !strings.Contains(data, "<fh:archive>") || rels["hub"] != "" {
					t.Errorf("%s: archive with links %v", at, rels)
				}
			}
			previous := local(cfg, rels["prev-archive"])
			if previous != "" && at != name && local(cfg, links(t, read(t, cfg, previous))["next-archive"]) != at {
				t.Errorf("%s does not lead back to %s", previous, at)
			}
			at = previous
		}
		if len(seen) != len(items) || steps != 8 {
			t.Errorf("%s: walked %d documents with %d posts, want 8 (itself, January to July) and %d", name, steps, len(seen), len(items))
		}
	}
	var page struct {
		Items []any
		Next  string `json:"next_url"`
	}
	total := 0
	for name := "feed.json"; name != ""; name = local(cfg, page.Next) {
		page.Next, page.Items = "", nil
		if err := json.Unmarshal([]byte(read(t, cfg, name)), &page); err != nil {
			t.Fatal(err)
		}
		total += len(page.Items)
	}
	if total != len(items)+cfg.Feeds.Items {
		t.Errorf("next_url led past %d items, want %d", total, len(items)+cfg.Feeds.Items)
	}
}

func TestMonthsAreInTheSitesZone(t *testing.T) {
	cfg := testConfig(t) // an hour east of Greenwich
	mustWrite(t, cfg, []feed.Item{newItem(cfg, "midnight", "2024-01-31T23:30:00Z")})
	if !strings.Contains(read(t, cfg, "months/2024-02/feed.xml"), "midnight") {
		t.Error("23:30 UTC is 00:30 of the next month at the site, and was filed under January")
	}
	if strings.Contains(read(t, cfg, "months/2024-02/feed.xml"), "fh:archive") {
		t.Error("the only month is marked as an archive, though nothing leads from it")
	}
}

func TestEditedPostReturns(t *testing.T) {
	cfg := testConfig(t)
	cfg.Feeds.Items = 2
	items := sample(cfg)
	items[0].Updated = at("2024-06-01T00:00:00Z")
	mustWrite(t, cfg, items)
	var got []string
	parsed, err := gofeed.NewParser().ParseString(read(t, cfg, "atom.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range parsed.Items {
		got = append(got, it.Title)
	}
	if diff := cmp.Diff([]string{"About newest", items[3].Post.Title, "About oldest"}, got); diff != "" {
		t.Errorf("the newest two and the edited one (-want +got):\n%s", diff)
	}
	if parsed.Updated != "2024-06-01T01:00:00+01:00" {
		t.Errorf("the feed was updated %s, want when its newest edit was", parsed.Updated)
	}
}

func TestPrune(t *testing.T) {
	cfg := testConfig(t)
	items := sample(cfg)
	first := mustWrite(t, cfg, items)
	dir := cfg.Path(cfg.Feeds.Dir)
	mine := filepath.Join(dir, "tags/mail/index.html")
	if err := os.WriteFile(mine, []byte("the owner's"), 0o644); err != nil {
		t.Fatal(err)
	}
	replaced := filepath.Join(dir, "months/2024-01/atom.xml")
	if err := os.WriteFile(replaced, []byte("no longer ours"), 0o644); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(cfg.Dir, "config.yaml")
	if err := os.WriteFile(outside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	earlier := append(first.Documents, feed.Document{Path: "config.yaml", SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"})

	second := mustWrite(t, cfg, items[1:]) // January's only post, tagged mail, is gone
	removed, err := feed.Prune(cfg, earlier, second.Documents)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"public/months/2024-01/feed.json", "public/months/2024-01/feed.xml",
		"public/tags/mail/atom.xml", "public/tags/mail/feed.json", "public/tags/mail/feed.xml",
	}
	if diff := cmp.Diff(want, removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	for _, file := range []string{mine, replaced, outside, filepath.Join(dir, "feed.xml"), filepath.Join(dir, "feed.css")} {
		if _, err := os.Stat(file); err != nil {
			t.Errorf("removed what is not stale: %v", err)
		}
	}
	third := mustWrite(t, cfg, items[2:])
	if _, err := feed.Prune(cfg, second.Documents, third.Documents); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "months/2024-02")); !os.IsNotExist(err) {
		t.Errorf("an empty folder stayed: %v", err)
	}
}
