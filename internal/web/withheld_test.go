//go:build unix

package web_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"publisher/internal/web"
)

// Whatever lies in feeds.dir under whatever name, the owner's own files are not served.
func TestPrivateFiles(t *testing.T) {
	const secret = "hunter2 ann@example.com"
	w := start(t, settings+`
subscribers: {file: lists/subscribers.csv}
mail: {from: n@example.com, dkim: [{domain: example.com, selector: s1, key_file: keys/dkim.pem}], bounces: "maildir:mail"}
content: {dir: public/posts}
`, nil)
	home := filepath.Dir(w.dir)
	put := func(name, text string) string {
		t.Helper()
		file := filepath.Join(home, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	w.write("feed.xml", "<rss/>")
	w.write("shared.txt", "anybody may read this")
	// The ledger's files are those that the server has open.
	private := map[string]string{
		"config": put("config.yaml", secret), "list": put("lists/subscribers.csv", secret), "key": put("keys/dkim.pem", secret),
		"mail": put("outbox/1.eml", secret), "bounce": put("mail/new/1", secret), "ledger": filepath.Join(home, "publisher.db"),
		"wal": filepath.Join(home, "publisher.db-wal"), "mark": put("publisher.db.mark", secret), "late": put("publisher.db.late", secret),
	}
	var paths []string
	for name, file := range private {
		if err := os.Link(file, filepath.Join(w.dir, "hard-"+name)); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, "/hard-"+name)
	}
	// A link that stays in the folder may lead to what is hidden, or private by its name.
	for link, target := range map[string]string{"to-hidden": ".hidden", "to-hard": "hard-config", "chain": "to-hidden", "chain2": "to-hard", "folder": ".git", "out": "../config.yaml", "up": ".."} {
		if err := os.Symlink(target, filepath.Join(w.dir, link)); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, "/"+link)
	}
	header := make([]byte, 100)
	copy(header, "SQLite format 3\x00")
	binary.BigEndian.PutUint32(header[68:], 0x7075626c)
	for name, text := range map[string]string{
		".hidden": secret, ".git/config": secret, ".well/known": secret, "a/.b/c.txt": secret,
		"backup-2026.db": string(header) + secret, "photo.jpg": string(header) + secret, "log.bin": "\x37\x7f\x06\x82" + secret,
		"id.txt": "-----BEGIN PRIVATE KEY-----\n" + secret, "rsa.html": "\n-----BEGIN RSA PRIVATE KEY-----\n" + secret,
		"publisher.db": secret, "publisher.db-wal": secret, "old/publisher.db.late.7": secret, "old/Publisher.DB": secret,
		"posts/a.md": secret, "posts/deep/draft.md": secret,
	} {
		w.write(name, text)
		paths = append(paths, "/"+name)
	}
	if err := syscall.Mkfifo(filepath.Join(w.dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	paths = append(paths, "/pipe", "/folder/config", "/up/config.yaml", "/up/public/hard-config", "/posts", "/posts/", "/old/", "/",
		"/posts/../hard-config", "/posts/%2e%2e/hard-config", "/%68ard-config", "/./hard-config", "/old%2f..%2fhard-config", "/old%5c..%5chard-config", "//hard-config")
	for _, path := range paths {
		res := w.getAsWritten(path)
		if strings.Contains(res.body, "hunter2") || strings.Contains(res.body, "SQLite") || res.StatusCode == 200 && path != "/" || res.StatusCode >= 500 {
			t.Errorf("%s: %s\n%.200s", path, res.Status, res.body)
		}
	}
	wantStatus(t, w.get("/feed.xml"), 200)
	wantStatus(t, w.get("/shared.txt"), 200)
	// Two names for a public file are no secret.
	if err := os.Link(filepath.Join(w.dir, "shared.txt"), filepath.Join(w.dir, "again.txt")); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, w.get("/again.txt"), 200)
	// Nor is another program's database.
	w.write("demo.db", "SQLite format 3\x00"+strings.Repeat("\x00", 100))
	wantStatus(t, w.get("/demo.db"), 200)
}

// A folder of feeds that is itself reached by a link is served as before.
func TestLinkedFolder(t *testing.T) {
	w := start(t, settings, func(o *web.Options) {
		real := filepath.Join(t.TempDir(), "www")
		if err := os.Mkdir(real, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, filepath.Join(o.Config.Dir, "public")); err != nil {
			t.Fatal(err)
		}
	})
	w.write("feed.xml", "<rss/>")
	wantStatus(t, w.get("/feed.xml"), 200)
}
