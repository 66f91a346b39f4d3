package setup_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/content"
	"publisher/internal/config"
	"publisher/internal/setup"
)

func noEnvironment(string) (string, bool) { return "", false }

// writeTree writes files below a folder.
func writeTree(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// inspect is what Inspect finds in files in a folder of their own.
func inspect(t *testing.T, files map[string]string) (*setup.Blog, error) {
	t.Helper()
	dir := t.TempDir()
	writeTree(t, dir, files)
	return setup.Inspect(dir, filepath.Join(dir, "config.yaml"))
}

const dated = "---\ntitle: A\ndate: 2025-01-01\n---\n"

func TestInspect(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  map[string]string // by key of config.yaml
	}{
		"hugo.json, fullest section": {
			map[string]string{"hugo.json": `{"baseURL": "https://a.example/b/", "languageCode": "de", "params": {"author": ["Ada", "Bob"], "description": "<b>Bold</b> &amp; more"}}`,
				"content/docs/a.md": dated, "content/blog/a.md": dated, "content/blog/b.md": dated, "content/about.md": "---\ntitle: A\n---\n"},
			map[string]string{"site.url": "https://a.example/b/", "site.language": "de", "site.author.name": "Ada", "site.description": "Bold & more", "content.dir": "content/blog"},
		},
		"two sections as full: the usual name": {
			map[string]string{"hugo.toml": "", "content/apples/a.md": dated, "content/posts/a.md": dated},
			map[string]string{"content.dir": "content/posts"},
		},
		"dates in page bundles": {
			map[string]string{"hugo.toml": "", "content/posts/a/index.md": dated, "content/posts/b/index.md": dated, "content/posts/b/note.md": "x", "content/talks/a.md": dated},
			map[string]string{"content.dir": "content/posts"},
		},
		"posts at the top of the content": {
			map[string]string{"hugo.yaml": "title: T", "content/a.md": dated, "content/b.md": dated, "content/talks/a.md": dated},
			map[string]string{"content.dir": "content", "site.title": "T"},
		},
		"the language's own settings first": {
			map[string]string{"hugo.toml": "title = 'T'\ndefaultContentLanguage = 'fr'\n[languages.fr]\ntitle = 'F'\nlanguageName='x'\n[languages.fr.params]\ndescription='D'", "content/posts/a.md": dated},
			map[string]string{"site.title": "F", "site.language": "fr", "site.description": "D"},
		},
		"another program's config.json beside Jekyll's": {
			map[string]string{"config.json": `{"theme": "dark"}`, "_config.yml": "title: J", "_posts/2025-01-01-a.md": "---\n---\n"},
			map[string]string{"site.title": "J", "content.dir": "_posts"},
		},
		"another program's config.toml beside Eleventy's": {
			map[string]string{"config.toml": "base_url = 'https://z.example'\ntitle = 'Z'", "eleventy.config.js": "", "_data/site.json": `{"title": "E"}`, "posts/a.md": dated},
			map[string]string{"site.title": "E", "content.dir": "posts"},
		},
		"Jekyll in folders of its own": {
			map[string]string{"_config.yml": "collections_dir: all\nsource: src", "src/all/_posts/2025-01-01-a.md": "---\n---\n"},
			map[string]string{"content.dir": "src/all/_posts"},
		},
		"Pelican whose PATH is computed": {
			map[string]string{"pelicanconf.py": "PATH = join(here, 'x')\nSITEURL = f'https://{host}'\n", "content/a.md": "Title: A\nDate: 2025-01-01\n\nx"},
			map[string]string{"content.dir": "content", "site.url": ""},
		},
		"Zola with posts in two sections": {
			map[string]string{"zola.toml": "base_url = 'https://z.example'", "content/a/a.md": "+++\ndate = 2025-01-01\n+++\n", "content/b/b.md": "+++\ndate = 2025-01-01\n+++\n"},
			map[string]string{"content.dir": "content"},
		},
		"Eleventy's input by a call": {
			map[string]string{"eleventy.config.js": "export default (c) => { c.setInputDirectory('views'); };", "views/_data/site.js": "module.exports = {title: \"T\" + 1, url: 'https://e.example'}", "views/posts/a.md": dated},
			map[string]string{"content.dir": "views/posts", "site.title": "", "site.url": "https://e.example"},
		},
		"year folders are not sections": {
			map[string]string{"log/2024/a.md": dated, "log/2024/b.md": dated, "log/2025/a.md": dated},
			map[string]string{"content.dir": "log"},
		},
		"folders of copies are skipped": {
			map[string]string{"posts/a.md": dated, "node_modules/x/a.md": dated, "node_modules/x/b.md": dated, "public/a.md": dated, "public/b.md": dated},
			map[string]string{"content.dir": "posts"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			blog, err := inspect(t, test.files)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for key := range test.want {
				got[key] = blog.Setting(key).Value
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("settings (-want +got):\n%s", d)
			}
		})
	}
}

