package preview_test

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"publisher/internal/preview"
)

// What a digest contains cannot leave the place that the page gives it.
func TestWritePage(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	hostile := "</script></pre><script>alert(1)</script>"
	file, err := preview.WritePage(preview.Digest{Subject: hostile, HTML: "<p>hello</p>" + hostile, Text: "plain" + hostile, Size: "1 post"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, want := range []string{"plain", "hello", "1 post"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(text, hostile) {
		t.Error("the digest's text is not escaped")
	}
}

func TestBrowser(t *testing.T) {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skip("there is always a screen")
	}
	for _, c := range []struct {
		env  map[string]string
		want []string
	}{
		{map[string]string{}, nil},
		{map[string]string{"DISPLAY": ""}, nil},
		{map[string]string{"DISPLAY": ":0"}, []string{"xdg-open", "a.html"}},
		{map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, []string{"xdg-open", "a.html"}},
	} {
		var got []string
		if cmd := preview.Browser("a.html", func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }); cmd != nil {
			got = cmd.Args
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.env, got, c.want)
		}
	}
}
