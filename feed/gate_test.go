package feed_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"publisher/content"
	"publisher/feed"
	"publisher/internal/unprivileged"
)

func TestGate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		edit  func(*feed.Item)
		wants string // in the error
		feeds string // which formats do not pass; "" for all
	}{
		{"no title", func(it *feed.Item) { it.Post.Title = " \x01" }, "has no title", ""},
		{"no id", func(it *feed.Item) { it.ID = "" }, "has no id", ""},
		{"id twice", func(it *feed.Item) { it.ID = "tag:blog.example.com,2024-03-04:newest" }, "same id as newest.md", ""},
		{"id is no URI", func(it *feed.Item) { it.ID = "42" }, "not a URI", "atom.xml"},
		{"relative address", func(it *feed.Item) { it.Post.URL = "/bad/" }, "its address", ""},
		{"script for an address", func(it *feed.Item) { it.Post.URL = "javascript:alert(1)" }, "its address", ""},
		{"no date", func(it *feed.Item) { it.Post.Date = time.Time{} }, "date", "months/0001-01"},
		{"date too late", func(it *feed.Item) { it.Post.Date = time.Date(12024, 3, 1, 0, 0, 0, 0, time.UTC) }, "date", ""},
		{"language", func(it *feed.Item) { it.Post.Language = "english please" }, "BCP 47", ""},
		{"source", func(it *feed.Item) { it.Post.Source = "a friend" }, "its source", ""},
		{"picture", func(it *feed.Item) { it.Post.Image = "cover.jpg" }, "picture", ""},
		{"enclosure's address", func(it *feed.Item) { it.Post.Enclosure = &content.Enclosure{URL: "a.mp3", Type: "audio/mpeg"} }, "enclosure's address", ""},
		{"enclosure's type", func(it *feed.Item) { it.Post.Enclosure = &content.Enclosure{URL: "https://e.com/a.mp3", Type: "mp3"} }, "media type", ""},
		{"not rendered", func(it *feed.Item) { it.Post.Title = "fails" }, "no such shortcode", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := testConfig(t)
			items := sample(cfg)
			mustWrite(t, cfg, items)
			before := files(t, cfg.Dir)
			bad := newItem(cfg, "bad", "2024-03-03T00:00:00Z", tags("feeds"), tt.edit)
			_, err := feed.Write(t.Context(), cfg, append(items, bad), func(ctx context.Context, p *content.Post) (*content.Rendering, error) {
				if p.Title == "fails" {
					return nil, errors.New("no such shortcode")
				}
				return render(ctx, p)
			})
			var fault *feed.Error
			if !errors.As(err, &fault) || fault.Post != "bad.md" || !strings.Contains(err.Error(), tt.wants) {
				t.Fatalf("error %v; want one that blames bad.md and says %q", err, tt.wants)
			}
			after := files(t, cfg.Dir)
			for name, data := range after {
				if before[name] != data && strings.Contains(data, "About bad") && strings.Contains(name, tt.feeds) {
					t.Errorf("%s was written with the bad post in it", name)
				}
			}
			if tt.feeds == "" && before["public/feed.xml"] != after["public/feed.xml"] {
				t.Error("the good feed.xml was overwritten")
			}
		})
	}
}

func TestFaultOfOneFeedSparesTheOthers(t *testing.T) {
	cfg := testConfig(t)
	folder := filepath.Join(cfg.Dir, "public/tags/mail/feed.xml")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "public/months"), []byte("a file"), 0o644); err != nil {
		t.Fatal(err)
	}
	result, err := feed.Write(t.Context(), cfg, sample(cfg), render)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"public/tags/mail/feed.xml: a folder lies where this file is to be",
		"public/months/2024-01/atom.xml: could not make the folder", "a file lies where a folder is to be",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not say %q:\n%v", want, err)
		}
	}
	if len(result.Written) != 27-1-9 {
		t.Errorf("wrote %d documents, want 17", len(result.Written))
	}
}

func TestReadOnlyFolder(t *testing.T) {
	unprivileged.Test(t, func(t *testing.T) {
		cfg := testConfig(t)
		if err := os.Chmod(cfg.Dir, 0o555); err != nil {
			t.Fatal(err)
		}
		_, err := feed.Write(t.Context(), cfg, sample(cfg), render)
		if err == nil || !strings.Contains(err.Error(), "the right to write there") {
			t.Errorf("error %v does not say what to do", err)
		}
	})
}

func TestTwoFeedsOfOneName(t *testing.T) {
	cfg := testConfig(t)
	cfg.Feeds.RSS = "feed.css"
	_, err := feed.Write(t.Context(), cfg, sample(cfg), render)
	if err == nil || !strings.Contains(err.Error(), "choose another name") {
		t.Errorf("error %v does not say what to do", err)
	}
}
