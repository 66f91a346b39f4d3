// Package preview shows a digest in the browser.
package preview

import (
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"runtime"

	"publisher/internal/publish"
)

//go:embed page.html
var previewPage string

// Open writes a page that shows both parts of a preview, with switches for
// what readers may have, and opens it in the browser, if there is one.
func Open(p *publish.Preview, size string, lookup func(string) (string, bool), say func(format string, args ...any)) error {
	page, err := template.New("preview").Parse(previewPage)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "publisher-preview-*.html")
	if err != nil {
		return fmt.Errorf("writing the preview: %w", err)
	}
	defer f.Close()
	err = page.Execute(f, struct {
		Subject, HTML, Text, Size string
	}{p.Subject, p.HTML, p.Text, size})
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return fmt.Errorf("writing the preview: %w", err)
	}
	if browse := browser(f.Name(), lookup); browse != nil && browse.Run() == nil {
		say("opened %s", f.Name())
		return nil
	}
	say("wrote %s; open it in a browser", f.Name())
	return nil
}

// browser is the command that opens a file in the user's browser; nil where there
// is no screen.
func browser(file string, lookup func(string) (string, bool)) *exec.Cmd {
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
