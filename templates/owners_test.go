package templates_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"publisher/templates"
)

func TestOwnersFiles(t *testing.T) {
	dir := folder(t, map[string]string{
		"footer.html":   `<tr><td>My footer, {{t "unsubscribe"}}, {{absURL "/about"}}, {{truncate 12 "some longer words"}}, {{template "mine.html" .}}</td></tr>`,
		"mine.html":     `{{date "Mon 2 Jan" .Date}}`,
		"colors.css":    `:root { --accent: #aa0000 }`,
		"post.txt":      `POST {{.Title}}`,
		"i18n/en.yaml":  "words: {unsubscribe: Stop}",
		"i18n/nl.yaml":  "words: {read_more: Lees verder}",
		"main.go":       "package main // {{",
		"testdata/x.md": "{{",
		"sub/x.html":    "{{",
		".#post.html":   "{{",
	})
	set := load(t, dir)
	page := digestHTML(t, set, one())
	for _, want := range []string{"My footer, Stop, https://blog.example/about, some longer…, Sun 22 Nov", "color:#aa0000"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if text := digestText(t, set, one()); !strings.Contains(text, "POST Why") {
		t.Errorf("post.txt is not used:\n%s", text)
	}
	d := one()
	d.Site.Language = "nl-BE"
	if page := digestHTML(t, set, d); !strings.Contains(page, "Lees verder") || !strings.Contains(page, "Stop") {
		t.Error("a new language does not fall back to English")
	}
	if err := set.Check(); err != nil {
		t.Errorf("check: %v", err)
	}
}

func TestFaultsNameFileAndLine(t *testing.T) {
	for _, test := range []struct{ name, file, source, want string }{
		{"syntax", "digest.html", "a\n{{if}}", "digest.html:2: "},
		{"unknown helper", "partial.txt", "\n\n{{nonsense}}", "partial.txt:3: "},
		{"unknown field", "post.html", "<tr><td>\n{{.Titel}}</td></tr>", "post.html:2:2: "},
		{"unknown field in text", "digest.txt", "{{.Site.Name}}", "digest.txt:1:7: "},
		{"unknown words", "footer.txt", "\n{{t \"nothing\"}}", "footer.txt:2:2: "},
		{"missing partial", "header.html", "x\n{{template \"gone.html\"}}", "header.html:2"},
		{"subject", "subject.txt", "{{.Nothing}}", "subject.txt:1:2: "},
		{"notice", "welcome.html", "{{.Posts}}", "welcome.html:1:2: "},
		{"style sheet", "style.css", "a {\ncolor: red }\n$$ { x: y }", "style.css:3: "},
		{"import", "mine.css", "\n@import 'x.css';", "mine.css:2: "},
		{"words' syntax", "i18n/de.yaml", "words:\n  a: [", "i18n/de.yaml:2: "},
		{"words' key", "i18n/de.yaml", "name: x\nword: {}", "i18n/de.yaml:2: "},
		{"plural form", "i18n/de.yaml", "words:\n  minutes: {single: x}", "i18n/de.yaml:2: "},
		{"months", "i18n/de.yaml", "months: [Januar]", "i18n/de.yaml: months must have 12 names, not 1"},
		{"language", "i18n/german.yaml", "name: x", "i18n/german.yaml: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := folder(t, map[string]string{test.file: test.source})
			set, err := templates.Load(dir, dir, nil)
			if err == nil {
				err = set.Check()
			}
			fault, ok := errors.AsType[*templates.Error](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if want := dir + string(filepath.Separator) + test.want; !strings.HasPrefix(fault.Error(), want) {
				t.Errorf("got %v, want %s…", fault, want)
			}
		})
	}
}

// What a partial leaves open is only noticed where it is called from.
func TestOpenQuotation(t *testing.T) {
	dir := folder(t, map[string]string{"button.html": `<a href="{{.URL}}>`})
	err := load(t, dir).Check()
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "button.html")) {
		t.Errorf("got %v", err)
	}
}

func TestFolders(t *testing.T) {
	file := filepath.Join(folder(t, map[string]string{"x": ""}), "x")
	if _, err := templates.Load(file, file, nil); err == nil {
		t.Error("a file passes for a folder")
	}
	if _, err := templates.Load(filepath.Join(t.TempDir(), "none"), filepath.Join(t.TempDir(), "none"), nil); err != nil {
		t.Errorf("a missing folder: %v", err)
	}
	// The package's own folder is the sample's folder of templates.
	set := load(t, ".")
	if err := set.Check(); err != nil {
		t.Errorf("the package's own folder: %v", err)
	}
	if digestHTML(t, set, several()) != digestHTML(t, load(t, ""), several()) {
		t.Error("the package's own folder makes another digest")
	}
}

func TestEject(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "templates")
	for _, name := range []string{"digest.html", "i18n/de.yaml"} {
		written, err := templates.Eject(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := templates.BuiltIn(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(written); err != nil || !bytes.Equal(got, f.Source) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := templates.Eject(dir, name); err == nil {
			t.Errorf("%s was overwritten", name)
		}
	}
	if _, err := templates.Eject(dir, "../secret"); err == nil {
		t.Error("a name outside the folder is taken")
	}
	own := 0
	for _, f := range load(t, dir).Files() {
		if f.Path != "" {
			own++
		}
	}
	if own != 2 {
		t.Errorf("%d files are the owner's, want 2", own)
	}
}

// folder writes files into a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, source := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(source), 0o644)); err != nil {
			t.Fatal(fmt.Errorf("%s: %w", name, err))
		}
	}
	return dir
}
