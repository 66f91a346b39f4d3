package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
)

func noEnv(string) (string, bool) { return "", false }

func parse(text string, env map[string]string) (*config.Config, error) {
	return config.Parse("config.yaml", []byte(text), func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	})
}

func TestDefaults(t *testing.T) {
	cfg, err := parse("site: {url: https://example.com/}\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Site.URL.String(); got != "https://example.com" {
		t.Errorf("site.url = %q, want it without the trailing slash", got)
	}
	if cfg.Site.Title != "example.com" || cfg.Mail.From.Address != "news@example.com" {
		t.Errorf("title %q, from %v: want both from the site's host", cfg.Site.Title, cfg.Mail.From)
	}
	var cadences []string
	for _, c := range cfg.Digest.Cadences {
		cadences = append(cadences, c.Name+"="+c.Spec)
	}
	if diff := cmp.Diff([]string{"immediate=", "daily=0 8 * * *", "weekly=0 8 * * MON"}, cadences); diff != "" {
		t.Error(diff)
	}
	weekly, _ := cfg.Cadence("weekly")
	sunday := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	if got, want := weekly.Schedule.Next(sunday), time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("weekly fires at %v, want %v", got, want)
	}
}

func TestEnvironment(t *testing.T) {
	cfg, err := parse(`
site: {url: "https://${HOST}", title: "${TITLE:-Plain: title}"}
mail: {from: a@example.com, smtp: {host: mx, port: "${PORT:-25}", password: "${PASSWORD}"}}
`, map[string]string{"HOST": "example.com", "PASSWORD": "a: b #c ${PORT}"})
	if err != nil {
		t.Fatal(err)
	}
	want := []any{"example.com", "Plain: title", 25, "a: b #c ${PORT}"}
	got := []any{cfg.Site.URL.Host, cfg.Site.Title, cfg.Mail.SMTP.Port, cfg.Mail.SMTP.Password}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestValues(t *testing.T) {
	cfg, err := parse(`
site: {url: https://example.com, timezone: Europe/Berlin, language: pt-br}
digest:
  start: 2026-01-31
  settle: 3d
  cadences: {often: "*/5 * * * *", always: ""}
  default: often
mail:
  from: Ada <ada@example.com>
  bounce_to: b@example.com
  smtp: {host: mx.example.com, rate: "14/s, 500/h, 50000/24h"}
  dkim: [{domain: example.com, selector: s1, key_file: k.pem, omit: [Message-ID, date]}]
server: {url: ""}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.Digest.Start.UTC().Format(time.RFC3339), "2026-01-30T23:00:00Z"; got != want {
		t.Errorf("start = %s, want %s (midnight of the site's zone)", got, want)
	}
	if cfg.Digest.Settle != 72*time.Hour || cfg.Site.Language != "pt-BR" || cfg.Server.URL != nil {
		t.Errorf("settle %v, language %q, server %v", cfg.Digest.Settle, cfg.Site.Language, cfg.Server.URL)
	}
	rates := []config.Rate{{Count: 14, Per: time.Second}, {Count: 500, Per: time.Hour}, {Count: 50000, Per: 24 * time.Hour}}
	if diff := cmp.Diff(rates, cfg.Mail.SMTP.Rate); diff != "" {
		t.Errorf("rate (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]config.DKIM{{Domain: "example.com", Selector: "s1", KeyFile: "k.pem", Omit: []string{"Message-ID", "date"}}}, cfg.Mail.DKIM); diff != "" {
		t.Errorf("dkim (-want +got):\n%s", diff)
	}
}

// Each case's text is wrong in one way; want is how the message must begin, and
// what it must say.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"misspelt key":       {head + "digst:\n  default: weekly\n", `config.yaml:2:1: unknown key "digst"; did you mean "digest"?`},
		"misspelt inner key": {head + "mail:\n  smtp:\n    hots: mx\n", `config.yaml:4:5: unknown key "mail.smtp.hots"; did you mean "host"?`},
		"wildly wrong key":   {head + "subscribers: {path: x}\n", `config.yaml:2:15: unknown key "subscribers.path"; known here: file`},
		"wrong type":         {head + "feeds:\n  items: many\n", `config.yaml:3:10: feeds.items: must be a whole number, not "many"`},
		"not a bool":         {head + "feeds: {tags: sometimes}\n", `config.yaml:2:15: feeds.tags: must be true or false`},
		"list for a text":    {head + "content:\n  dir: [a, b]\n", `config.yaml:3:8: content.dir: must be a single value, not a list`},
		"text for a group":   {head + "mail: ada@example.com\n", `config.yaml:2:7: mail: must have keys and values, not a single value ("ada@example.com")`},
		"a proxy's name":     {head + "server: {trusted_proxies: [192.0.2.7, 2001:db8::/32, proxy.example]}\n", `config.yaml:2:54: server.trusted_proxies[2]: "proxy.example" is not an address or a network`},
		"a proxy's port":     {head + "server: {trusted_proxies: [\"192.0.2.7:80\"]}\n", `config.yaml:2:28: server.trusted_proxies[0]: "192.0.2.7:80" is not an address or a network; write it like 192.0.2.7 or 192.0.2.0/24`},
		"a proxy's zone":     {head + "server: {trusted_proxies: [\"fe80::1%eth0\"]}\n", `config.yaml:2:28: server.trusted_proxies[0]: "fe80::1%eth0" is not`},
		"too long a mask":    {head + "server: {trusted_proxies: [192.0.2.0/33]}\n", `config.yaml:2:28: server.trusted_proxies[0]: "192.0.2.0/33" is not`},
		"text for a list":    {head + "feeds: {hubs: https://hub.example}\n", `config.yaml:2:15: feeds.hubs: must be a list`},
		"schedule":           {head + "digest:\n  cadences:\n    weekly: every monday\n", `config.yaml:4:13: digest.cadences.weekly: "every monday" is not a cron schedule`},
		"day that never is":  {head + "digest:\n  cadences:\n    weekly: 0 8 31 2 *\n", `config.yaml:4:13: digest.cadences.weekly: "0 8 31 2 *" never occurs`},
		"default cadence":    {head + "digest: {default: hourly}\n", `config.yaml:2:19: digest.default: unknown cadence "hourly"`},
		"address":            {head + "mail: {from: ada at example}\n", `config.yaml:2:14: mail.from: "ada at example" is not a mail address`},
		"address injection":  {head + "mail: {from: \"a@example.com\\r\\nBcc: b@example.com\"}\n", `config.yaml:2:14: mail.from:`},
		"URL":                {"site: {url: example.com}\n", `config.yaml:1:13: site.url: "example.com" is not a web address; write it like https://example.com`},
		"URL with a query":   {"site: {url: \"https://example.com/?a=b\"}\n", `config.yaml:1:13: site.url:`},
		"no URL":             {"site: {title: x}\n", `config.yaml: site.url: is missing`},
		"empty file":         {"", `config.yaml: site.url: is missing`},
		"time zone":          {"site: {url: https://e.com, timezone: Mars/Base}\n", `config.yaml:1:38: site.timezone: unknown time zone "Mars/Base"`},
		"language":           {"site: {url: https://e.com, language: \"???\"}\n", `config.yaml:1:38: site.language:`},
		"languages, a list":  {head + "languages: [de]\n", `config.yaml:2:12: languages: must have languages with their settings, such as de: {`},
		"no language tag":    {head + "languages:\n  german: {title: x}\n", `config.yaml:3:3: languages: "german" is not a language; write a BCP 47 tag`},
		"underscore":         {head + "languages: {de_AT: }\n", `config.yaml:2:13: languages: "de_AT" is not a language`},
		"undetermined":       {head + "languages: {und: }\n", `config.yaml:2:13: languages: "und" is not a language`},
		"language twice":     {head + "languages:\n  de: {title: a}\n  DE: {title: b}\n", `config.yaml:4:3: languages.DE: duplicate key`},
		"language's key":     {head + "languages:\n  de: {titel: x}\n", `config.yaml:3:8: unknown key "languages.de.titel"; did you mean "title"?`},
		"language's URL":     {head + "languages:\n  de: {url: /de}\n", `config.yaml:3:13: languages.de.url: "/de" is not a web address`},
		"language, no keys":  {head + "languages:\n  de: Deutsch\n", `config.yaml:3:7: languages.de: must have keys and values`},
		"site's language":    {head + "languages:\n  EN: {title: x}\n", `config.yaml:3:3: languages.EN: is site.language, which has the main feeds`},
		"language's folder":  {head + "languages:\n  de: \nfeeds: {rss: de/feed.xml}\n", `config.yaml:3:3: languages.de: its feeds go into the folder de, which also contains de/feed.xml`},
		"duration":           {head + "digest: {settle: soon}\n", `config.yaml:2:18: digest.settle: invalid duration "soon"`},
		"negative duration":  {head + "digest: {settle: -5m}\n", `config.yaml:2:18: digest.settle:`},
		"ledger_keep short":  {head + "ledger_keep: 29d\n", `config.yaml:2:14: ledger_keep: must be at least 30d`},
		"ledger_keep words":  {head + "ledger_keep: a year\n", `config.yaml:2:14: ledger_keep: invalid duration "a year"`},
		"start":              {head + "digest: {start: yesterday}\n", `config.yaml:2:17: digest.start: "yesterday" is not a day`},
		"rate":               {head + "mail: {smtp: {rate: 14 per second}}\n", `config.yaml:2:21: mail.smtp.rate:`},
		"dialect":            {head + "content: {dialect: wordpress}\n", `config.yaml:2:20: content.dialect: invalid value "wordpress"; must be one of auto, hugo,`},
		"port":               {head + "mail: {smtp: {port: 70000}}\n", `config.yaml:2:21: mail.smtp.port: invalid value 70000`},
		"feed outside":       {head + "feeds: {rss: ../feed.xml}\n", `config.yaml:2:14: feeds.rss:`},
		"two feeds, a file":  {head + "feeds: {rss: feed.xml, atom: feed.xml}\n", `config.yaml:2:30: feeds.atom: "feed.xml" is also feeds.rss`},
		"ledger":             {head + "ledger: publisher.db\n", `config.yaml:2:9: ledger:`},
		"listen":             {head + "server: {listen: localhost}\n", `config.yaml:2:18: server.listen:`},
		"twice":              {head + "ledger: sqlite:a.db\nledger: sqlite:b.db\n", `config.yaml:3:1: ledger: duplicate key`},
		"no variable":        {head + "mail: {smtp: {password: \"${SECRET}\"}}\n", `config.yaml:2:25: mail.smtp.password: the environment variable SECRET is not set`},
		"bad variable":       {head + "mail: {smtp: {password: \"${a b}\"}}\n", `config.yaml:2:25: mail.smtp.password: ${a b} is not an environment variable`},
		"open variable":      {head + "mail: {smtp: {username: \"${A\"}}\n", `config.yaml:2:25: mail.smtp.username: ${ is never closed`},
		"no secret":          {head + "ledger: postgrs://u:secret@h/db\n", `config.yaml:2:9: ledger: unknown kind of ledger "postgrs"`},
		"not YAML":           {head + "mail:\n\tfrom: x\n", `config.yaml:3: not YAML:`},
		"unclosed":           {head + "mail: {from: x\n", `config.yaml:`},
		"not a mapping":      {"- a\n- b\n", `config.yaml:1:1: config.yaml: must have keys and values, not a list`},
		"from with a server": {head + "mail: {smtp: {host: mx}}\n", `config.yaml: mail.from: is missing`},
		"dkim":               {head + "mail: {dkim: [{domain: example.com}]}\n", `config.yaml:2:14: mail.dkim: number 1 needs domain, selector and key_file`},
		"dkim omit":          {head + "mail: {dkim: [{domain: a.example, selector: s, key_file: k, omit: [From]}]}\n", `config.yaml:2:68: mail.dkim[0].omit[0]: "From" is always signed; only Message-ID and Date`},
		"nowhere to unsubscribe": {"site: {url: https://e.com}\nmail: {from: a@e.com, smtp: {host: mx}}\nserver: {url: \"\"}\n",
			`config.yaml:3:15: server.url:`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(c.text, nil)
			var faulty *config.Error
			if !errors.As(err, &faulty) {
				t.Fatalf("error %v, want a *config.Error", err)
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %s\nwant %s…", err, c.want)
			}
		})
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	_, err := parse("site: {url: https://e.com, colour: red}\nfeeds: {items: x}\nmail: {form: y}\n", nil)
	if got := strings.Count(err.Error(), "\n") + 1; got != 3 {
		t.Errorf("%d faults, want 3:\n%v", got, err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if _, err := config.Load(file, noEnv); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(file, []byte("site: {url: https://example.com}"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cfg.Path("public/feed.xml"), filepath.Join(dir, "public", "feed.xml"); got != want {
		t.Errorf("path %q, want %q", got, want)
	}
}

// The sample config has every key, so that it can serve as the reference.
func TestSampleHasEveryKey(t *testing.T) {
	data, err := os.ReadFile("../../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.Parse("config.yaml", data, noEnv); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"title", "url", "description", "language", "timezone", "author", "name", "email", "dir", "dialect",
		"permalink", "exclude", "excerpt_words", "rss", "atom", "json", "items", "content", "tags", "archive", "hubs", "cadences",
		"default", "start", "settle", "max_posts", "max_bytes", "hold_above", "subject", "logo", "from", "reply_to", "bounce_to", "postal_address",
		"bounces", "uncertain", "retry_for", "smtp", "host", "port", "tls", "username", "password", "auth", "connections",
		"messages_per_connection", "rate", "timeout", "dkim", "outbox", "languages", "subscribers", "file", "ledger", "ledger_keep", "state", "server", "listen", "trusted_proxies", "signup", "ask_name", "welcome", "mails_per_hour", "refuse_domains", "record_ip", "intro", "templates"} {
		if !strings.Contains(string(data), key+":") {
			t.Errorf("config.yaml does not show %s", key)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("site: {url: https://example.com}\nmail: {from: \"${X:-a@b.c}\"}\n")
	f.Add("a: &a {b: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := config.Parse("config.yaml", []byte(text), noEnv)
		if (cfg == nil) == (err == nil) {
			t.Errorf("config %v and error %v", cfg, err)
		}
	})
}
