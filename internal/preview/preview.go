// Package preview shows a digest in the browser, with switches for a phone's width, dark
// mode, images off and the text part.
package preview

import (
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"runtime"
)

//go:embed page.html
var page string

// Digest is what the page shows. Size is a line of text.
type Digest struct {
	Subject, HTML, Text, Size string
}

// WritePage writes the page to a new temporary file and returns its name.
func WritePage(d Digest) (string, error) {
	t, err := template.New("preview").Parse(page)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp("", "publisher-preview-*.html")
	if err != nil {
		return "", fmt.Errorf("writing the preview: %w", err)
	}
	defer f.Close()
	if err = t.Execute(f, d); err == nil {
		err = f.Close()
	}
	if err != nil {
		return "", fmt.Errorf("writing the preview: %w", err)
	}
	return f.Name(), nil
}

// Browser returns the command that opens a file in the user's browser, or nil where
// there is no screen. lookup reads the environment.
func Browser(file string, lookup func(string) (string, bool)) *exec.Cmd {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", file)
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", file)
	}
	for _, screen := range []string{"DISPLAY", "WAYLAND_DISPLAY"} {
		if name, ok := lookup(screen); ok && name != "" {
			return exec.Command("xdg-open", file)
		}
	}
	return nil
}
