package templates_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"publisher/internal/private"
	"publisher/templates"
)

// A private file never becomes a template, under whatever name.
func TestPrivateTemplates(t *testing.T) {
	for name, test := range map[string]struct {
		link, target string // a symbolic link, from the blog's folder
		hard         bool
		want         string // part of the error; "" where the file is a template
	}{
		"own file":              {"templates/digest.html", "templates/mine.tmpl", false, ""},
		"below the blog":        {"templates/digest.html", "shared/digest.html", false, ""},
		"the whole folder":      {"templates", "shared", false, ""},
		"config":                {"templates/digest.html", "config.yaml", false, "is private (the config)"},
		"config by a hard link": {"templates/digest.html", "config.yaml", true, "is private (the config)"},
		"config as a language":  {"templates/i18n", ".", false, "is private (the config)"},
		"mail":                  {"templates/digest.txt", "outbox/a.eml", false, "is private (mails)"},
		"mail by a hard link":   {"templates/digest.txt", "outbox/a.eml", true, "is private (mails)"},
		"backup of the config":  {"templates/footer.txt", "config.yaml.bak", false, "is private (the config)"},
		"hidden":                {"templates/digest.html", ".env", false, "templates cannot be"},
		"outside":               {"templates/digest.html", "../outside.html", false, "templates cannot be"},
		"a chain":               {"templates/digest.html", "to-config", false, "is private (the config)"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(private.Resolve(t.TempDir()), "blog")
			for _, file := range []string{"config.yaml", "config.yaml.bak", "outbox/a.eml", ".env", "shared/digest.html", "templates/mine.tmpl", "../outside.html", "templates/.keep"} {
				path := filepath.Join(dir, filepath.FromSlash(file))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte("hunter2: x"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink("config.yaml", filepath.Join(dir, "to-config")); err != nil {
				t.Skip(err)
			}
			link := filepath.Join(dir, filepath.FromSlash(test.link))
			if err := os.RemoveAll(link); err != nil {
				t.Fatal(err)
			}
			connect := os.Symlink
			if test.hard {
				connect = os.Link
			}
			if err := connect(filepath.Join(dir, filepath.FromSlash(test.target)), link); err != nil {
				t.Fatal(err)
			}
			list := private.NewList(private.Place{What: "the config", Path: filepath.Join(dir, "config.yaml")},
				private.Place{What: "mails", Path: filepath.Join(dir, "outbox"), Kind: private.Folder})
			set, err := templates.Load(filepath.Join(dir, "templates"), dir, list)
			var fault *templates.Error
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want == "":
				own := 0
				for _, f := range set.Files() {
					if f.Path != "" {
						own++
					}
				}
				if own != 1 {
					t.Errorf("%d templates of the owner's, want one", own)
				}
			case !errors.As(err, &fault) || !strings.Contains(err.Error(), test.want):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// A folder of templates may hold private files besides.
func TestTemplatesBesidePrivateFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"list.txt": "ann@example.com {{", "footer.txt": "Bye"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := templates.Load(dir, dir, private.NewList(private.Place{Path: filepath.Join(dir, "list.txt")}))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range set.Files() {
		if strings.Contains(string(f.Source), "ann@") {
			t.Errorf("%s is taken for a template", f.Name)
		}
	}
}
