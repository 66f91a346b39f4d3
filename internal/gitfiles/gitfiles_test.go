package gitfiles_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"publisher/internal/gitfiles"
)

// git runs git itself, which is the judge here.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.excludesFile=", "-c", "init.defaultBranch=main"}, args...)...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "LC_ALL=C")
	out, err := c.Output()
	if exit, ok := err.(*exec.ExitError); ok && args[0] != "check-ignore" {
		t.Fatalf("git %v: %v\n%s", args, err, exit.Stderr)
	}
	return string(out)
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func realDir(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git to compare with")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTracked(t *testing.T) {
	for _, version := range []string{"2", "3", "4"} {
		for _, format := range []string{"sha1", "sha256"} {
			t.Run(version+" "+format, func(t *testing.T) {
				dir := realDir(t)
				git(t, dir, "init", "-q", "--object-format="+format)
				files := map[string]string{"blog/publisher.db": "x", "blog/outbox/a.eml": "x", "blog/outbox-more/b": "x", "new.csv": "x", "blog/config.yaml": "x", "blog/configs/deep/er.yaml": "x", "é ü.csv": "x"}
				for i := range 40 {
					files["posts/"+strings.Repeat("n", i*120/40+1)+".md"] = "x"
				}
				write(t, dir, files)
				git(t, dir, "add", ".")
				git(t, dir, "rm", "-q", "--cached", "new.csv")
				if version == "3" {
					git(t, dir, "add", "-N", "new.csv") // of which the index has an extended entry
				}
				git(t, dir, "update-index", "--index-version", version)
				r := gitfiles.Find(filepath.Join(dir, "blog"))
				if r == nil || r.Root != dir {
					t.Fatalf("found %+v", r)
				}
				var all []string
				for name := range files {
					all = append(all, filepath.Join(dir, filepath.FromSlash(name)))
				}
				all = append(all, filepath.Join(dir, "blog", "outbox"), filepath.Join(dir, "none"), filepath.Join(dir, "blog", "out"), dir, filepath.Dir(dir))
				var want []string
				listed := strings.Split(git(t, dir, "ls-files", "-z"), "\x00")
				for _, p := range all {
					rel, err := filepath.Rel(dir, p)
					if err == nil && slices.ContainsFunc(listed, func(l string) bool { return l == rel || strings.HasPrefix(l, rel+"/") }) {
						want = append(want, p)
					}
				}
				if got := r.Tracked(all); !slices.Equal(got, want) {
					t.Errorf("got %q\nwant %q", got, want)
				}
			})
		}
	}
}

func TestFind(t *testing.T) {
	dir := realDir(t)
	if r := gitfiles.Find(dir); r != nil {
		t.Errorf("%+v where there is none", r)
	}
	main := filepath.Join(dir, "main")
	write(t, main, map[string]string{"publisher.db": "x"})
	git(t, main, "init", "-q")
	git(t, main, "add", ".")
	git(t, main, "commit", "-qm", "x")
	git(t, main, "worktree", "add", "-q", filepath.Join(dir, "other"))
	write(t, main, map[string]string{".git/info/exclude": "*.csv\n"})
	other := filepath.Join(dir, "other", "publisher.db")
	r := gitfiles.Find(filepath.Dir(other))
	if r == nil || len(r.Tracked([]string{other})) != 1 || !r.Ignores(filepath.Join(dir, "other", "a.csv")) {
		t.Errorf("the other work tree is %+v", r)
	}
	for name, text := range map[string]string{"empty": "", "nonsense": "hello", "nowhere": "gitdir: ../none\n"} {
		write(t, filepath.Join(dir, name), map[string]string{".git": text, "a": "x"})
		if r := gitfiles.Find(filepath.Join(dir, name)); r != nil && r.Tracked([]string{filepath.Join(dir, name, "a")}) != nil {
			t.Errorf("%s: %+v tracks", name, r)
		}
	}
}

