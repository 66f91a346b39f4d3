// Package setup finds out what `publisher init` needs to know about a blog, and writes its first config.yaml.
package setup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"publisher/content/dialect"
	"publisher/internal/config"
)

// Blog is what a folder says about the blog in it: which engine makes it, and what
// that engine's own config, read and never run, says.
type Blog struct {
	Dialect config.Dialect
	// ConfigFile is the file that shows which engine it is; "" where none does.
	ConfigFile string
	// Settings are those of config.yaml, in its order.
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

	engine engine
}

// Setting is one setting and where it came from.
type Setting struct {
	Key   string // of config.yaml, such as site.title
	Value string // "" where nothing says
	From  string // the file and its key; where Value is "", why it is
}

// Setting returns the setting with that key.
func (b *Blog) Setting(key string) Setting {
	for _, s := range b.Settings {
		if s.Key == key {
			return s
		}
	}
	return Setting{Key: key}
}

// Engine returns the name of the engine as people write it.
func (b *Blog) Engine() string { return b.engine.name }

// ErrNoBlog says that a folder is empty but for what any repository has.
var ErrNoBlog = errors.New("the folder is empty")

// Inspect looks at the blog in a folder. ours is the config.yaml to be, which the
// paths in its settings are relative to. It fails with ErrNoBlog where the
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
	if err := d.findSettings(); err != nil {
		return nil, err
	}
	d.blog.engine = engineOf(d.own)
	d.blog.Dialect = d.blog.engine.dialect
	if err := d.blog.engine.read(d); err != nil {
		return nil, err
	}
	d.setSite()
	if err := d.setContent(); err != nil {
		return nil, err
	}
	d.setLanguages()
	if own := config.Default().Templates; dialect.FirstExisting(d.base, []string{own}) != "" {
		d.blog.Templates = "mail-" + own
	}
	return &d.blog, nil
}

// inspection is one look at a folder.
type inspection struct {
	dir, ours, base string
	root            string            // the folder of the engine's config, or dir
	own             *dialect.Settings // nil where no engine's config was found
	sources         sources
	blog            Blog
}

func (d *inspection) note(format string, args ...any) {
	d.blog.Notes = append(d.blog.Notes, fmt.Sprintf(format, args...))
}

// below returns the path of a file or folder of the blog.
func (d *inspection) below(slashPath string) string {
	return filepath.Join(d.root, filepath.FromSlash(slashPath))
}

// rel returns a path as config.yaml writes it.
func (d *inspection) rel(file string) string {
	if r, err := filepath.Rel(d.base, file); err == nil {
		file = r
	}
	return filepath.ToSlash(file)
}

// isEmpty reports whether a folder holds nothing but what a code host puts into a new repository.
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
