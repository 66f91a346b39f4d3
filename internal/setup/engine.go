package setup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"publisher/content/dialect"
	"publisher/content/dialects"
	"publisher/internal/config"
)

// engines returns the blog engines in the order in which Inspect looks for them.
// Another one is a line here, and a file that describes it.
func engines() []engine {
	return []engine{hugoEngine(), jekyllEngine(), pelicanEngine(), zolaEngine(), eleventyEngine()}
}

// engine describes a blog engine: where its settings and posts are.
type engine struct {
	dialect config.Dialect
	name    string // as people write it
	// configFiles are files of its config that no other program has; sharedFiles
	// may be another program's.
	configFiles, sharedFiles []string
	// settings reads the config in a folder; nil where it is not this engine's.
	settings func(dir, ours string) (*dialect.Settings, error)
	// bare returns the settings of a blog without any config, if the engine builds
	// such blogs and this is one; else nil.
	bare func(dir string) *dialect.Settings
	// bareSign is the file or folder that shows the engine where there is no config.
	bareSign string

	// read adds the files of the config to the inspection's sources.
	read func(*inspection) error
	keys func(sources) siteKeys
	// nowhere is what has no such setting, where that is not the config file.
	nowhere string

	// posts returns the folder of the posts, slash-separated from the root, and how
	// it was found; "" where there are none.
	posts func(*inspection) (folder, from string)
	// permalinkKeys are those of the pattern of the posts' addresses.
	permalinkKeys func(folder string) []string
	// permalink says how addresses are made where no setting does.
	permalink string

	// languages returns the keys of the languages that the config names, and the
	// one that is the site's own.
	languages func(sources) (keys map[string]bool, own string)
	// languagePrefix is what the settings of one language are below, before its
	// key; languageKeys are those settings.
	languagePrefix string
	languageKeys   languageKeys
	// postsNameLanguages is set where posts may be in languages that the config
	// does not name.
	postsNameLanguages bool

	// output is the folder that the engine builds the site in by default.
	output string
}

// siteKeys are the keys that an engine's config may have a setting under, the
// likeliest first.
type siteKeys struct {
	title, url, description, language, timezone, author, email []string
	urlPath                                                    []string // what follows the URL
}

// languageKeys are the keys of the settings of one language, the likeliest first.
type languageKeys struct {
	title, description, url []string
	tag                     []string // where its key is not a language tag
	disabled                string   // "" for none
}

// fixed returns keys that do not depend on the config.
func fixed(keys siteKeys) func(sources) siteKeys {
	return func(sources) siteKeys { return keys }
}

// permalinksAt returns keys that are the same for all folders of posts.
func permalinksAt(keys ...string) func(string) []string {
	return func(string) []string { return keys }
}

func oneLanguage(sources) (map[string]bool, string) { return nil, "" }

// engineOf returns the engine whose settings they are; plain Markdown's for nil.
func engineOf(own *dialect.Settings) engine {
	for _, e := range engines() {
		if own != nil && own.Dialect == e.dialect {
			return e
		}
	}
	return markdownEngine()
}

// findSettings looks for an engine's config in the folder, then in the folders right
// below it, of which one alone may have one, then above it.
func (d *inspection) findSettings() error {
	var err error
	d.root = d.dir
	if d.own, err = settingsIn(d.dir, d.ours); err != nil || d.own != nil {
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
		if own, err := settingsIn(sub, d.ours); err == nil && own != nil {
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

// settingsIn returns the settings of the engine whose config is in the folder
// itself; nil for none. A file that only one engine has decides before one that
// may be another program's.
func settingsIn(dir, ours string) (*dialect.Settings, error) {
	known := engines()
	for _, e := range known {
		for _, name := range slices.Concat(e.configFiles, e.sharedFiles) {
			if err := checkFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(known, func(a, b engine) int { return b.claims(dir) - a.claims(dir) })
	for _, e := range known {
		own, err := e.settings(dir, ours)
		if err != nil {
			return nil, unreadable(dir, err)
		}
		if own != nil {
			return own, nil
		}
	}
	for _, e := range known {
		if e.bare == nil {
			continue
		}
		if own := e.bare(dir); own != nil {
			return own, nil
		}
	}
	return nil, nil
}

// claims is 1 where a folder has a config file that only this engine has, else 0.
func (e engine) claims(dir string) int {
	if dialect.FirstExisting(dir, e.configFiles) != "" {
		return 1
	}
	return 0
}

// checkFile refuses what would hang or be cut short on reading. A file that is
// not there, and a folder, are fine.
func checkFile(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil || info.IsDir():
		return nil
	case !info.Mode().IsRegular():
		return fault(file, "is not a regular file (but a pipe, socket or device)")
	case info.Size() > dialect.MaxConfig:
		return fault(file, fmt.Sprintf("has %d MB, too much for a blog's config (the limit is %d MB)", info.Size()>>20, dialect.MaxConfig>>20))
	}
	text, err := dialect.ReadLimited(file)
	if err != nil {
		return unreadable(file, err)
	}
	if dialect.IsBinary(text[:min(len(text), 8000)]) {
		return fault(file, "is binary, not a blog's config")
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
