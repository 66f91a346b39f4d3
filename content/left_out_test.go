package content_test

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"publisher/content/post"
	"publisher/internal/config"
)

// TestLeftOut shows for each way in which an engine leaves posts out which are
// published, and which are held because nobody can tell. Each file
// is one blog; its comment says what it is about, and what the engine
// itself shows of it. What it refuses to build is held.
func TestLeftOut(t *testing.T) {
	files, err := filepath.Glob("dialect/dialecttest/testdata/*/left-out-*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(path.Base(filepath.ToSlash(file)), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			says := caseComment(string(archive.Comment))
			files := map[string]string{}
			for _, f := range archive.Files {
				files[f.Name] = string(f.Data)
			}
			b := newBlog(t, files)
			b.cfg.Content.Dir = path.Join("blog", says["dir"][0])
			b.cfg.Content.Dialect = config.Dialect(says["engine"][0])
			_, scan := b.scan()
			var shown, held []string
			for _, p := range scan.Posts {
				switch {
				case p.Draft:
				case p.Held != nil:
					held = append(held, p.Path)
				default:
					shown = append(shown, p.Path)
				}
			}
			slices.Sort(says["shown"])
			slices.Sort(says["held"])
			if d := cmp.Diff(says["shown"], shown, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("published (-want +got):\n%s%+v", d, scan.LeftOut)
			}
			if d := cmp.Diff(says["held"], held, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("held (-want +got):\n%s", d)
			}
			told := slices.ContainsFunc(scan.Problems, func(p post.Problem) bool { return strings.Contains(p.Message, "held back") })
			if told != (len(held) > 0) {
				t.Errorf("%d held, but the problems are %+v", len(held), scan.Problems)
			}
		})
	}
}

// caseComment reads the `key: value` lines of a case.
func caseComment(text string) map[string][]string {
	says := map[string][]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if key, value, ok := strings.Cut(line, ": "); ok {
			says[key] = append(says[key], value)
		}
	}
	return says
}