func TestIgnores(t *testing.T) {
	for name, test := range map[string]struct{ files map[string]string }{
		"names":      {map[string]string{".gitignore": "publisher.db*\noutbox/\n"}},
		"anchored":   {map[string]string{".gitignore": "/publisher.db\n/blog/outbox\n"}},
		"negated":    {map[string]string{".gitignore": "*.csv\n!subscribers.csv\n"}},
		"inner":      {map[string]string{"blog/.gitignore": "/subscribers.csv\nnew/\n!/keys/*.pem", ".gitignore": "*.pem"}},
		"stars":      {map[string]string{".gitignore": "**/outbox/**\nblog/*.csv\n"}},
		"classes":    {map[string]string{".gitignore": "[a-k]*.pem\npublisher.d?\n"}},
		"not a":      {map[string]string{".gitignore": "[!s]ubscribers.csv\n"}},
		"comments":   {map[string]string{".gitignore": "# publisher.db\n\\#x\n\n   \nsubscribers.csv  \n"}},
		"crlf":       {map[string]string{".gitignore": "publisher.db\r\noutbox/\r\n"}},
		"exclude":    {map[string]string{".git/info/exclude": "outbox\n*.pem\n"}},
		"everything": {map[string]string{".gitignore": "*\n!blog\n!*.csv\n"}},
		"folder out": {map[string]string{".gitignore": "blog/\n!blog/subscribers.csv\n"}},
		"mark":       {map[string]string{".gitignore": "\ufeffpublisher.db\n"}},
		"bad":        {map[string]string{".gitignore": "[\n/\n!\n*.pem\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := realDir(t)
			git(t, dir, "init", "-q")
			paths := []string{"publisher.db", "blog/publisher.db", "blog/publisher.db-wal", "blog/outbox/a.eml", "blog/outbox", "outbox", "subscribers.csv", "blog/subscribers.csv",
				"blog/keys/dkim.pem", "dkim.pem", "blog/new/a", "#x", "zkim.pem"}
			files := map[string]string{"outbox/x": ""}
			for _, p := range paths {
				if !strings.HasSuffix(p, "outbox") {
					files[p] = "x"
				}
			}
			write(t, dir, files)
			write(t, dir, test.files)
			r := gitfiles.Find(dir)
			for _, p := range paths {
				want := git(t, dir, "check-ignore", "--no-index", p) != ""
				if got := r.Ignores(filepath.Join(dir, filepath.FromSlash(p))); got != want {
					t.Errorf("%s is ignored: %v, git says %v", p, got, want)
				}
			}
		})
	}
}

func TestExtend(t *testing.T) {
	entries := []gitfiles.Entry{{Line: "/publisher.db*", For: "publisher.db-wal"}, {Line: "/outbox/", For: "outbox/"}, {Line: "/lists/a.csv", For: "lists/a.csv"}}
	const head = "# publisher: subscribers' addresses and keys\n"
	for name, test := range map[string]struct{ before, after string }{
		"none":           {"", head + "/publisher.db*\n/outbox/\n/lists/a.csv\n"},
		"the user's own": {"_site\n", "_site\n\n" + head + "/publisher.db*\n/outbox/\n/lists/a.csv\n"},
		"no end":         {"_site", "_site\n\n" + head + "/publisher.db*\n/outbox/\n/lists/a.csv\n"},
		"other ends":     {"_site\r\n", strings.ReplaceAll("_site\n\n"+head+"/publisher.db*\n/outbox/\n/lists/a.csv\n", "\n", "\r\n")},
		"some there":     {"publisher.db*\noutbox\n", "publisher.db*\noutbox\n\n" + head + "/lists/a.csv\n"},
		"all there":      {"*.db*\noutbox/\nlists/", "*.db*\noutbox/\nlists/"},
		"the file alone": {"/publisher.db\noutbox\nlists\n", "/publisher.db\noutbox\nlists\n\n" + head + "/publisher.db*\n"},
		"taken back":     {"*.csv\n*.db*\noutbox\n!a.csv\n", "*.csv\n*.db*\noutbox\n!a.csv\n\n" + head + "/lists/a.csv\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if test.before != "" {
				write(t, dir, map[string]string{".gitignore": test.before})
			}
			for range 2 { // the second time nothing is left to add
				if _, err := gitfiles.Extend(dir, entries); err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(filepath.Join(dir, ".gitignore"))
				if err != nil || string(got) != test.after {
					t.Fatalf("%v\n%q, want\n%q", err, got, test.after)
				}
			}
		})
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"mine": "x\n"})
	if err := os.Symlink("mine", filepath.Join(dir, ".gitignore")); err != nil {
		t.Skip(err)
	}
	if _, err := gitfiles.Extend(dir, entries); err == nil {
		t.Error("wrote through a symbolic link")
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x01" + strings.Repeat("\x00", 60) + "\x00\x01a\x00"))
	f.Add([]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x02" + strings.Repeat("\x00", 60) + "\x00\x01\x00a\x00"))
	dir := f.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, ".git", "index"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := gitfiles.Find(dir).Tracked([]string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}); len(got) > 2 {
			t.Errorf("%d of two paths", len(got))
		}
	})
}