func TestInspectRefuses(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"bad TOML":   {map[string]string{"hugo.toml": "a = 1\nb = ="}, ":2:5: "},
		"bad YAML":   {map[string]string{"_config.yml": "a: b: c"}, "does not parse"},
		"a list":     {map[string]string{"_config.yml": "- a"}, "does not parse"},
		"huge":       {map[string]string{"_config.yml": strings.Repeat("# long\n", 1<<18)}, "_config.yml: has 1 MB"},
		"UTF-16":     {map[string]string{"hugo.toml": "t\x00i\x00t\x00l\x00e\x00=\x00'\x00x\x00'\x00"}, "hugo.toml: is binary"},
		"outside":    {map[string]string{"hugo.toml": "contentDir = '/etc'"}, "outside the blog"},
		"bad data":   {map[string]string{".eleventy.js": "", "_data/site.json": "{"}, "site.json"},
		"no content": {map[string]string{"main.go": "package main"}, "there is no blog here"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := inspect(t, test.files)
			var faulty *config.Error
			if !errors.As(err, &faulty) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a config.Error with %q", err, test.want)
			}
		})
	}
}

func TestInspectEmpty(t *testing.T) {
	if _, err := inspect(t, map[string]string{"README.md": "# x", "LICENSE": "", ".gitignore": ""}); !errors.Is(err, setup.ErrNoBlog) {
		t.Errorf("got %v, want ErrNoBlog", err)
	}
}

// asMade is a post as the blog's own engine makes it.
type asMade struct{ Title, URL, Date string }

// TestConfigIsEnough checks that the engine's own config says all but a missing base
// URL: of small blogs, and of real ones where PUBLISHER_TREES names their folder.
func TestConfigIsEnough(t *testing.T) {
	blogs := filepath.Join("..", "..", "content", "testdata")
	trees := map[string]string{} // the folder of a blog: what its engine makes of it
	for _, name := range []string{"jekyll", "pelican", "zola", "eleventy"} {
		trees[filepath.Join(blogs, name)] = filepath.Join(blogs, name, "expected.json")
	}
	if real := os.Getenv("PUBLISHER_TREES"); real != "" {
		for _, name := range []string{"jekyll", "letsencrypt", "tenthousandmeters"} {
			trees[filepath.Join(real, "content", name)] = filepath.Join(real, "expected", name+".json")
		}
	}
	for tree, made := range trees {
		t.Run(filepath.Base(tree), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(tree)); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(readMade(t, made), postsByInit(t, dir)); d != "" {
				t.Errorf("posts by address (-want +got):\n%s", d)
			}
		})
	}
}

func readMade(t *testing.T, file string) map[string]asMade {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []asMade
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]asMade{}
	for _, p := range list {
		date, err := time.Parse(time.RFC3339, p.Date)
		if err != nil {
			t.Fatal(err)
		}
		out[p.URL] = asMade{p.Title, p.URL, date.UTC().Format(time.RFC3339)}
	}
	return out
}

