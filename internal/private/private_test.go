package private_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"publisher/internal/private"
)

func TestHolds(t *testing.T) {
	dir := private.Resolve(t.TempDir())
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for _, name := range []string{"config.yaml", "data/publisher.db", "data/publisher.db-wal", "outbox/a.eml", "outbox/new/b.eml", "list.csv", "post.md", "elsewhere/x.md"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, at(name)); err != nil {
			t.Skip(err)
		}
	}
	link("list.csv", "subscribers.csv")
	link("data/publisher.db", "publisher.db")
	for target, name := range map[string]string{"config.yaml": "c.md", "data/publisher.db-wal": "w.md", "outbox/new/b.eml": "b.md", "list.csv": "l.md", "post.md": "p.md"} {
		if err := os.Link(at(target), at(name)); err != nil {
			t.Skip(err)
		}
	}
	list := private.NewList(
		private.Place{What: "config", Path: at("config.yaml")},
		private.Place{What: "ledger", Path: at("publisher.db"), Kind: private.Ledger},
		private.Place{What: "outbox", Path: at("outbox"), Kind: private.Folder},
		private.Place{What: "list", Path: at("subscribers.csv")},
		private.Place{What: "key", Path: at("keys/dkim.pem")})
	seen := list.Look()
	for name, want := range map[string]string{
		"config.yaml": "config", "c.md": "config", "config.yaml.bak": "config", "config.yaml~": "config", "#config.yaml#": "config",
		".#config.yaml": "config", ".config.yaml.swp": "config", "CONFIG.yaml": "config", "config.yaml (copy)": "config", "config.yaml-2026": "config",
		"config.yamls": "", "configXyaml": "", "posts/config.yaml": "", "config.yml": "",
		"publisher.db": "ledger", "data/publisher.db": "ledger", "publisher.db-shm": "ledger", "data/publisher.db.lock": "ledger", "w.md": "ledger",
		"old/publisher.db": "ledger", "old/publisher.db.late.12": "ledger", "old/PUBLISHER.db-WAL": "ledger", "publisher.dbx": "", "publisher.md": "",
		"outbox": "outbox", "outbox/a.eml": "outbox", "outbox/not/there.eml": "outbox", "b.md": "outbox", "outboxes/a": "",
		"subscribers.csv": "list", "list.csv": "list", "list.csv.old": "list", "l.md": "list", "subscribers.csv.bak": "list",
		"keys/dkim.pem": "key", "keys/dkim.pem.bak": "key", "keys/other.pem": "",
		"post.md": "", "p.md": "", "elsewhere/x.md": "",
	} {
		info, err := os.Stat(at(name))
		if err != nil {
			info = nil
		}
		got, held := seen.Holds(at(name), info)
		if got.What != want || held != (want != "") {
			t.Errorf("%s belongs to %q (%v), want %q", name, got.What, held, want)
		}
	}
}

// A word that names a private file may begin the names of posts and pictures.
func TestPostsNamedLikeThem(t *testing.T) {
	list := private.NewList(private.Place{Path: "/b/blog", Kind: private.Ledger}, private.Place{Path: "/b/config.yaml"}, private.Place{Path: "/b/list"})
	for path, want := range map[string]bool{
		"/b/blog": true, "/b/blog-wal": true, "/old/blog.late.3": true, "/b/blog.bak": true, "/b/blog~": true, "/x/blog.mark.new": true,
		"/b/blog-notes.md": false, "/b/img/blog-photo.jpg": false, "/b/blog.html": false, "/b/blog.png": false,
		"/b/config.yaml-explained.md": false, "/b/config.yaml.html": false, "/b/config.yaml-2026": true, "/b/config.yaml.example": true,
		"/b/list": true, "/b/list.old": true, "/b/list-of-things.txt": false, "/b/x/list": false,
	} {
		if _, held := list.Look().Holds(path, nil); held != want {
			t.Errorf("%s is private: %v", path, held)
		}
	}
}

func TestIsHidden(t *testing.T) {
	for rel, want := range map[string]bool{".env": true, "a/.git/config": true, "a/..b": true, "a": false, "a.b/c.d": false, "../a": false, ".": false, "./a": false, "": false, "...": true} {
		if private.IsHidden(rel) != want {
			t.Errorf("%q is hidden: %v", rel, !want)
		}
	}
}

func TestIsSecret(t *testing.T) {
	header := func(id uint32) string {
		b := make([]byte, 100)
		copy(b, "SQLite format 3\x00")
		binary.BigEndian.PutUint32(b[68:], id)
		return string(b)
	}
	for text, want := range map[string]bool{
		header(private.LedgerID): true, header(0): false, header(private.LedgerID)[:60]: false,
		"\x37\x7f\x06\x82\x00": true, "\x37\x7f\x06\x83\x00": true, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7": true,
		"-----BEGIN PRIVATE KEY-----\n": true, "\ufeff \n-----BEGIN EC PRIVATE KEY-----": true, "-----BEGIN ENCRYPTED PRIVATE KEY-----\r\n": true,
		"-----BEGIN PUBLIC KEY-----\nPRIVATE KEY": false, "-----BEGIN CERTIFICATE-----": false, "---\ntitle: A PRIVATE KEY\n---": false, "": false,
	} {
		if private.IsSecret([]byte(text)) != want {
			t.Errorf("%.30q is secret: %v", text, !want)
		}
	}
}

func TestResolve(t *testing.T) {
	dir := private.Resolve(t.TempDir())
	for name, target := range map[string]string{"loop": "loop", "one": "two", "two": "one", "to": "none/at/all", "up": ".."} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	for path, want := range map[string]string{
		"none/b": "none/b", "loop": "loop", "loop/x": "loop/x", "one": "one", "to": "none/at/all", "to/x": "none/at/all/x", "up/" + filepath.Base(dir) + "/x": "x", "./a/../b": "b",
	} {
		if got := private.Resolve(filepath.Join(dir, path)); got != filepath.Join(dir, want) {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}
