package publish

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"publisher/internal/benchtree"
	"publisher/internal/config"
	"publisher/internal/publish/report"
)

// BenchmarkPass is a pass over 10,000 posts, ledger included: the first, one with
// nothing to do, and one after an edit. `make bench` measures whole processes.
func BenchmarkPass(b *testing.B) {
	blog := benchtree.Blog{Posts: 10_000, Tags: 500}
	dir := b.TempDir()
	if err := blog.Write(filepath.Join(dir, "posts")); err != nil {
		b.Fatal(err)
	}
	for name, feeds := range map[string]string{"site": "archive: false, tags: false", "all": "archive: true, tags: true"} {
		file := filepath.Join(dir, name+".yaml")
		text := fmt.Sprintf("site: {url: https://blog.example.com}\ncontent: {dir: posts, dialect: hugo}\nfeeds: {dir: %s, %s}\nledger: sqlite:%[1]s.db\n", name, feeds)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
		cfg, err := config.Load(file, os.LookupEnv)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name+"/first", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				fresh(b, dir, name)
				b.StartTimer()
				benchPass(b, cfg)
			}
		})
		b.Run(name+"/unchanged", func(b *testing.B) {
			for b.Loop() {
				if r := benchPass(b, cfg); r.Posts.Changed > 0 || len(r.Feeds.Written) > 0 {
					b.Fatal("something had changed")
				}
			}
		})
		edits := 0
		b.Run(name+"/edit", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				edits++
				edit(b, filepath.Join(dir, "posts", blog.Path(5000+edits)), edits)
				b.StartTimer()
				if r := benchPass(b, cfg); r.Posts.Changed != 1 {
					b.Fatal(r.Posts)
				}
			}
		})
	}
}

func benchPass(b *testing.B, cfg *config.Config) *report.Pass {
	b.Helper()
	r, err := New(cfg, Options{Build: "bench"}).Run(b.Context(), "bench")
	if err != nil || len(r.Errors) > 0 {
		b.Fatal(err, r.Errors)
	}
	return r
}

func fresh(b *testing.B, dir, site string) {
	b.Helper()
	files, err := filepath.Glob(filepath.Join(dir, site+".db*"))
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(dir, site)) {
		if err := os.RemoveAll(file); err != nil {
			b.Fatal(err)
		}
	}
}

func edit(b *testing.B, file string, n int) {
	b.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "\nEdit %d.\n", n); err != nil {
		b.Fatal(err)
	}
	at := time.Now().Add(-30*time.Minute + time.Duration(n)*time.Second)
	if err := os.Chtimes(file, at, at); err != nil {
		b.Fatal(err)
	}
}
