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
	"publisher/internal/private"
	"publisher/internal/publish"
)

// outsideFeeds refuses to write what is private into the folder that everybody can read.
func outsideFeeds(cfg *config.Config, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	feeds := cfg.Path(cfg.Feeds.Dir)
	if private.WithinAny(private.Resolve(file), private.Resolve(feeds)) {
		return fmt.Errorf("%w: %s would lie in feeds.dir, %s, which everybody can read; name another folder", errUsage, file, feeds)
	}
	return nil
}

// ignoreBeside has git leave alone what will be private beside a new config: the files
// of its defaults, the list and the keys under their usual names. That it cannot is no
// reason to fail.
func (a *app) ignoreBeside(file string) {
	cfg := config.Default()
	cfg.File, cfg.Dir = file, filepath.Dir(file)
	list := append(cfg.Private().Places(),
		private.Place{Key: "subscribers.file", Path: filepath.Join(cfg.Dir, "subscribers.csv")},
		private.Place{Key: "mail.dkim", Path: filepath.Join(cfg.Dir, "dkim-*.pem")})
	a.extendIgnored(cfg.Dir, publish.IgnoreEntries(private.NewList(list...), cfg.Dir))
}

// hideKey has git leave a new key alone, by the .gitignore beside config.yaml if it lies
// there, else in its own folder if that is under git; and tells where the blog's engine
// would publish it. cfg is nil where no config was read.
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
		a.extendIgnored(folder, publish.IgnoreEntries(private.NewList(key), folder))
	}
	if cfg == nil {
		return
	}
	if tree, err := content.Open(cfg); err == nil {
		a.sayPublished(tree, key)
	}
}

func (a *app) extendIgnored(dir string, entries []gitfiles.Entry) {
	var lines []string
	for _, e := range entries {
		lines = append(lines, e.Line)
	}
	added, err := gitfiles.Extend(dir, entries)
	switch {
	case err != nil:
		a.hint("warning: .gitignore is as it was (%v); add to it by hand: %s", reasonOf(err), strings.Join(lines, " "))
	case len(added) > 0:
		a.hint("added to .gitignore: %s", strings.Join(added, " "))
	}
}

// reasonOf drops the path from an error.
func reasonOf(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// sayPublished tells which private files the blog's engine would copy into the site.
func (a *app) sayPublished(tree *content.Tree, places ...private.Place) {
	for _, p := range places {
		if why := tree.Publishes(p.Path); why != "" {
			a.hint("warning: %s is private (%s): %s", filepath.Base(p.Path), p.What, why)
		}
	}
}
