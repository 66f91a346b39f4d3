package publish

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"publisher/content"
	"publisher/internal/gitfiles"
	"publisher/internal/private"
	"publisher/internal/publish/report"
)

// privateWarnings warns of private files that others can read: through git, through the site
// that the engine builds, or on this machine.
func (p *Publisher) privateWarnings(tree *content.Tree) []report.Warning {
	var warnings []report.Warning
	secret := p.cfg.Secret()
	for _, place := range p.cfg.Private().Places() {
		info, err := os.Stat(place.Path)
		if err != nil {
			continue // not there
		}
		w := privateFile{Place: place, base: p.cfg.Dir}
		isConfig := place.Key == ""
		if secret != "" || !isConfig { // a config without a password may be in git
			w.inGit()
		}
		if why := tree.Publishes(place.Path); why != "" {
			w.warn("%s", why)
		}
		if isConfig && secret != "" {
			w.readable(info, "holds "+secret, "; or write ${NAME} there and set NAME in the environment")
		} else if place.Kind != private.Folder && !isConfig {
			w.readable(info, "is "+place.What, "")
		}
		warnings = append(warnings, w.warnings...)
	}
	return warnings
}

// privateFile is a private file with its warnings.
type privateFile struct {
	private.Place
	base     string
	warnings []report.Warning
}

func (w *privateFile) warn(format string, args ...any) {
	w.warnings = append(w.warnings, report.Warning{Path: w.shown(), Message: "is private (" + w.What + "): " + fmt.Sprintf(format, args...)})
}

// shown returns the path as config.yaml may have it.
func (w *privateFile) shown() string {
	if rel, err := filepath.Rel(w.base, w.Path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return w.Path
}

// inGit warns if the repository has the file, or would add it.
func (w *privateFile) inGit() {
	for _, at := range private.Locations(w.Path) {
		place := private.Place{Path: at, Kind: w.Kind}
		repository := gitfiles.Find(filepath.Dir(at))
		if repository == nil {
			continue
		}
		var there []string
		for _, file := range place.Companions() {
			if _, err := os.Lstat(file); err == nil {
				there = append(there, file)
			}
		}
		if tracked := repository.Tracked(there); len(tracked) > 0 {
			w.warn("git tracks %s, so everyone with a copy of the repository has it; remove it with `git rm -r --cached %[1]s`, add %[2]s to the .gitignore beside it, and change the secrets in it",
				filepath.Base(tracked[0]), ignoreLine(place, filepath.Dir(at)))
			return
		}
		for _, file := range there {
			of := file
			if w.Kind == private.Folder {
				of = filepath.Join(file, "mail")
			}
			if !repository.Ignores(of) {
				w.warn("git does not ignore %s, and `git add .` would add it; add %s to the .gitignore beside it", filepath.Base(file), ignoreLine(place, filepath.Dir(at)))
				return
			}
		}
	}
}

// readable warns of a file that others on this machine may read.
func (w *privateFile) readable(info fs.FileInfo, what, also string) {
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		w.warnings = append(w.warnings, report.Warning{Path: w.shown(), Message: fmt.Sprintf(
			"%s, and others on this machine may read or change it (mode %04o): chmod 600 %s%s", what, mode, w.shown(), also)})
	}
}

// ignoreLine returns the line for a private file in the .gitignore of a folder above it.
func ignoreLine(p private.Place, folder string) string {
	name := filepath.Base(p.Path)
	if rel, err := filepath.Rel(folder, p.Path); err == nil && filepath.IsLocal(rel) {
		name = filepath.ToSlash(rel)
	}
	switch p.Kind {
	case private.Ledger:
		return "/" + name + "*"
	case private.Folder:
		return "/" + name + "/"
	}
	return "/" + name
}

// IgnoreEntries returns the lines that the .gitignore of a folder needs for the private files
// below it, except for config.yaml, which may be in git.
func IgnoreEntries(list *private.List, folder string) []gitfiles.Entry {
	var entries []gitfiles.Entry
	for _, p := range list.Places() {
		rel, err := filepath.Rel(folder, p.Path)
		if err != nil || !filepath.IsLocal(rel) || p.Key == "" {
			continue
		}
		e := gitfiles.Entry{Line: ignoreLine(p, folder), For: filepath.ToSlash(rel)}
		switch p.Kind {
		case private.Ledger:
			e.For += "-wal" // covered only by a pattern for everything that belongs to it
		case private.Folder:
			e.For += "/"
		}
		entries = append(entries, e)
	}
	return entries
}
