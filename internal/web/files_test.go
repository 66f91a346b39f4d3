package web_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var longFeed = "<rss>" + strings.Repeat("<item>Grüße</item>\n", 500) + "</rss>"

func TestMediaTypes(t *testing.T) {
	w := start(t, settings+"feeds: {rss: feed.xml, atom: feeds/atom.xml, json: \"\"}\n", nil)
	for _, test := range []struct {
		name, mediaType string
		cors            bool
	}{
		{"feed.xml", "application/rss+xml; charset=utf-8", true},
		{"feeds/atom.xml", "application/atom+xml; charset=utf-8", true},
		{"tags/go/feed.xml", "application/rss+xml; charset=utf-8", true},
		{"tags/été-à-paris/feeds/atom.xml", "application/atom+xml; charset=utf-8", true},
		{"archive/2024/feed.xml", "application/rss+xml; charset=utf-8", true},
		{"archive/2024-01.xml", "application/xml; charset=utf-8", false},
		{"myfeed.xml", "application/xml; charset=utf-8", false},
		{"feed.json", "application/json", false},
		{"feed.css", "text/css; charset=utf-8", false},
		{"index.HTML", "text/html; charset=utf-8", false},
		{"a.png", "image/png", false},
		{"a.unheard-of", "application/octet-stream", false},
		{"no extension", "application/octet-stream", false},
	} {
		w.write(test.name, "<script>x</script>")
		address := url.URL{Path: "/" + test.name}
		res := w.get(address.EscapedPath())
		wantStatus(t, res, 200)
		if got := res.Header.Get("Content-Type"); got != test.mediaType {
			t.Errorf("%s is %q, want %q", test.name, got, test.mediaType)
		}
		if got := res.Header.Get("Access-Control-Allow-Origin") == "*"; got != test.cors {
			t.Errorf("%s: cross-origin reading allowed: %v, want %v", test.name, got, test.cors)
		}
	}
}

func TestOnlyFilesOfTheFolder(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", "<rss/>")
	w.write("tags/go/feed.xml", "<rss/>")
	w.write(".htaccess", "secret")
	w.write(".git/config", "secret")
	w.write("tags/.feed.xml.1.publisher-tmp", "secret")
	outside := filepath.Join(filepath.Dir(w.dir), "secret.txt")
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"link.txt": outside, "up.txt": "../secret.txt", "updir": "..", "root": "/", "etc": "/etc", "inside.xml": "feed.xml", "loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(w.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	wantStatus(t, w.get("/inside.xml"), 200)
	for _, path := range []string{
		"/.htaccess", "/.git/config", "/tags/.feed.xml.1.publisher-tmp", "/tags", "/tags/", "/tags/go", "/loop", "/nothing", "/feed.xml/", "/feed.xml/x",
		"/link.txt", "/up.txt", "/updir/secret.txt", "/root/etc/passwd", "/etc/passwd",
		"/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/tags/..%2f..%2fsecret.txt", "/..%5csecret.txt", "/%2fetc/passwd", "/%2e%2e/secret.txt",
		"/../secret.txt", "/tags/../../secret.txt", "//etc/passwd", "/feed.xml%00", "/a%00b", "/" + strings.Repeat("a", 5000), "/" + strings.Repeat("a/", 2000) + "a",
		"/publisher.db", "/config.yaml", "/archive/..%2f..%2fsecret.txt", "/archive/../../secret.txt",
	} {
		res := w.getAsWritten(path)
		if strings.Contains(res.body, "secret\n") || strings.Contains(res.body, "root:") || res.StatusCode/100 == 2 || res.StatusCode >= 500 {
			t.Errorf("%s: %s\n%.300s", path, res.Status, res.body)
		}
		// What is left is "no", or "ask for the path without dots".
		if res.StatusCode != 404 && res.StatusCode/100 != 3 {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

func TestMissingFolder(t *testing.T) {
	w := start(t, settings, nil)
	wantStatus(t, w.get("/feed.xml"), 404)
	w.write("feed.xml", "<rss/>")
	wantStatus(t, w.get("/feed.xml"), 200)
	if err := os.RemoveAll(w.dir); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Second)
	wantStatus(t, w.get("/feed.xml"), 404)
	wantStatus(t, w.get("/feed.xml"), 404)
}

// Each row is a request with what was got before; the plain and the packed form
// have entity tags of their own.
func TestConditionalRequests(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", longFeed)
	plain := w.get("/feed.xml")
	packed := w.get("/feed.xml", "Accept-Encoding", "gzip")
	plainTag, packedTag := plain.Header.Get("ETag"), packed.Header.Get("ETag")
	modified := plain.Header.Get("Last-Modified")
	if plainTag == packedTag || !strings.HasPrefix(plainTag, `"`) || modified != "Sun, 22 Nov 2026 08:00:00 GMT" {
		t.Fatalf("tags %s and %s, modified %s", plainTag, packedTag, modified)
	}
	const later, earlier = "Sun, 22 Nov 2026 09:00:00 GMT", "Sun, 22 Nov 2026 07:00:00 GMT"
	for _, test := range []struct {
		name, encoding, ifNoneMatch, ifModifiedSince string
		status                                       int
	}{
		{"plain, same", "", plainTag, "", 304},
		{"plain, one of several", "", `"x", W/` + plainTag, "", 304},
		{"plain, any", "", "*", "", 304},
		{"plain, other", "", `"x"`, "", 200},
		{"plain, the packed form's", "", packedTag, "", 200},
		{"packed, same", "gzip", packedTag, "", 304},
		{"packed, the plain form's", "gzip", plainTag, "", 200},
		{"since then", "", "", modified, 304},
		{"since later", "gzip", "", later, 304},
		{"since earlier", "", "", earlier, 200},
		{"since nonsense", "", "", "yesterday", 200},
		{"the tag decides: other", "", `"x"`, later, 200},
		{"the tag decides: same", "", plainTag, earlier, 304},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD"} {
				headers := []string{"Accept-Encoding", test.encoding}
				for name, value := range map[string]string{"If-None-Match": test.ifNoneMatch, "If-Modified-Since": test.ifModifiedSince} {
					if value != "" {
						headers = append(headers, name, value)
					}
				}
				res := w.do(method, "/feed.xml", "", headers...)
				wantStatus(t, res, test.status)
				wantTag := plainTag
				if test.encoding == "gzip" {
					wantTag = packedTag
				}
				if got := res.Header.Get("ETag"); got != wantTag {
					t.Errorf("%s: tag %s, want %s", method, got, wantTag)
				}
				if strings.Join(res.Header.Values("Vary"), ", ") != "Accept, Accept-Encoding" || res.Header.Get("Cache-Control") == "" {
					t.Errorf("%s: caches are not told enough: %v", method, res.Header)
				}
				if (test.status == 304 || method == "HEAD") && res.body != "" {
					t.Errorf("%s: a body of %d bytes", method, len(res.body))
				}
			}
		})
	}
}

