package web_test

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"publisher/internal/web"
)

// packed asks until the answer is compressed by brotli, which is done beside the requests.
func (w *world) packed(path string, headers ...string) response {
	w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if res := w.get(path, append(headers, "Accept-Encoding", "gzip, deflate, br")...); res.Header.Get("Content-Encoding") == "br" {
			return res
		}
	}
	w.t.Fatalf("%s is never compressed by brotli", path)
	return response{}
}

func unbrotli(t *testing.T, packed string) string {
	t.Helper()
	out, err := io.ReadAll(brotli.NewReader(strings.NewReader(packed)))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Brotli comes after the first requests. Each form has its own tag, and a client that has the
// gzip form keeps it.
func TestBrotli(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", longFeed)
	first := w.get("/feed.xml", "Accept-Encoding", "br, gzip")
	if first.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the first answer is %q", first.Header.Get("Content-Encoding"))
	}
	br := w.packed("/feed.xml")
	if unbrotli(t, br.body) != longFeed || br.ContentLength != int64(len(br.body)) || len(br.body) >= len(first.body) {
		t.Errorf("%d bytes, of length %d, beside %d by gzip", len(br.body), br.ContentLength, len(first.body))
	}
	plain := w.get("/feed.xml")
	tags := map[string]bool{first.Header.Get("ETag"): true, br.Header.Get("ETag"): true, plain.Header.Get("ETag"): true}
	if len(tags) != 3 {
		t.Errorf("the forms have the tags %v", tags)
	}
	for _, test := range []struct{ name, accept, known, want string }{
		{"brotli alone", "br", "", "br"},
		{"either", "gzip, br", "", "br"},
		{"gzip preferred", "gzip, br;q=0.9", "", "gzip"},
		{"anything", "*", "", "br"},
		{"anything but brotli", "*, br;q=0", "", "gzip"},
		{"refused", "br;q=0", "", ""},
		{"invalid", "br;q=2", "", ""},
		{"not said", "", "", ""},
		{"another", "zstd", "", ""},
		{"has brotli", "gzip, br", br.Header.Get("ETag"), "304"},
		{"has gzip", "gzip, br", first.Header.Get("ETag"), "304"},
		{"has plain", "gzip, br", plain.Header.Get("ETag"), "br"},
		{"has gzip, takes it no more", "br", first.Header.Get("ETag"), "br"},
	} {
		t.Run(test.name, func(t *testing.T) {
			headers := []string{"Accept-Encoding", test.accept}
			if test.known != "" {
				headers = append(headers, "If-None-Match", test.known)
			}
			for _, method := range []string{"GET", "HEAD"} {
				res := w.do(method, "/feed.xml", "", headers...)
				got := res.Header.Get("Content-Encoding")
				if res.StatusCode == 304 {
					got = "304"
					if res.Header.Get("ETag") != test.known {
						t.Errorf("the tag is %s, not that of the client", res.Header.Get("ETag"))
					}
				}
				if got != test.want {
					t.Errorf("%s: %q, want %q", method, got, test.want)
				}
			}
		})
	}
	// Parts of it, as of the others.
	a := w.get("/feed.xml", "Accept-Encoding", "br", "Range", "bytes=0-9")
	b := w.get("/feed.xml", "Accept-Encoding", "br", "Range", "bytes=10-", "If-Range", br.Header.Get("ETag"))
	if a.StatusCode != 206 || b.StatusCode != 206 || a.body+b.body != br.body {
		t.Error("two ranges of the brotli form are not the whole")
	}
}

// A page that is made anew with the same content is not compressed anew.
func TestSameContentKeepsItsForms(t *testing.T) {
	archive := &editions{html: "<p>" + strings.Repeat("Hello again. ", 500)}
	w := start(t, settings, func(o *web.Options) { o.Archive = archive })
	w.packed("/archive/7")
	w.now = w.now.Add(2 * time.Minute)
	res := w.get("/archive/7", "Accept-Encoding", "br")
	if archive.asked.Load() != 2 || res.Header.Get("Content-Encoding") != "br" || unbrotli(t, res.body) != archive.html {
		t.Errorf("composed %d times, then sent as %q", archive.asked.Load(), res.Header.Get("Content-Encoding"))
	}
	w.write("feed.xml", longFeed)
	w.packed("/feed.xml")
	w.now = w.now.Add(time.Minute)
	if err := os.Chtimes(filepath.Join(w.dir, "feed.xml"), w.now.Add(-time.Hour), w.now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := w.get("/feed.xml", "Accept-Encoding", "br"); got.Header.Get("Content-Encoding") != "br" || got.Header.Get("Last-Modified") == "Sun, 22 Nov 2026 08:00:00 GMT" {
		t.Errorf("a feed that was touched is sent as %q, modified %s", got.Header.Get("Content-Encoding"), got.Header.Get("Last-Modified"))
	}
}

// What was served from memory is seen within a second to be gone, private or a folder, and
// what replaces it by a rename as well.
func TestFilesInMemoryFollowTheDisk(t *testing.T) {
	w := start(t, settings, nil)
	file := filepath.Join(w.dir, "feed.xml")
	key := "-----BEGIN PRIVATE KEY-----\n" + longFeed
	hidden := filepath.Join(w.dir, ".hidden")
	steps := []struct {
		name   string
		do     func() error
		status int
	}{
		{"replaced by a rename", func() error { return os.Rename(filepath.Join(w.dir, "new"), file) }, 200},
		{"removed", func() error { return os.Remove(file) }, 404},
		{"back", func() error { return os.WriteFile(file, []byte("back"), 0o644) }, 200},
		{"a key", func() error { return os.WriteFile(file, []byte(key), 0o644) }, 404},
		{"public again", func() error { return os.WriteFile(file, []byte("again"), 0o644) }, 200},
		{"a link to what is hidden", func() error {
			if err := os.WriteFile(hidden, []byte("secret"), 0o644); err != nil {
				return err
			}
			if err := os.Remove(file); err != nil {
				return err
			}
			return os.Symlink(".hidden", file)
		}, 404},
		{"a folder", func() error {
			if err := os.Remove(file); err != nil {
				return err
			}
			return os.Mkdir(file, 0o755)
		}, 404},
	}
	w.write("feed.xml", longFeed)
	w.write("new", strings.ReplaceAll(longFeed, "Grüße", "Küsse")) // of the same size and time
	last := w.get("/feed.xml").body
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Second)
		res := w.get("/feed.xml")
		if res.StatusCode != step.status || step.status == 200 && res.body == last {
			t.Errorf("%s: %s\n%.100s", step.name, res.Status, res.body)
		}
		last = res.body
	}
}

