package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Whatever stands in the file, it is read to a bound, and what is wrong is said of it.
func TestHostileConfig(t *testing.T) {
	const site = "site: {url: https://example.com}\n"
	var aliases strings.Builder
	aliases.WriteString("a: &a [x]\n")
	for i := range 25 {
		aliases.WriteString(strings.NewReplacer("N", string(rune('a'+i)), "M", string(rune('b'+i))).Replace("M: &M [*N, *N, *N, *N, *N, *N, *N, *N]\n"))
	}
	for name, test := range map[string]struct{ text, want string }{
		"longer than a config is": {site + strings.Repeat("# comment\n", 110_000), "is larger than 1048576 bytes, which is too much for a config"},
		"10 MB of spaces":         {strings.Repeat(" ", 10<<20), "is larger than 1048576 bytes"},
		"deep":                    {strings.Repeat("[", 500_000), "not YAML"},
		"deep maps":               {strings.Repeat("{a: ", 100_000), "not YAML"},
		"aliases of aliases":      {aliases.String() + site, "unknown key"},
		"an alias of itself":      {"site: &s {url: *s}\n", ""},
		"a value of 1 MB":         {"site: {url: https://example.com, language: " + strings.Repeat("x", 900_000) + "}\n", "is not a language"},
		"a key of 900 kB":         {strings.Repeat("x", 900_000) + ": 1\n", ""},
		"a schedule of 900 kB":    {site + "digest: {cadences: {weekly: \"" + strings.Repeat("0 ", 450_000) + "\"}}\n", "is not a cron schedule"},
		"a list in a schedule":    {site + "digest: {cadences: {weekly: \"" + strings.Repeat("1,", 100_000) + "1 * * * *\"}}\n", ""},
		"a rate of 500 kB":        {site + "mail: {smtp: {rate: \"" + strings.Repeat("1/s,", 100_000) + "\"}}\n", ""},
		"NUL":                     {"site: \x00\n", "not YAML"},
		"control characters":      {"site: \x1b[2J\n", "not YAML"},
		"not UTF-8":               {"site: \xff\xfe\x9b\n", "not YAML"},
		"UTF-16":                  {"\xff\xfes\x00i\x00t\x00e\x00", ""},
		"a title of two lines":    {"site: {url: https://example.com, title: \"a\\nb\"}\n", "must be a single line"},
		"a huge number":           {site + "digest: {max_posts: 99999999999999999999}\n", "must be a whole number"},
		"too many posts":          {site + "digest: {max_posts: 1001}\n", "must be a number from 1 to 1000"},
		"too many bytes":          {site + "digest: {max_bytes: 104857601}\n", "must be a number from 10000 to 104857600"},
		"too many connections":    {site + "mail: {smtp: {connections: 1001}}\n", "must be a number from 1 to 1000"},
		"no port":                 {site + "mail: {smtp: {port: 65536}}\n", "must be a number from 1 to 65535"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config.yaml")
			if err := os.WriteFile(file, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_, err := Load(file, func(string) (string, bool) { return "", false })
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			if err != nil && len(err.Error()) > 6000 {
				t.Errorf("it says %d bytes: %.300q", len(err.Error()), err)
			}
			var faulty *Error
			switch {
			case test.want != "" && !errors.As(err, &faulty):
				t.Errorf("error %T", err)
			case test.want != "" && !strings.Contains(err.Error(), test.want):
				t.Errorf("%.300q, want %q", err, test.want)
			}
		})
	}
}