// postsByInit returns the posts of a blog under the config that Inspect leads to.
func postsByInit(t *testing.T, dir string) map[string]asMade {
	t.Helper()
	file := filepath.Join(dir, "config.yaml")
	blog, err := setup.Inspect(dir, file)
	if err != nil {
		t.Fatal(err)
	}
	yaml := strings.Replace(string(blog.ConfigYAML("2026-01-01")), `url: ""`, "url: https://example.com", 1)
	if err := os.WriteFile(file, []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, noEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := content.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	scan, err := tree.Scan(t.Context(), nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]asMade{}
	for _, p := range scan.Posts {
		if p.Draft {
			continue
		}
		out[p.URL] = asMade{p.Title, p.URL, p.Date.UTC().Format(time.RFC3339)}
	}
	return out
}

// FuzzInspect checks that config.yaml loads and says the same, whatever an engine's
// config says; only an address may be missing.
func FuzzInspect(f *testing.F) {
	f.Add("hugo.toml", "baseURL = 'https://a.example'\ntitle = '${HOME} \"x\": # y'")
	f.Add("_config.yml", "title: \"a\\nb\\u2028c: d\\x07\"\nlang: x\nauthor: {name: '- a'}")
	f.Add("pelicanconf.py", "SITENAME = '\\'${A:-b}'\nPATH = '..'\nTIMEZONE = 'Local'")
	f.Add("config.toml", "base_url = 'https://z.example?q'\ntitle = '~'\nauthor = '!!binary x'")
	f.Add("_data/site.js", "module.exports = {title: `a`, author: {name: 'x', email: \"y\"}, list: [{title: ''}]}")
	f.Add("eleventy.config.js", "({dir: {input: '${x}'}})")
	f.Add("package.json", `{"author": "A <a@b.example>"}`)
	names := map[string]bool{"hugo.toml": true, "_config.yml": true, "pelicanconf.py": true, "config.toml": true, "_data/site.js": true, "eleventy.config.js": true, "package.json": true}
	f.Fuzz(func(t *testing.T, name, text string) {
		if !names[name] {
			return
		}
		files := map[string]string{name: text, "posts/a.md": dated}
		if name == "_data/site.js" || name == "package.json" {
			files[".eleventy.js"] = ""
		}
		blog, err := inspect(t, files)
		if err != nil {
			return
		}
		yaml := blog.ConfigYAML("2026-01-01")
		cfg, err := config.Parse("config.yaml", yaml, noEnvironment)
		if err != nil {
			if blog.Setting("site.url").Value != "" || !strings.Contains(err.Error(), "site.url: is missing") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v in\n%s", err, yaml)
			}
			return
		}
		host := cfg.Site.URL.Hostname()
		for key, got := range map[string]string{"site.title": cfg.Site.Title, "site.description": cfg.Site.Description, "site.author.name": cfg.Site.Author.Name, "content.dir": cfg.Content.Dir} {
			if want := strings.TrimSpace(blog.Setting(key).Value); got != want && !(want == "" && got == host) {
				t.Errorf("%s is %q in config.yaml, not %q", key, got, want)
			}
		}
		if cfg.Ledger != config.Default().Ledger || cfg.Mail.SMTP.Host != "" {
			t.Errorf("other settings got in:\n%s", yaml)
		}
	})
}

// TestTemplatesFolder checks that the owner's mail templates get a folder of their
// own where the engine has one of that name.
func TestTemplatesFolder(t *testing.T) {
	files := map[string]string{"config.toml": "base_url = 'https://example.com'\n", "content/a.md": "+++\ntitle = 'A'\ndate = 2024-01-01\n+++\n"}
	for _, want := range []string{"templates", "mail-templates"} {
		blog, err := inspect(t, files)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Parse("config.yaml", blog.ConfigYAML("2026-01-01"), noEnvironment)
		if err != nil {
			t.Fatal(err)
		}
		if cfg.Templates != want {
			t.Errorf("templates are in %q, want %q", cfg.Templates, want)
		}
		files["templates/page.html"] = "{{ page.title }}"
	}
}
