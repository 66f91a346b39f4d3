package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"publisher/content"
	"publisher/content/post"
	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/internal/setup"
)

func newInitCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a config.yaml for the blog in DIR, or start a new blog",
		Long: `Looks at the blog in DIR (default: this folder), recognizes its engine by the engine's
own config (Hugo, Jekyll, Pelican, Zola, Eleventy; else plain Markdown) and writes a
config.yaml with the settings found there, each line with its source. The engine's
config is read as text and never run. In an empty folder it starts a new blog with one
post. It never overwrites a file; --config names another file to write. Files that will
be private (ledger, outbox, list of subscribers, keys) are added to .gitignore.`,
		Example: "  publisher init\n  publisher init ~/blog\n  publisher --config publisher.yaml init",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return hint.With(fmt.Errorf("%w: %s is not a folder", errUsage, dir), "create it with `mkdir %s`, or give the folder of your blog", dir)
			}
			return a.init(c.Context(), dir, a.configToWrite(dir, len(args) == 1))
		},
	}
}

// configToWrite returns the file to write: config.yaml in the blog's folder, unless another
// one is named.
func (a *app) configToWrite(dir string, named bool) string {
	if a.configFile != "" {
		return a.configFile
	}
	if file, _ := a.lookup("PUBLISHER_CONFIG"); file != "" && !named {
		return file
	}
	return filepath.Join(dir, "config.yaml")
}

func (a *app) init(ctx context.Context, dir, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return alreadyExists(file)
	}
	dirAbs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("finding the folder %s: %w", dir, err)
	}
	fileAbs, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("finding the folder of %s: %w", file, err)
	}
	blog, err := setup.Inspect(dirAbs, fileAbs)
	switch {
	case errors.Is(err, setup.ErrNoBlog):
		return a.startBlog(dir, file, dirAbs, filepath.Dir(fileAbs))
	case err != nil:
		return err
	}
	if err := blog.CountLanguages(ctx, fileAbs); err != nil {
		return err
	}
	if err := writeNew(file, blog.ConfigYAML(a.now().UTC().Format(time.DateOnly))); err != nil {
		return err
	}
	a.printBlog(blog, file)
	a.ignoreDefaults(fileAbs)
	a.printFound(ctx, file)
	a.printMissing(blog, file)
	a.printNext(file, "check", "posts", "preview --out digest.html", "run")
	return nil
}

// startBlog writes a post and the config. The config comes last: it marks the blog as complete.
func (a *app) startBlog(dir, file, dirAbs, base string) error {
	postFile := filepath.Join(dir, filepath.FromSlash(setup.StarterPost))
	posts, err := filepath.Rel(base, filepath.Join(dirAbs, filepath.FromSlash(path.Dir(setup.StarterPost))))
	if err != nil {
		return fmt.Errorf("finding the path from %s to the posts: %w", file, err)
	}
	post, settings := setup.StarterFiles(a.now(), filepath.ToSlash(posts))
	if err := os.MkdirAll(filepath.Dir(postFile), 0o755); err != nil {
		return fmt.Errorf("creating the folder for the posts: %w", err)
	}
	if err := writeNew(postFile, []byte(post)); err != nil {
		return err
	}
	if err := writeNew(file, []byte(settings)); err != nil {
		return errors.Join(err, os.Remove(postFile))
	}
	a.print("%s is empty: a new blog", dir)
	a.print("wrote %s and %s, the first post", file, postFile)
	a.ignoreDefaults(filepath.Join(base, filepath.Base(file)))
	a.print("fill in: site.url in %s, the address of your site (now https://example.com)", file)
	a.print("mail: no mail is sent until mail.smtp.host is set; messages go to outbox/")
	a.printNext(file, "subscribers add you@example.com", "run")
	return nil
}

func alreadyExists(file string) error {
	return hint.With(fmt.Errorf("%w: %s already exists and is never overwritten", errUsage, file), "`publisher --config publisher.yaml init` writes another file")
}

// writeNew writes a file that must not exist yet, completely or not at all.
func writeNew(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return alreadyExists(file)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", file, err), os.Remove(file))
	}
	return nil
}

func (u *ui) printBlog(b *setup.Blog, file string) {
	if b.ConfigFile == "" {
		u.print("Markdown: found no config of a blog engine")
	} else {
		u.print("%s: %s is its config", b.Engine(), b.ConfigFile)
	}
	u.print("wrote %s; each line says where its value came from", file)
	u.print("content.dir: %s (%s)", b.Setting("content.dir").Value, b.Setting("content.dir").From)
	for _, l := range b.Languages {
		if l.Posts > 0 {
			u.print("%s has feeds and digests of its own (%s); remove it from languages to have one set for all", l.Key, count(l.Posts, "post"))
		}
	}
	for _, note := range b.Notes {
		u.print("note: %s", note)
	}
}

// printFound prints how many posts there are and an address to compare, if the config is
// complete enough.
func (a *app) printFound(ctx context.Context, file string) {
	cfg, err := config.Load(file, a.lookup)
	if err != nil {
		return
	}
	tree, err := content.Open(cfg)
	if err != nil {
		a.note("warning: %v", err)
		return
	}
	if cfg.Content.Dialect != config.Jekyll { // the blog's notes cover it
		a.warnPublished(tree, cfg.Private().Places()...)
	}
	scan, err := tree.Scan(ctx, nil, buildID())
	if err != nil {
		a.note("warning: %v", err)
		return
	}
	var newest *post.Post
	for _, p := range scan.Posts {
		if newest == nil || p.Date.After(newest.Date) {
			newest = p
		}
	}
	if newest == nil {
		a.print("no posts yet")
		return
	}
	a.print("found %s; compare an address with your site: %s", count(len(scan.Posts), "post"), newest.URL)
	if scan.Invalid > 0 {
		a.print("left out %s that cannot be posts; `publisher check` says why", count(scan.Invalid, "file"))
	}
}

// printMissing prints the settings that were not found: those that may be filled in, then
// the one that must be.
func (u *ui) printMissing(b *setup.Blog, file string) {
	var missing []string
	for _, f := range b.Settings {
		if f.Value == "" && f.Key != "site.url" {
			missing = append(missing, f.Key)
		}
	}
	if len(missing) > 0 {
		u.print("not found in the blog, and commented out: %s", strings.Join(missing, ", "))
	}
	switch url := b.Setting("site.url"); {
	case url.Value == "":
		u.print("fill in: site.url in %s, the address of your site (%s); `publisher run` needs it", file, url.From)
	case strings.Contains(url.Value, "//example.") || strings.Contains(url.Value, "//localhost"):
		u.print("fill in: site.url in %s; %s is an example", file, url.Value)
	}
}

func (u *ui) printNext(file string, commands ...string) {
	prefix := "publisher "
	if file != "config.yaml" {
		prefix = "publisher --config " + file + " "
	}
	u.print("next:")
	for _, c := range commands {
		u.print("  %s%s", prefix, c)
	}
}
