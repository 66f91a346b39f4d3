package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"publisher/content"
	"publisher/internal/config"
	"publisher/internal/gitfiles"
	"publisher/internal/hint"
	"publisher/internal/private"
	"publisher/internal/publish"
)

// outsideFeeds returns an error if file, which is private, would be in the public folder of
// the feeds.
func outsideFeeds(cfg *config.Config, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	feeds := cfg.Path(cfg.Feeds.Dir)
	if private.WithinAny(private.Resolve(file), private.Resolve(feeds)) {
		return hint.With(fmt.Errorf("%w: %s would be in feeds.dir, %s, which is public", errUsage, file, feeds), "use another folder")
	}
	return nil
}

// ignoreDefaults makes git ignore the private files of a new config: those of its defaults,
// and the list and the keys under their usual names. If it cannot, it only warns.
func (a *app) ignoreDefaults(file string) {
	cfg := config.Default()
	cfg.File, cfg.Dir = file, filepath.Dir(file)
	list := append(cfg.Private().Places(),
		private.Place{Key: "subscribers.file", Path: filepath.Join(cfg.Dir, "subscribers.csv")},
		private.Place{Key: "mail.dkim", Path: filepath.Join(cfg.Dir, "dkim-*.pem")})
	a.extendGitignore(cfg.Dir, publish.IgnoreEntries(private.NewList(list...), cfg.Dir))
}

// hideKey makes git ignore a new key: in the .gitignore beside config.yaml if the key is in
// that folder, else in the key's own folder if that is under git. It warns if the blog's
// engine would publish the key. cfg is nil if no config was read.
func (a *app) hideKey(cfg *config.Config, folder, file string) {
	file, err := filepath.Abs(file)
	if err != nil {
		return
	}
	key := private.Place{What: "a signing key", Key: "mail.dkim", Path: file}
	if folder, err = filepath.Abs(folder); err != nil {
		return
	}
	rel, err := filepath.Rel(folder, file)
	if err != nil || !filepath.IsLocal(rel) {
		folder = filepath.Dir(file)
	}
	_, err = os.Stat(filepath.Join(folder, "config.yaml"))
	if err == nil || cfg != nil && folder == cfg.Dir || gitfiles.Find(private.Resolve(folder)) != nil {
		a.extendGitignore(folder, publish.IgnoreEntries(private.NewList(key), folder))
	}
	if cfg == nil {
		return
	}
	if tree, err := content.Open(cfg); err == nil {
		a.warnPublished(tree, key)
	}
}

func (u *ui) extendGitignore(dir string, entries []gitfiles.Entry) {
	var lines []string
	for _, e := range entries {
		lines = append(lines, e.Line)
	}
	added, err := gitfiles.Extend(dir, entries)
	switch {
	case err != nil:
		u.note("warning: cannot change .gitignore (%v); add to it by hand: %s", reasonOf(err), strings.Join(lines, " "))
	case len(added) > 0:
		u.note("added to .gitignore: %s", strings.Join(added, " "))
	}
}

// reasonOf returns the error without the path that it is about.
func reasonOf(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// warnPublished warns of private files that the blog's engine would copy into the site.
func (u *ui) warnPublished(tree *content.Tree, places ...private.Place) {
	for _, p := range places {
		if why := tree.Publishes(p.Path); why != "" {
			u.note("warning: %s is private (%s): %s", filepath.Base(p.Path), p.What, why)
		}
	}
}
