package content_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/config"
)

// reload takes a snapshot through its encoding, as the next process would.
func reload(t *testing.T, s *content.Snapshot) *content.Snapshot {
	t.Helper()
	data, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var out content.Snapshot
	if err := out.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	return &out
}

var sameScan = cmp.Options{cmpopts.IgnoreFields(content.Scan{}, "Snapshot", "Same", "Read"), cmpopts.EquateEmpty()}

const everything = `---
title: Everything
date: 2024-01-01T10:00:00+05:30
lastmod: 2024-01-02
expiryDate: 2034-01-01
tags: [a, b, A]
categories: News
authors: [Ada, {name: Bob}]
summary: "*Short*"
image: /a.png
guid: urn:x
canonical: https://other.example/x
enclosure: {url: /a.mp3, length: 12, type: audio/mpeg}
language: pt_br
newsletter: {subject: S, intro: I, mail: only}
published: false
---
Body.
`

func TestUnchangedScanReadsNothing(t *testing.T) {
	b := newBlog(t, map[string]string{"a.md": good, "all.md": everything, "bad.md": "no", "page.md": "---\nlayout: page\n---\n"})
	tree, first := b.scan()
	if first.Read != 4 || first.Same {
		t.Errorf("first scan: read %d, same %v", first.Read, first.Same)
	}
	again := scanTree(t, b.open(), reload(t, first.Snapshot))
	if again.Read != 0 || !again.Same {
		t.Errorf("second scan: read %d, same %v", again.Read, again.Same)
	}
	if d := cmp.Diff(first, again, sameScan); d != "" {
		t.Errorf("remembered otherwise than read:\n%s", d)
	}
	other, err := tree.Scan(context.Background(), first.Snapshot, "another build")
	if err != nil || other.Read != 4 {
		t.Errorf("another build: read %d, %v", other.Read, err)
	}
	b.cfg.Content.Permalink = "/x/:slug/"
	if s := scanTree(t, b.open(), first.Snapshot); s.Read != 4 || s.Posts[0].URL != "https://example.com/x/a/" {
		t.Errorf("another config: read %d, %s", s.Read, s.Posts[0].URL)
	}
}

func TestChangesAreSeen(t *testing.T) {
	fresh := time.Now().Add(time.Hour) // not older than the scan: it may change again within its tick
	tests := map[string]struct {
		change     func(b *blog)
		read, same int
	}{
		"edited":  {func(b *blog) { b.write("a.md", good+"More.") }, 1, 0},
		"new":     {func(b *blog) { b.write("c.md", good) }, 1, 0},
		"gone":    {func(b *blog) { must(b.t, os.Remove(b.path("a.md"))) }, 0, 0},
		"renamed": {func(b *blog) { must(b.t, os.Rename(b.path("a.md"), b.path("z.md"))) }, 1, 0},
		"touched": {func(b *blog) { must(b.t, os.Chtimes(b.path("a.md"), old, old.Add(time.Second))) }, 1, 0},
		"same size, new time": {func(b *blog) {
			b.write("a.md", good[:len(good)-2]+"!\n")
			must(b.t, os.Chtimes(b.path("a.md"), fresh, fresh))
		}, 1, 0},
		"nothing": {func(*blog) {}, 0, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBlog(t, map[string]string{"a.md": good, "b.md": good})
			_, first := b.scan()
			test.change(b)
			again := scanTree(t, b.open(), reload(t, first.Snapshot))
			if again.Read != test.read || again.Same != (test.same == 1) {
				t.Errorf("read %d, same %v", again.Read, again.Same)
			}
			_, fresh := b.scan()
			if d := cmp.Diff(fresh, again, sameScan); d != "" {
				t.Errorf("with a snapshot it is not the same as without:\n%s", d)
			}
		})
	}
}

