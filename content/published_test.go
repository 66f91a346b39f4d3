//go:build unix

package content_test

import (
	"path/filepath"
	"strings"
	"testing"

	"publisher/content"
)

// Which files the engines copy into the site: Jekyll 4.3, Hugo 0.164 and Pelican 4.8
// were run on such folders.
func TestPublishes(t *testing.T) {
	for _, test := range []struct {
		engine, config string
		copied, not    string
	}{
		{"jekyll", "", "config.yaml publisher.db outbox subscribers.csv dkim.pem sub/dir/a.db not-there.csv", "_private/a.csv .env a.csv~ #a# node_modules/x .git/config ../outside.md"},
		{"jekyll", "url: https://e.example\nexclude: [config.yaml, publisher.db*, /outbox, 'sub/', '*.pem']\n", "subscribers.csv deep/config.yaml", "config.yaml publisher.db publisher.db-wal outbox outbox/a.eml sub/a.csv dkim.pem"},
		{"jekyll", "url: https://e.example\nsource: src\n", "src/publisher.db", "publisher.db config.yaml"},
		{"jekyll", "url: https://e.example\ninclude: [_keys, .env]\n", "_keys/a.pem .env", "_other/a.pem"},
		{"hugo", "", "static/a.pem content/a.db content/posts/b.csv static", "config.yaml publisher.db assets/a.pem statics/a.db"},
		{"hugo", "baseURL = 'https://e.example/'\nstaticDir = ['files', 'more']\ncontentDir = 'text'\n", "files/a.pem more/a text/a.db", "static/a.pem content/a.db"},
		{"zola", "", "static/a.pem content/a.db", "config.yaml publisher.db templates/a.pem"},
		{"pelican", "", "content/images/a.pem", "content/a.db content/extra/a.db images/a.pem config.yaml"},
		{"pelican", "PATH = 'content'\nSITEURL = 'https://e.example'\nSTATIC_PATHS = ['extra', 'pdf']\n", "content/extra/a.db content/pdf/deep/a", "content/images/a.pem"},
		{"pelican", "PATH = '.'\nSITEURL = 'https://e.example'\nSTATIC_PATHS = ['']\n", "config.yaml publisher.db", "../outside.md"},
		{"eleventy", "", "img/a.pem img", "config.yaml publisher.db images/a.pem"},
		{"eleventy", "export default (c) => { c.addPassthroughCopy({ 'files/*.csv': 'x' }).addPassthroughCopy(\"/dkim.pem\");\n// c.addPassthroughCopy('publisher.db')\n };\n", "files/a.csv dkim.pem", "files/deep/a.csv publisher.db img/a"},
		{"eleventy", "export default (c) => { c.addPassthroughCopy('.'); };\n", "config.yaml outbox/a.eml", "../outside.md"},
		{"markdown", "", "", "config.yaml publisher.db"},
	} {
		a := attack{engine: test.engine, config: "feeds: {dir: www}\n"}
		for name := range blogs[test.engine].files {
			if test.config != "" {
				a.files = named(name, test.config)
			}
		}
		dir := blogs[test.engine].dir
		if strings.Contains(test.config, "contentDir = 'text'") {
			dir = "text"
		}
		cfg := a.build(t)
		cfg.Content.Dir = dir
		put(t, filepath.Join(cfg.Dir, dir, "x.txt"), "")
		tree, err := content.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for list, want := range map[string]bool{test.copied: true, test.not: false} {
			for name := range strings.FieldsSeq(list) {
				if why := tree.Publishes(filepath.Join(cfg.Dir, filepath.FromSlash(name))); (why != "") != want {
					t.Errorf("%s with %q copies %s: %q", test.engine, test.config, name, why)
				}
			}
		}
	}
}
