//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"publisher/internal/racedetector"
)

// What a pass with a hostile post may use. Nearly all of the address space is reserved by Go's
// runtime and not used. The seconds are those of the slowest machine that runs these tests.
const (
	hostileKB      = 4_000_000
	hostileSeconds = 30
	hostilePeak    = 200 << 10 // KB that are in memory at once
)

// hostilePost is a post in a blog of its own, beside a good post.
type hostilePost struct {
	name, engine string
	body         func() string
	files        map[string]string
	limit        string // an expression for what the warning names; "" where the post is shown
}

const hostileHead = "---\ntitle: Hostile\ndate: 2025-01-01\n---\n"

// TestHostilePosts shows that a hostile post affects only itself: the pass exits with 0 within
// limits that the system enforces, the good post is in the feed, and either the hostile one is
// too, or a warning names its file and the limit.
func TestHostilePosts(t *testing.T) {
	t.Parallel()
	for i, post := range hostilePosts() {
		if racedetector.Enabled && i%12 != 0 {
			continue // each takes seconds there, and one goroutine does the work
		}
		t.Run(post.engine+"/"+post.name, func(t *testing.T) {
			t.Parallel()
			dir := post.blog(t)
			out, peak, err := bounded(t, dir, "feeds")
			if err != nil {
				t.Fatalf("%v\n%.2000s", err, out)
			}
			if peak > hostilePeak && !racedetector.Enabled { // its shadow memory is several times the program's
				t.Errorf("it took %d MB of memory", peak>>10)
			}
			text, err := os.ReadFile(filepath.Join(dir, "public", "feed.xml"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "<title>Good</title>") {
				t.Error("the good post is not in the feed")
			}
			shown := strings.Contains(string(text), "<title>Hostile</title>")
			if shown != (post.limit == "") {
				t.Errorf("in the feed: %v\n%.1000s", shown, out)
			}
			warning := regexp.MustCompile(`warning: \S*hostile\.md(:\d+)?: the post is left out of feeds and mail: it exceeds the limit of ` + post.limit)
			if post.limit != "" && len(warning.FindAllString(out, -1)) != 1 {
				t.Errorf("want one warning of %s\n%.1000s", post.limit, out)
			}
		})
	}
}

func (p hostilePost) blog(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	folder, prefix, own := "posts", "", ""
	switch p.engine {
	case "hugo":
		folder, own = "content/posts", "hugo.toml"
	case "jekyll":
		folder, prefix, own = "_posts", "2025-01-01-", "_config.yml"
	case "pelican":
		folder = "content"
	}
	content := map[string]string{"hugo": "content", "jekyll": "."}[p.engine]
	if content == "" {
		content = folder
	}
	files := map[string]string{
		"config.yaml":                        fmt.Sprintf("site: {url: \"https://blog.example.com\"}\ncontent: {dir: %s, dialect: %s}\n", content, p.engine),
		folder + "/" + prefix + "good.md":    "---\ntitle: Good\ndate: 2025-01-02\n---\nWords.\n",
		folder + "/" + prefix + "hostile.md": p.body(),
	}
	switch own {
	case "hugo.toml":
		files[own] = "[markup.goldmark.renderer]\nunsafe = true\n"
	case "_config.yml":
		files[own] = "url: https://blog.example.com\n"
	}
	for name, text := range p.files {
		files[name] = text
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// bounded runs the program in a shell that limits its memory and processor time, and returns its
// output and its peak memory in KB, or 0 if unknown.
func bounded(t *testing.T, dir string, args ...string) (out string, peak int64, err error) {
	t.Helper()
	script := fmt.Sprintf(`ulimit -v %d && ulimit -t %d && exec publisher "$@"`, hostileKB, hostileSeconds)
	cmd := exec.Command("measured", append([]string{"sh", "-c", script, "sh"}, args...)...)
	cmd.Dir = dir
	result := filepath.Join(t.TempDir(), "peak")
	cmd.Env = append(os.Environ(), measuredFile+"="+result)
	printed, err := cmd.CombinedOutput()
	if text, readErr := os.ReadFile(result); readErr == nil {
		if peak, readErr = strconv.ParseInt(string(text), 10, 64); readErr != nil {
			t.Fatal(readErr)
		}
	}
	return string(printed), peak, err
}

// measuredFile is the variable that names the file to which measured writes its result.
const measuredFile = "PUBLISHER_TEST_MEASURED"

// measured runs a program and writes its peak memory in KB to a file. The tests cannot measure it
// themselves: Linux includes the memory of the process from which it was forked, and by then
// that is a lot.
func measured() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && runtime.GOOS == "linux" {
		if err := os.WriteFile(os.Getenv(measuredFile), []byte(strconv.FormatInt(usage.Maxrss, 10)), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(99)
		}
	}
	if cmd.ProcessState.Exited() {
		os.Exit(cmd.ProcessState.ExitCode())
	}
	os.Exit(98) // a signal ended it
}