// A file written in the same tick as the scan is read again, and what says the
// same still counts as unchanged.
func TestYoungFileIsReadAgain(t *testing.T) {
	b := newBlog(t, map[string]string{"a.md": good})
	soon := time.Now().Add(time.Hour)
	must(t, os.Chtimes(b.path("a.md"), soon, soon))
	_, first := b.scan()
	if again := scanTree(t, b.open(), reload(t, first.Snapshot)); again.Read != 1 || !again.Same {
		t.Errorf("read %d, same %v", again.Read, again.Same)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestFields shows which keys a post is made of.
func TestFields(t *testing.T) {
	_, scan := newBlog(t, map[string]string{"2024-01-01-all.md": everything}).scan()
	got := *scan.Posts[0]
	want := post.Post{
		Path: "2024-01-01-all.md", URL: "https://example.com/all/", Title: "Everything", Language: "pt-BR",
		Date: at("2024-01-01T10:00:00+05:30"), Updated: at("2024-01-02T00:00:00Z"), Expires: at("2034-01-01T00:00:00Z"),
		Tags: []string{"News", "a", "b"}, Authors: []string{"Ada", "Bob"}, Summary: "*Short*", Image: "https://example.com/a.png",
		GUID: "urn:x", Source: "https://other.example/x", Draft: true, MailOnly: true, Newsletter: post.Newsletter{Subject: "S", Intro: "I"},
		Enclosure: &post.Enclosure{URL: "https://example.com/a.mp3", Length: 12, Type: "audio/mpeg"},
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(post.Post{}, "BodyHash", "FileHash", "ModTime")); d != "" {
		t.Error(d)
	}
}

func at(s string) time.Time {
	when, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return when
}

// TestBodyHash shows that it follows the body alone, line ends aside.
func TestBodyHash(t *testing.T) {
	_, scan := newBlog(t, map[string]string{
		"a.md": good, "b.md": "---\r\ntitle: Other\r\ndate: 2024-02-02\r\n---\r\n\r\nText.\r\n\r\n", "c.md": good + "More.",
	}).scan()
	p := scan.Posts
	if p[0].BodyHash != p[1].BodyHash || p[0].FileHash == p[1].FileHash || p[0].BodyHash == p[2].BodyHash {
		t.Error("hashes do not tell a move from an edit")
	}
}

func FuzzSnapshot(f *testing.F) {
	cfg := config.Default()
	cfg.Dir = f.TempDir()
	cfg.Content.Dir = "."
	cfg.Site.URL, _ = url.Parse("https://example.com")
	if err := os.WriteFile(filepath.Join(cfg.Dir, "a.md"), []byte(everything), 0o644); err != nil {
		f.Fatal(err)
	}
	tree, err := content.Open(cfg)
	if err != nil {
		f.Fatal(err)
	}
	scan, err := tree.Scan(context.Background(), nil, "test")
	if err != nil {
		f.Fatal(err)
	}
	data, _ := scan.Snapshot.MarshalBinary()
	f.Add(data[:len(data)-4])
	f.Fuzz(func(t *testing.T, body []byte) { // with a right checksum, or nothing behind it would be reached
		sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
		var s content.Snapshot
		if s.UnmarshalBinary(binary.LittleEndian.AppendUint32(body, sum)) != nil {
			return
		}
		if _, err := s.MarshalBinary(); err != nil {
			t.Error(err)
		}
		if s.UnmarshalBinary(binary.LittleEndian.AppendUint32(body, sum+1)) == nil {
			t.Error("a wrong checksum went unnoticed")
		}
	})
}

func BenchmarkScan(b *testing.B) {
	cfg := config.Default()
	cfg.Dir = b.TempDir()
	cfg.Content.Dir = "posts"
	cfg.Site.URL, _ = url.Parse("https://example.com")
	writePosts(b, filepath.Join(cfg.Dir, "posts"), 10_000)
	tree, err := content.Open(cfg)
	if err != nil {
		b.Fatal(err)
	}
	var data []byte
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			scan, err := tree.Scan(context.Background(), nil, "test")
			if err != nil || len(scan.Posts) != 10_000 {
				b.Fatal(err, len(scan.Posts))
			}
			data, _ = scan.Snapshot.MarshalBinary()
		}
		b.ReportMetric(float64(len(data)), "snapshot-bytes")
	})
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			var last content.Snapshot
			if err := last.UnmarshalBinary(data); err != nil {
				b.Fatal(err)
			}
			scan, err := tree.Scan(context.Background(), &last, "test")
			if err != nil || !scan.Same || scan.Read != 0 {
				b.Fatal(err, scan.Read)
			}
		}
	})
}

// writePosts makes posts of about 5 kB, in folders by year.
func writePosts(b *testing.B, dir string, n int) {
	b.Helper()
	body := make([]byte, 0, 5000)
	for len(body) < 4800 {
		body = append(body, "A sentence of *some* words with [a link](/x/) in it. "...)
	}
	past := time.Now().Add(-time.Hour)
	for i := range n {
		file := filepath.Join(dir, fmt.Sprint(2000+i/500), fmt.Sprintf("post-%05d.md", i))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		text := fmt.Sprintf("---\ntitle: \"Post %d\"\ndate: %s\ntags: [one, two]\nslug: post-%d\n---\n%s\n", i,
			time.Date(2020, 1, 1, i, 0, 0, 0, time.UTC).Format(time.RFC3339), i, body)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		if err := os.Chtimes(file, past, past); err != nil {
			b.Fatal(err)
		}
	}
}

// TestSectionsDecideSnapshots checks that posts are read again when the settings of
// their folder change.
func TestSectionsDecideSnapshots(t *testing.T) {
	b := newBlog(t, map[string]string{"hugo.toml": "x = 1\n", "content/posts/a.md": good, "content/posts/_index.md": "---\ntitle: P\n---\n"})
	b.cfg.Content.Dir = "blog/content"
	_, first := b.scan()
	b.write("content/posts/_index.md", "---\ntitle: P\ncascade: {draft: true}\n---\n")
	again := scanTree(t, b.open(), reload(t, first.Snapshot))
	if again.Read != 1 || !again.Posts[0].Draft {
		t.Errorf("read %d, draft %v", again.Read, again.Posts[0].Draft)
	}
	if third := scanTree(t, b.open(), reload(t, again.Snapshot)); third.Read != 0 || !third.Same {
		t.Errorf("read %d, same %v", third.Read, third.Same)
	}
}