func TestGzip(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", longFeed)
	w.write("small.xml", "<rss/>")
	w.write("a.png", longFeed)
	w.packed("/feed.xml") // the answers to GET and HEAD may differ until then
	for _, test := range []struct {
		path, accept string
		packed       bool
	}{
		{"/feed.xml", "gzip", true},
		{"/feed.xml", "br;q=0.1, GZIP;q=0.5, *;q=0", true},
		{"/feed.xml", "*, br;q=0", true},
		{"/feed.xml", "", false},
		{"/feed.xml", "br, deflate", false},
		{"/feed.xml", "gzip;q=0", false},
		{"/feed.xml", "gzip; q=0.000, *", false},
		{"/feed.xml", "identity;q=1, *;q=0", false},
		{"/feed.xml", "gzip;q=nonsense", false},
		{"/small.xml", "gzip", false},
		{"/a.png", "gzip", false},
	} {
		res := w.get(test.path, "Accept-Encoding", test.accept)
		wantStatus(t, res, 200)
		if got := res.Header.Get("Content-Encoding") == "gzip"; got != test.packed {
			t.Errorf("%s for %q: packed %v, want %v", test.path, test.accept, got, test.packed)
		}
		if res.ContentLength != int64(len(res.body)) {
			t.Errorf("%s for %q: length %d, body of %d", test.path, test.accept, res.ContentLength, len(res.body))
		}
		head := w.do("HEAD", test.path, "", "Accept-Encoding", test.accept)
		if diff := cmp.Diff(withoutDate(res.Header), withoutDate(head.Header)); diff != "" {
			t.Errorf("%s for %q: HEAD is not as GET:\n%s", test.path, test.accept, diff)
		}
		if test.packed && unpack(t, res.body) != longFeed {
			t.Errorf("%s for %q: unpacked it is something else", test.path, test.accept)
		}
	}
}

func TestRanges(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", longFeed)
	whole := w.get("/feed.xml")
	part := w.get("/feed.xml", "Range", "bytes=5-9")
	wantStatus(t, part, 206)
	if part.body != longFeed[5:10] {
		t.Errorf("got %q", part.body)
	}
	wantStatus(t, w.get("/feed.xml", "Range", "bytes=5-9", "If-Range", whole.Header.Get("ETag")), 206)
	wantStatus(t, w.get("/feed.xml", "Range", "bytes=5-9", "If-Range", `"x"`), 200)
	wantStatus(t, w.get("/feed.xml", "Range", "bytes=900000-"), 416)
	packed := w.get("/feed.xml", "Accept-Encoding", "gzip")
	first := w.get("/feed.xml", "Accept-Encoding", "gzip", "Range", "bytes=0-9")
	rest := w.get("/feed.xml", "Accept-Encoding", "gzip", "Range", "bytes=10-")
	if first.body+rest.body != packed.body {
		t.Error("two ranges of the packed form are not the whole")
	}
}

