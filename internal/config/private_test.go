package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"publisher/internal/config"
)

// The folder that everybody can read never holds a private file, nor lies among them.
func TestFeedsDirIsPublic(t *testing.T) {
	for name, test := range map[string]struct {
		yaml    string
		refused string // both paths, with the folder as ~; "" where the folder is fine
		line    string
	}{
		"default":                   {"", "", ""},
		"a folder":                  {"feeds: {dir: www/feeds}", "", ""},
		"beside":                    {"feeds: {dir: ../www}", "", ""},
		"hidden output folder":      {"feeds: {dir: .output/public}", "", ""},
		"engine's static folder":    {"feeds: {dir: static}\ncontent: {dir: content}", "", ""},
		"within the content":        {"feeds: {dir: posts/feeds}\ncontent: {dir: posts}", "", ""},
		"content all around":        {"feeds: {dir: public}\ncontent: {dir: .}", "", ""},
		"a name that begins alike":  {"feeds: {dir: outbox-web}", "", ""},
		"the folder itself":         {"feeds: {dir: .}", "~ | ~/config.yaml (the config)", "config.yaml:3:14"},
		"written otherwise":         {"feeds: {dir: www/..}", "~ | ~/config.yaml (the config)", "config.yaml:3:14"},
		"above":                     {"feeds: {dir: ..}", "~/config.yaml (the config)", "config.yaml:3:14"},
		"root":                      {"feeds: {dir: /}", "~/config.yaml (the config)", "config.yaml:3:14"},
		"by a link":                 {"feeds: {dir: to-here}", "~/to-here | ~/config.yaml (the config)", "config.yaml:3:14"},
		"below a link":              {"feeds: {dir: to-above/blog}", "~/to-above/blog | ~/config.yaml (the config)", "config.yaml:3:14"},
		"ledger":                    {"feeds: {dir: www}\nledger: sqlite:www/publisher.db", "~/www | ~/www/publisher.db", "config.yaml:3:14"},
		"ledger deeper":             {"feeds: {dir: www}\nledger: sqlite:www/data/p.db", "~/www | ~/www/data/p.db", "config.yaml:3:14"},
		"ledger behind a link":      {"feeds: {dir: www}\nledger: sqlite:to-www/p.db", "~/www | ~/to-www/p.db", "config.yaml:3:14"},
		"ledger's own name":         {"feeds: {dir: publisher.db.mark}", "~/publisher.db.mark | ~/publisher.db", "config.yaml:3:14"},
		"outbox":                    {"feeds: {dir: outbox}", "~/outbox | ~/outbox", "config.yaml:3:14"},
		"in the outbox":             {"feeds: {dir: outbox/www}", "~/outbox/www | ~/outbox", "config.yaml:3:14"},
		"around the outbox":         {"feeds: {dir: www}\nmail: {outbox: www/mail}", "~/www | ~/www/mail", "config.yaml:3:14"},
		"default around the outbox": {"mail: {outbox: public/mail}", "~/public | ~/public/mail", "config.yaml:3:16"},
		"outbox by a link":          {"feeds: {dir: www}\nmail: {outbox: to-www}", "~/www | ~/to-www", "config.yaml:3:14"},
		"list":                      {"feeds: {dir: www}\nsubscribers: {file: www/a.csv}", "~/www | ~/www/a.csv", "config.yaml:3:14"},
		"key":                       {"feeds: {dir: www}\nmail: {from: a@example.com, dkim: [{domain: example.com, selector: s, key_file: www/k.pem}]}", "~/www | ~/www/k.pem", "config.yaml:3:14"},
		"bounces":                   {"feeds: {dir: mail/www}\nmail: {bounces: \"maildir:mail\"}", "~/mail/www | ~/mail", "config.yaml:3:14"},
		"posts":                     {"feeds: {dir: posts}\ncontent: {dir: posts}", "~/posts | ~/posts", "config.yaml:3:14"},
		"posts by a link":           {"feeds: {dir: to-www}\ncontent: {dir: www}", "~/to-www | ~/www", "config.yaml:3:14"},
		"git":                       {"feeds: {dir: .git}", "~/.git | ~/.git", "config.yaml:3:14"},
		"in git":                    {"feeds: {dir: .git/www}", "~/.git/www | ~/.git", "config.yaml:3:14"},
	} {
		t.Run(name, func(t *testing.T) {
			temp, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(temp, "blog")
			for _, folder := range []string{"www", "posts", "static", ".git"} {
				if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for link, target := range map[string]string{"to-here": ".", "to-above": "..", "to-www": "www"} {
				if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
					t.Skip(err)
				}
			}
			file := filepath.Join(dir, "config.yaml")
			if err := os.WriteFile(file, []byte("\nsite: {url: \"https://example.com\"}\n"+test.yaml+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = config.Load(file, func(string) (string, bool) { return "", false })
			if test.refused == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var fault *config.Error
			if !errors.As(err, &fault) || len(fault.Faults) != 1 {
				t.Fatalf("want one fault, got %v", err)
			}
			text := strings.ReplaceAll(err.Error(), dir, "~")
			for _, path := range append(strings.Split(test.refused, " | "), test.line, "such as public") {
				if !strings.Contains(text, path) {
					t.Errorf("%q lacks %q", text, path)
				}
			}
		})
	}
}

// A password is a secret of the file's only where it stands there.
func TestSecret(t *testing.T) {
	for yaml, want := range map[string]string{
		"":                                                                         "",
		"mail: {smtp: {password: hunter2}}":                                        "mail.smtp.password",
		"mail: {smtp: {password: \"${P}\"}}":                                       "",
		"mail: {smtp: {password: \"${P:-}\"}}":                                     "",
		"mail: {smtp: {password: \"${P:-abc}\"}}":                                  "mail.smtp.password",
		"mail: {smtp: {password: \"${P}x\"}}":                                      "mail.smtp.password",
		"mail: {smtp: {password: \"\"}}":                                           "",
		"ledger: sqlite:a:b@c.db":                                                  "",
		"ledger: postgres://u:secret@host/db":                                      "ledger",
		"ledger: \"postgres://u:${P}@host/db\"":                                    "",
		"ledger: postgres://u@host/db":                                             "",
		"mail: {bounces: \"imaps://u:secret@host/INBOX\"}":                         "mail.bounces",
		"mail: {bounces: \"imaps://u:${P}@host/INBOX\"}":                           "",
		"mail: {bounces: \"maildir:in\"}":                                          "",
		"mail: {events: [{from: mailgun, key: secret}]}":                           "mail.events[0].key",
		"mail: {events: [{from: mailgun, key: \"${P}\"}]}":                         "",
		"mail: {events: [{from: postmark, username: u, password: secret}]}":        "mail.events[0].password",
		"mail: {events: [{from: postmark, username: secret, password: \"${P}\"}]}": "",
	} {
		cfg, err := config.Parse("config.yaml", []byte("site: {url: \"https://example.com\"}\n"+yaml), func(string) (string, bool) { return "value", true })
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.Secret(); got != want {
			t.Errorf("%s: the secret is %q, want %q", yaml, got, want)
		}
	}
}
