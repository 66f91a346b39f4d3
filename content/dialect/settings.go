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

// Settings are the config of the blog's own engine, read as data. A nil *Settings has none.
type Settings struct {
	Dialect config.Dialect
	Root    string                             // the folder that it is in
	Values  map[string]any                     // keys lower-case, as in front matter; Pelican's are its Python literals
	Text    []byte                             // all that was read: it decides whether a snapshot still holds
	Files   []SettingsFile                     // the same, file by file
	Unknown map[string]literal.ComputedSetting // Pelican's settings that code computes, by lower-case name

	ContentDir string  // where the engine looks for posts, from Root, slash-separated
	Mounts     []Mount // further folders of posts
}

// Mount is a folder that the engine takes for a part of its content root.
type Mount struct {
	Source string // from Root, slash-separated
	Target string // in the content root
	Lang   string // "" for none
}

// SettingsFile is one of the files that settings were read from.
type SettingsFile struct {
	Name string // to open it by
	Text string
}

// AddFile adds a file that the settings come from, and returns s.
func (s *Settings) AddFile(name string, text []byte) *Settings {
	s.Text = append(append(append(s.Text, filepath.Base(name)...), '\n'), text...)
	s.Files = append(s.Files, SettingsFile{name, string(text)})
	return s
}

// locate returns the file and line of a setting, given its keys from the outermost to its own:
// the last file with most of them, since that one decides. A line of 0 is none.
func (s *Settings) locate(keys ...string) (file string, line int) {
	if s == nil || len(s.Files) == 0 {
		return "", 0
	}
	file = s.Files[0].Name
	deepest := 0
	for _, f := range s.Files {
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

// hasWord reports whether a line has a word that is not part of another.
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

// MaxConfig bounds a config, in bytes.
const MaxConfig = 1 << 20

// ReadConfigFile reads YAML, TOML or JSON by the file's extension, and returns its text too.
func ReadConfigFile(file string) (map[string]any, []byte, error) {
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

// ReadLimited reads a config, but not what would block or be cut short.
func ReadLimited(file string) ([]byte, error) {
	switch info, err := os.Stat(file); {
	case err != nil:
		return nil, fmt.Errorf("reading the blog's own config: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s, the blog's own config, is not a regular file (a pipe, socket or device)", file)
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

// SameFile reports whether both names are the same file. An empty b is none.
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

// Scalar returns a setting that has one value, or "".
func (s *Settings) Scalar(key string) string {
	if s == nil {
		return ""
	}
	text, _ := s.Values[key].(string)
	return text
}

// ContentMounts returns the mounts.
func (s *Settings) ContentMounts() []Mount {
	if s == nil {
		return nil
	}
	return s.Mounts
}

// Value returns any setting, or nil.
func (s *Settings) Value(key string) any {
	if s == nil {
		return nil
	}
	return s.Values[key]
}

// LocalFolder returns a folder below the blog's root that a setting names, else a default.
func LocalFolder(setting, otherwise string) string {
	if setting == "" || !filepath.IsLocal(setting) {
		return otherwise
	}
	return path.Clean(setting)
}

// ReadAnyConfig reads the config of any engine. Scripts are read as literals and never run.
func ReadAnyConfig(file string) (map[string]any, []byte, error) {
	switch filepath.Ext(file) {
	case ".py", ".js", ".mjs", ".cjs", ".ts":
		text, err := ReadLimited(file)
		if err != nil {
			return nil, nil, err
		}
		if filepath.Ext(file) == ".py" {
			return literal.PythonSettings(string(text)), text, nil
		}
		return literal.JSSettings(string(text)), text, nil
	}
	return ReadConfigFile(file)
}
