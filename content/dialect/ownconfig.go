package dialect

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"publisher/content/frontmatter"
	"publisher/content/literal"
	"publisher/internal/config"
)

// ownConfig is the config file of the blog's own engine, read as data.
type Settings struct {
	Dialect config.Dialect
	Root    string                             // the folder that it is in
	Values  map[string]any                     // keys lower-case, as in front matter; Pelican's are its Python literals
	Text    []byte                             // all that was read: it decides whether a snapshot still holds
	Files   []SettingsFile                     // the same, file by file
	Unknown map[string]literal.ComputedSetting // Pelican's settings that code computes, by lower-case name

	ContentDir string  // where the engine looks for posts, from root, slash-separated
	Mounts     []Mount // folders that it takes for parts of that one
}

// mount puts a folder into the content root.
type Mount struct {
	Source string // from root, slash-separated
	Below  string // of the content root
	Lang   string // "" for none
}

// configFile is one of the files that a config was read from.
type SettingsFile struct {
	Name string // to open it by
	Text string
}

// add remembers a file that the settings come from.
func (o *Settings) Add(name string, text []byte) *Settings {
	o.Text = append(append(append(o.Text, filepath.Base(name)...), '\n'), text...)
	o.Files = append(o.Files, SettingsFile{name, string(text)})
	return o
}

// where is the file and the line in which a setting stands, by its keys from the
// outermost to its own: the last file's that has most of them, since that one
// decides. A line of 0 is none.
func (o *Settings) where(keys ...string) (file string, line int) {
	if o == nil || len(o.Files) == 0 {
		return "", 0
	}
	file = o.Files[0].Name
	deepest := 0
	for _, f := range o.Files {
		found, at := 0, 0
		for i, l := range strings.Split(f.Text, "\n") {
			l = strings.ToLower(strings.TrimSpace(l))
			if strings.HasPrefix(l, "#") || strings.HasPrefix(l, "//") {
				continue
			}
			for found < len(keys) && hasWord(l, strings.ToLower(keys[found])) {
				found, at = found+1, i+1
			}
		}
		if found > 0 && found >= deepest {
			deepest, file, line = found, f.Name, at
		}
	}
	return file, line
}

// hasWord reports whether a line holds a word that is no part of another.
func hasWord(line, word string) bool {
	isPart := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z'
	}
	for from := 0; ; {
		at := strings.Index(line[from:], word)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(word)
		if (at == 0 || !isPart(line[at-1])) && (end == len(line) || !isPart(line[end])) {
			return true
		}
		from = at + 1
	}
}

// maxConfig is more than any engine's config needs.
const MaxConfig = 1 << 20

// readConfig reads YAML, TOML or JSON by the file's extension.
func ReadConfig(file string) (map[string]any, []byte, error) {
	text, err := ReadLimited(file)
	if err != nil {
		return nil, nil, err
	}
	var values map[string]any
	switch filepath.Ext(file) {
	case ".toml":
		if err = toml.Unmarshal(text, &values); err == nil {
			values = literal.FoldKeys(values)
		}
	case ".json":
		if err = json.Unmarshal(text, &values); err == nil {
			values = literal.FoldKeys(values)
		}
	default:
		values, err = frontmatter.ParseYAML(string(text))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s, the blog's own config, does not parse: %w", file, err)
	}
	return values, text, nil
}

// readLimited refuses what would hang on opening or be cut short.
func ReadLimited(file string) ([]byte, error) {
	switch info, err := os.Stat(file); {
	case err != nil:
		return nil, fmt.Errorf("reading the blog's own config: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s, the blog's own config, is no regular file (a pipe, socket or device)", file)
	case info.Size() > MaxConfig:
		return nil, fmt.Errorf("%s, the blog's own config, has %d MB (the limit is %d MB)", file, info.Size()>>20, MaxConfig>>20)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the blog's own config: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxConfig))
	if err != nil {
		return nil, fmt.Errorf("reading %s, the blog's own config: %w", file, err)
	}
	return text, nil
}

func SameFile(a, b string) bool {
	if b == "" {
		return false
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// text is a setting that holds one value; "" for none.
func (o *Settings) Scalar(key string) string {
	if o == nil {
		return ""
	}
	s, _ := o.Values[key].(string)
	return s
}

// contentMounts are the folders that the engine takes for parts of its content root.
func (o *Settings) ContentMounts() []Mount {
	if o == nil {
		return nil
	}
	return o.Mounts
}

// setting is any value; nil for none.
func (o *Settings) Setting(key string) any {
	if o == nil {
		return nil
	}
	return o.Values[key]
}

// localFolder is a folder below the blog's that a setting names.
func LocalFolder(setting, otherwise string) string {
	if setting == "" || !filepath.IsLocal(setting) {
		return otherwise
	}
	return path.Clean(setting)
}
