package setup

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/internal/config"
)

// postCount counts the posts below a folder.
type postCount struct {
	total  map[string]int // dated posts in a folder and below, by slash path from the root
	direct map[string]int // those in the folder itself
	files  int            // that may be posts, dated or not
	posts  []string       // the folders named _posts
}

const (
	maxFiles       = 20000
	maxDepth       = 12
	maxFrontMatter = 16 << 10
)

// skippedFolders hold no posts of the blog's own.
var skippedFolders = map[string]bool{
	"node_modules": true, "vendor": true, "public": true, "output": true, "_site": true, "resources": true,
	"themes": true, "layouts": true, "archetypes": true, "exampleSite": true,
}

// countPosts walks a folder for files whose names covers accepts; it does not follow
// symbolic links below it.
func countPosts(root string, covers func(string) bool) *postCount {
	c := &postCount{total: map[string]int{}, direct: map[string]int{}}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(root, file)
		rel = filepath.ToSlash(rel)
		switch {
		case err != nil || relErr != nil || c.files > maxFiles:
			return fs.SkipDir
		case rel == ".":
		case e.IsDir():
			if e.Name()[0] == '.' || skippedFolders[e.Name()] || strings.Count(rel, "/") >= maxDepth {
				return fs.SkipDir
			}
			if e.Name() == "_posts" {
				c.posts = append(c.posts, rel)
			}
		case e.Type().IsRegular() && covers(rel) && !strings.HasPrefix(e.Name(), "_index."):
			c.files++
			if isDated(file, rel) {
				c.add(rel)
			}
		}
		return nil
	})
	return c
}

// add counts a post; the folder of a page bundle is the post itself.
func (c *postCount) add(rel string) {
	folder := path.Dir(rel)
	if strings.HasPrefix(path.Base(rel), "index.") && folder != "." {
		folder = path.Dir(folder)
	}
	c.direct[folder]++
	for ; ; folder = path.Dir(folder) {
		c.total[folder]++
		if folder == "." {
			return
		}
	}
}

// isDated reports, by file name and front matter, whether a file is a dated post.
func isDated(file, rel string) bool {
	if dialect.ParseFileName(rel, nil).Date != "" {
		return true
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, maxFrontMatter))
	if err != nil || dialect.IsBinary(head[:min(len(head), 8000)]) {
		return false
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(head), "\ufeff"), "\r\n", "\n")
	front, _, _, err := frontmatter.Split(text)
	if err != nil {
		return false
	}
	for _, key := range append([]string{"date", "publishdate", "pubdate", "published"}, dialect.OtherDates...) {
		if _, ok := frontmatter.ParseDate(front.Scalar(key), time.UTC); ok {
			return true
		}
	}
	return false
}

// below returns the folders right below one that hold dated posts, the fullest first.
func (c *postCount) below(folder string) []string {
	var out []string
	for f := range c.total {
		if f != "." && path.Dir(f) == folder {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		switch {
		case c.total[a] != c.total[b]:
			return c.total[b] - c.total[a]
		case usualName(a) != usualName(b):
			return usualName(a) - usualName(b)
		}
		return strings.Compare(a, b)
	})
	return out
}

var usualNames = []string{"posts", "post", "blog", "articles"}

// usualName ranks a folder by how usual its name is for posts; 0 is the most usual.
func usualName(folder string) int {
	if i := slices.Index(usualNames, path.Base(folder)); i >= 0 {
		return i
	}
	return len(usualNames)
}

// main returns the section with the most dated posts; "." where they are right at the top.
func (c *postCount) main() string {
	if sections := c.below("."); len(sections) > 0 && c.total[sections[0]] > c.direct["."] {
		return sections[0]
	}
	return "."
}

var yearName = regexp.MustCompile(`^(?:19|20)\d\d$`)

var languageName = regexp.MustCompile(`^[a-z]{2}(?:[-_][A-Za-z]{2,4})?$`)

// areLanguages reports whether several folders are named like languages.
func areLanguages(folders []string) bool {
	found := 0
	for _, folder := range folders {
		if _, ok := config.LanguageTag(path.Base(folder)); ok && languageName.MatchString(path.Base(folder)) {
			found++
		}
	}
	return found > 1
}

// bulk returns the deepest folder that more than half of the dated posts are below.
func (c *postCount) bulk() string {
	at := "."
	for {
		children := c.below(at)
		if len(children) == 0 || c.total[children[0]]*2 <= c.total[at] || yearName.MatchString(path.Base(children[0])) || areLanguages(children) {
			return at
		}
		at = children[0]
	}
}