// A file that is replaced is seen within a second, even by one of the same size, and a
// feed that is rewritten within the clock's tick as well.
func TestChangedFiles(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", longFeed)
	before := w.get("/feed.xml", "Accept-Encoding", "gzip")
	changed := strings.ReplaceAll(longFeed, "Grüße", "Küsse")
	file := filepath.Join(w.dir, "feed.xml")
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(499 * time.Millisecond)
	if got := w.get("/feed.xml").Header.Get("ETag"); got+"-gzip" != strings.Replace(before.Header.Get("ETag"), `-gzip"`, `"-gzip`, 1) {
		t.Error("the disk is looked at more than twice a second")
	}
	w.now = w.now.Add(501 * time.Millisecond)
	after := w.get("/feed.xml", "Accept-Encoding", "gzip")
	if before.Header.Get("ETag") == after.Header.Get("ETag") || unpack(t, after.body) != changed {
		t.Error("the old file is served")
	}
	moment := w.now.Add(time.Second)
	for _, content := range []string{strings.ToUpper(longFeed[:2000]), strings.ToLower(longFeed[:2000])} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, moment, moment); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Second)
		if got := unpack(t, w.get("/feed.xml", "Accept-Encoding", "gzip").body); got != content {
			t.Errorf("got %.20q, want %.20q", got, content)
		}
	}
}

// A file from the future is read once, and once more when it has stood for a while, however
// often it is asked for; one that is replaced is seen at once.
func TestFilesFromTheFuture(t *testing.T) {
	w := start(t, settings, nil)
	w.write("feed.xml", longFeed)
	file := filepath.Join(w.dir, "feed.xml")
	stamp := func(modified time.Time) {
		t.Helper()
		if err := os.Chtimes(file, modified, modified); err != nil {
			t.Fatal(err)
		}
	}
	// What is not read again is served from before: its tag tells.
	other := strings.ReplaceAll(longFeed, "Grüße", "Größe")
	future := w.now.Add(1000 * time.Hour)
	stamp(future)
	first := w.get("/feed.xml").Header.Get("ETag")
	if err := os.WriteFile(file, []byte(other), 0o644); err != nil {
		t.Fatal(err)
	}
	stamp(future)
	if got := w.get("/feed.xml").Header.Get("ETag"); got != first {
		t.Error("the file is read at each request")
	}
	w.now = w.now.Add(3 * time.Second)
	second := w.get("/feed.xml").Header.Get("ETag")
	if second == first {
		t.Error("what was written within the first moments is never seen")
	}
	if err := os.WriteFile(file, []byte(longFeed), 0o644); err != nil {
		t.Fatal(err)
	}
	stamp(future)
	for range 3 {
		w.now = w.now.Add(time.Hour)
		if got := w.get("/feed.xml").Header.Get("ETag"); got != second {
			t.Error("the file is read again and again")
		}
	}
	stamp(future.Add(time.Hour))
	w.now = w.now.Add(time.Second)
	if got := w.get("/feed.xml").Header.Get("ETag"); got != first {
		t.Error("a file that is replaced is not seen")
	}
}

func FuzzFiles(f *testing.F) {
	w := start(f, settings, nil)
	w.write("feed.xml", longFeed)
	secret := filepath.Join(filepath.Dir(w.dir), "secret.txt")
	if err := os.WriteFile(secret, []byte("the secret"), 0o644); err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][3]string{
		{"/feed.xml", "gzip", "bytes=0-5"}, {"/../secret.txt", "*;q=0.1", ""}, {"/archive/7", "gzip;q=", "bytes=-1"},
		{"/tags/%2e%2e/", "", "bytes=0-,1-"}, {"/unsubscribe/a/b", ",;,", "x"}, {"/preferences/%ff", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, path, accept, ranges string) {
		req := httptest.NewRequest("GET", "/", nil)
		req.URL.Path = "/" + path
		req.Header.Set("Accept-Encoding", accept)
		req.Header.Set("Range", ranges)
		res := httptest.NewRecorder()
		w.handler.ServeHTTP(res, req)
		if res.Code >= 500 || bytes.Contains(res.Body.Bytes(), []byte("the secret")) {
			t.Errorf("%q: %d %.200s", path, res.Code, res.Body)
		}
	})
}

// getAsWritten sends a path that no client would.
func (w *world) getAsWritten(path string) response {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\n\r\n", path)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
	return response{res, string(body)}
}

func unpack(t *testing.T, packed string) string {
	t.Helper()
	zip, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func withoutDate(h http.Header) http.Header {
	h = h.Clone()
	h.Del("Date")
	return h
}
