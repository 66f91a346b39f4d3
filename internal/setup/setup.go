// Package setup finds out what `publisher init` needs to know of a blog, and writes its first config.yaml.
package setup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"publisher/content/dialect"
	"publisher/content/dialect/eleventy"
	"publisher/content/dialect/hugo"
	"publisher/content/dialect/jekyll"
	"publisher/content/dialect/pelican"
	"publisher/content/dialect/zola"
	"publisher/content/dialects"
	"publisher/internal/config"
)

// Blog is what a folder tells of the blog in it: which engine makes it, and what
// that engine's own config, read and never run, says.
type Blog struct {
	Dialect config.Dialect
	// Sign is the file that told the engine; "" where none did.
	ConfigFile string
	// Facts are the settings of config.yaml, in its order.
	Settings []Setting
	// Languages are those beside site.language, by key.
	Languages []Language
	// Permalink says where the addresses of posts come from.
	Permalink string
	// Exclude are the folders below content.dir that hold no posts.
	Exclude []string
	// Templates is the folder for the owner's mail templates where the default one
	// belongs to the engine; else "".
	Templates string
	// Notes are what the owner should know, a sentence each.
	Notes []string
}

// Fact is one setting and where it came from.
type Setting struct {
	Key   string // of config.yaml, such as site.title
	Value string // "" where nothing told it
	From  string // the file and its key; where Value is "", why it is
}

// Fact is the one with that key.
func (b *Blog) Setting(key string) Setting {
	for _, f := range b.Settings {
		if f.Key == key {
			return f
		}
	}
	return Setting{Key: key}
}

// Engine is the dialect's name as people write it.
func (b *Blog) Engine() string {
	name := string(b.Dialect)
	return strings.ToUpper(name[:1]) + name[1:]
}

// ErrNoBlog says that a folder is empty but for what any repository has.
var ErrNoBlog = errors.New("the folder is empty")

// Detect looks at the blog in a folder. ours is the config.yaml to be, which the
// paths in what it tells are relative to. It fails with ErrNoBlog where the
// folder is empty, with *config.Error where it holds no blog or its engine's
// config cannot be read.
func Inspect(dir, ours string) (*Blog, error) {
	d := &inspection{dir: dir, ours: ours, base: filepath.Dir(ours)}
	empty, err := isEmpty(dir)
	if err != nil {
		return nil, unreadable(dir, err)
	}
	if empty {
		return nil, ErrNoBlog
	}
	if err := d.findEngine(); err != nil {
		return nil, err
	}
	if err := d.readLayers(); err != nil {
		return nil, err
	}
	d.tellSite()
	if err := d.tellContent(); err != nil {
		return nil, err
	}
	d.tellLanguages()
	if own := config.Default().Templates; dialect.Existing(d.base, []string{own}) != "" {
		d.blog.Templates = "mail-" + own
	}
	return &d.blog, nil
}

// detection is one look at a folder.
type inspection struct {
	dir, ours, base string
	root            string // the folder of the engine's config, or dir
	own             *dialect.Settings
	layers          sources
	blog            Blog
}

func (d *inspection) note(format string, args ...any) {
	d.blog.Notes = append(d.blog.Notes, fmt.Sprintf(format, args...))
}

// rel is a path as config.yaml writes it.
func (d *inspection) rel(file string) string {
	if r, err := filepath.Rel(d.base, file); err == nil {
		file = r
	}
	return filepath.ToSlash(file)
}

// isEmpty also holds of a folder that a code host has just made.
func isEmpty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		name := strings.ToLower(e.Name())
		return name[0] != '.' && !strings.HasPrefix(name, "readme") && !strings.HasPrefix(name, "license")
	}), nil
}

// strongSigns are files that only one engine has; weakSigns may be another
// program's.
var (
	strongSigns = []string{"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config/_default",
		"_config.yml", "_config.yaml", "_config.toml", "pelicanconf.py", "zola.toml",
		".eleventy.js", "eleventy.config.js", "eleventy.config.mjs", "eleventy.config.cjs", "eleventy.config.ts"}
	weakSigns = []string{"config.toml", "config.yaml", "config.yml", "config.json"}
)

// findEngine looks in the folder, then in the folders right below it, where one
// alone may have an engine's config, then above it.
func (d *inspection) findEngine() error {
	var err error
	d.root = d.dir
	if d.own, err = engineIn(d.dir, d.ours); err != nil || d.own != nil {
		return err
	}
	below, err := os.ReadDir(d.dir)
	if err != nil {
		return unreadable(d.dir, err)
	}
	found := 0
	for _, e := range below {
		if !e.IsDir() || e.Name()[0] == '.' || skippedFolders[e.Name()] {
			continue
		}
		sub := filepath.Join(d.dir, e.Name())
		if own, err := engineIn(sub, d.ours); err == nil && own != nil {
			d.own, d.root = own, sub
			found++
		}
	}
	if found != 1 {
		d.own, d.root = nil, d.dir
	}
	if found == 0 {
		if own, err := dialects.Find(d.dir, d.ours, config.Auto); err == nil && own != nil {
			d.own, d.root = own, own.Root
		}
	}
	return nil
}

// engineIn is the engine whose config is in the folder itself; nil for none.
func engineIn(dir, ours string) (*dialect.Settings, error) {
	for _, name := range slices.Concat(strongSigns, weakSigns) {
		if err := checkFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return nil, err
		}
	}
	looks := []func(string, string) (*dialect.Settings, error){jekyll.ReadSettings, pelican.ReadSettings, zola.ReadSettings, hugo.ReadConfigTOML, eleventy.ReadSettings, hugo.ReadSettings}
	if dialect.Existing(dir, strongSigns[:5]) != "" {
		slices.Reverse(looks)
	}
	for _, look := range looks {
		own, err := look(dir, ours)
		if err != nil {
			return nil, unreadable(dir, err)
		}
		if own != nil {
			return own, nil
		}
	}
	return jekyll.BareSettings(dir), nil
}

// checkFile refuses what would hang or be cut short on reading. A file that is
// not there, and a folder, are fine.
func checkFile(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil || info.IsDir():
		return nil
	case !info.Mode().IsRegular():
		return fault(file, "is no regular file (a pipe, socket or device), and no blog's config")
	case info.Size() > dialect.MaxConfig:
		return fault(file, fmt.Sprintf("has %d MB, too much for a blog's config (the limit is %d MB)", info.Size()>>20, dialect.MaxConfig>>20))
	}
	text, err := dialect.ReadLimited(file)
	if err != nil {
		return unreadable(file, err)
	}
	if dialect.IsBinary(text[:min(len(text), 8000)]) {
		return fault(file, "is binary, and no blog's config")
	}
	return nil
}

func fault(file, message string) error {
	return &config.Error{Faults: []config.Fault{{File: file, Message: message}}}
}

// unreadable makes a fault of an error, with the line where it has one.
func unreadable(file string, err error) error {
	f := config.Fault{File: file, Message: err.Error()}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		f.Line, f.Column = bad.Position()
	}
	return &config.Error{Faults: []config.Fault{f}}
}