// A file that is asked for all the time is looked at beside the requests. In the debug log are
// the requests that are answered from memory as well.
func TestFilesAreLookedAtAhead(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", longFeed)
	w.get("/feed.xml")
	w.now = w.now.Add(600 * time.Millisecond)
	w.write("feed.xml", "changed")
	for deadline := time.Now().Add(patience); w.get("/feed.xml").body != "changed"; {
		if time.Now().After(deadline) {
			t.Fatal("the change is not seen before a second is over")
		}
	}
	w.level.Set(slog.LevelDebug)
	w.get("/feed.xml")
	for deadline := time.Now().Add(patience); !strings.Contains(w.log.String(), `route="GET /{path...}" status=200`); {
		if time.Now().After(deadline) {
			t.Fatalf("the log has no request: %s", w.log)
		}
	}
}

// A path with an unusual spelling does not change what the usual one leads to.
func TestSpellingsOfOnePath(t *testing.T) {
	w := start(t, settings, func(o *web.Options) { o.Archive = &editions{html: "the edition"} })
	w.write("archive/7", "a file")
	w.write("healthz", "a file")
	for _, spelling := range []string{"/archive%2F7", "/%61rchive/7", "/archive/%37", "/./archive/7", "/healthz", "/%68ealthz", "//healthz", "/archive%2f..%2fhealthz"} {
		w.getAsWritten(spelling)
		if got := w.get("/archive/7").body; got != "the edition" {
			t.Fatalf("after %s the edition is %q", spelling, got)
		}
		if got := w.get("/healthz").body; got != "ok\n" {
			t.Fatalf("after %s /healthz is %q", spelling, got)
		}
	}
}

// Files around a megabyte are the same, whether they are in memory or on the disk, and one that
// outgrows it while it is served as well.
func TestFilesAroundAMegabyte(t *testing.T) {
	w := start(t, settings, nil)
	for _, size := range []int{1<<20 - 1, 1 << 20, 1<<20 + 1, 3 << 20, 5 << 20} {
		text := strings.Repeat("0123456789abcde\n", size/16+1)[:size]
		w.write("large.xml", text)
		w.now = w.now.Add(time.Second)
		plain := w.get("/large.xml")
		gzip := w.get("/large.xml", "Accept-Encoding", "gzip")
		part := w.get("/large.xml", "Range", fmt.Sprintf("bytes=%d-", size-5))
		switch {
		case plain.body != text || part.body != text[size-5:] || plain.ContentLength != int64(size):
			t.Errorf("of %d bytes: got %d, and the part %q", size, len(plain.body), part.body)
		case gzip.Header.Get("Content-Encoding") == "gzip" && unpack(t, gzip.body) != text:
			t.Errorf("of %d bytes: unpacked it is something else", size)
		}
		wantStatus(t, w.get("/large.xml", "If-None-Match", plain.Header.Get("ETag")), 304)
		wantStatus(t, w.do("HEAD", "/large.xml", ""), 200)
	}
}

// However many files there are, only so much of them is kept.
func TestMemoryOfFilesIsBounded(t *testing.T) {
	w := start(t, settings, nil)
	for n := range 60 {
		w.write(fmt.Sprintf("%d.png", n), strings.Repeat(fmt.Sprint(n%10), 1<<20))
	}
	before := heap()
	for n := range 60 {
		wantStatus(t, w.do("HEAD", fmt.Sprintf("/%d.png", n), ""), 200)
	}
	if grown := heap() - before; grown > 40<<20 {
		t.Errorf("%d MB are held", grown>>20)
	}
	wantStatus(t, w.get("/0.png"), 200)
}
