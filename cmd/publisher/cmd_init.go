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
	"publisher/internal/setup"
)

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a config.yaml for the blog in DIR, or a new blog",
		Long: `Looks at the blog in DIR (default: this folder), finds its engine by the engine's
own config (Hugo, Jekyll, Pelican, Zola, Eleventy; else plain Markdown) and writes
a config.yaml with what that says, each line with where it came from. The engine's
config is read as text and never run. In an empty folder it starts a new blog of
one post. It never overwrites a file; --config names another one to write. What will
be private (ledger, outbox, list of subscribers, keys) is added to .gitignore.`,
		Example: "  publisher init\n  publisher init ~/blog\n  publisher --config publisher.yaml init",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				return fmt.Errorf("%w: %s is no folder; make it first (mkdir %[2]s), or name the folder of your blog", errUsage, dir)
			}
			return a.init(c.Context(), dir, a.configToWrite(dir, len(args) == 1))
		},
	}
}

// configToWrite is config.yaml in the blog's folder, unless another is named.
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
		return fmt.Errorf("%w: %s is there already and is never overwritten; `publisher --config publisher.yaml init` writes another file", errUsage, file)
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
	a.sayBlog(blog, file)
	a.ignoreBeside(fileAbs)
	a.sayFound(ctx, file)
	a.sayMissing(blog, file)
	a.sayNext(file, "check", "posts", "preview --out digest.html", "run")
	return nil
}

// startBlog writes the config last, since it says that all is there.
func (a *app) startBlog(dir, file, dirAbs, base string) error {
	postFile := filepath.Join(dir, filepath.FromSlash(setup.StarterPost))
	posts, err := filepath.Rel(base, filepath.Join(dirAbs, filepath.FromSlash(path.Dir(setup.StarterPost))))
	if err != nil {
		return fmt.Errorf("finding the way from %s to the posts: %w", file, err)
	}
	post, settings := setup.StarterFiles(a.now(), filepath.ToSlash(posts))
	if err := os.MkdirAll(filepath.Dir(postFile), 0o755); err != nil {
		return fmt.Errorf("making the folder of the posts: %w", err)
	}
	if err := writeNew(postFile, []byte(post)); err != nil {
		return err
	}
	if err := writeNew(file, []byte(settings)); err != nil {
		return errors.Join(err, os.Remove(postFile))
	}
	a.say("%s is empty: a new blog", dir)
	a.say("wrote %s and %s, the first post", file, postFile)
	a.ignoreBeside(filepath.Join(base, filepath.Base(file)))
	a.say("fill in: site.url in %s, the address of your site (https://example.com stands there)", file)
	a.say("mail: nobody is mailed until mail.smtp has a host; messages go to outbox/")
	a.sayNext(file, "subscribers add you@example.com", "run")
	return nil
}

// writeNew writes a file that must not be there, wholly or not at all.
func writeNew(file string, data []byte) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s is there already and is never overwritten", errUsage, file)
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

func (a *app) sayBlog(b *setup.Blog, file string) {
	if b.ConfigFile == "" {
		a.say("Markdown: no config of a blog engine was found")
	} else {
		a.say("%s: %s is its config", b.Engine(), b.ConfigFile)
	}
	a.say("wrote %s; each line says where its value came from", file)
	a.say("content.dir: %s (%s)", b.Setting("content.dir").Value, b.Setting("content.dir").From)
	for _, l := range b.Languages {
		if l.Posts > 0 {
			a.say("%s has feeds and digests of its own (%s); take it out of languages to have all together", l.Key, count(l.Posts, "post"))
		}
	}
	for _, note := range b.Notes {
		a.say("note: %s", note)
	}
}

// sayFound counts the posts and shows an address to compare, as far as the config
// is complete.
func (a *app) sayFound(ctx context.Context, file string) {
	cfg, err := config.Load(file, a.lookup)
	if err != nil {
		return
	}
	tree, err := content.Open(cfg)
	if err != nil {
		a.hint("warning: %v", err)
		return
	}
	if cfg.Content.Dialect != config.Jekyll { // of which the blog's notes tell
		a.sayPublished(tree, cfg.Private().Places()...)
	}
	scan, err := tree.Scan(ctx, nil, buildID())
	if err != nil {
		a.hint("warning: %v", err)
		return
	}
	var newest *post.Post
	for _, p := range scan.Posts {
		if newest == nil || p.Date.After(newest.Date) {
			newest = p
		}
	}
	if newest == nil {
		a.say("no posts there yet")
		return
	}
	a.say("found %s; compare an address with your site: %s", count(len(scan.Posts), "post"), newest.URL)
	if scan.Invalid > 0 {
		a.say("left out %s that are no posts as they stand; `publisher check` says why", count(scan.Invalid, "file"))
	}
}

// sayMissing lists what config.yaml leaves open: what must be filled in, then what
// may be.
func (a *app) sayMissing(b *setup.Blog, file string) {
	var missing []string
	for _, f := range b.Settings {
		if f.Value == "" && f.Key != "site.url" {
			missing = append(missing, f.Key)
		}
	}
	if len(missing) > 0 {
		a.say("not told by the blog, and commented out: %s", strings.Join(missing, ", "))
	}
	switch url := b.Setting("site.url"); {
	case url.Value == "":
		a.say("fill in: site.url in %s, the address of your site (%s); no run without it", file, url.From)
	case strings.Contains(url.Value, "//example.") || strings.Contains(url.Value, "//localhost"):
		a.say("fill in: site.url in %s; %s is an example", file, url.Value)
	}
}

func (a *app) sayNext(file string, commands ...string) {
	prefix := "publisher "
	if file != "config.yaml" {
		prefix = "publisher --config " + file + " "
	}
	a.say("next:")
	for _, c := range commands {
		a.say("  %s%s", prefix, c)
	}
}
