// Command benchfeeds measures passes over a large blog as whole processes: beside
// find, which does no more than look at the files, and beside Hugo where that is
// installed (on PATH, or as $HUGO), which makes feeds of the same posts.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"publisher/internal/benchtree"
)

func main() {
	posts := flag.Int("posts", 10_000, "how many posts the blog has")
	tags := flag.Int("tags", 500, "how many tags it has")
	rounds := flag.Int("rounds", 5, "how often each is measured; the median counts")
	folder := flag.String("dir", "", "where the blog is made (default the system's temporary folder)")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: benchfeeds [flags] PROGRAM")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *folder, benchtree.Blog{Posts: *posts, Tags: *tags}, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "benchfeeds:", err)
		os.Exit(1)
	}
}

func run(program, folder string, blog benchtree.Blog, rounds int) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(folder, "benchfeeds-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := bench{program: program, hugo: hugo(), dir: dir, blog: blog, rounds: rounds}
	if err := b.makeSites(); err != nil {
		return err
	}
	fmt.Printf("%d posts, %d tags; the median of %d rounds, wall clock (and processor time)\n", blog.Posts, blog.Tags, rounds)
	for _, measure := range []func() error{b.unchanged, b.first, b.full, b.edit} {
		if err := measure(); err != nil {
			return err
		}
	}
	return nil
}

// bench is a blog with two configs for the program and three for Hugo.
type bench struct {
	program string
	hugo    string // "" where it is not installed
	dir     string
	blog    benchtree.Blog
	rounds  int
}

// unchanged is a pass with nothing to do, beside a look at every file.
func (b bench) unchanged() error {
	for _, site := range []string{siteAlone, siteAndTags} {
		if _, err := b.pass(site); err != nil {
			return err
		}
	}
	took, err := b.compare(
		func() (spent, error) { return b.find() },
		func() (spent, error) { return b.pass(siteAlone) },
		func() (spent, error) { return b.pass(siteAndTags) })
	if err != nil {
		return err
	}
	find, alone, all := took[0], took[1], took[2]
	fmt.Printf("find -printf              %v\n", find)
	fmt.Printf("unchanged, site's feeds   %v; %.1f times find's (limit 4)\n", alone, alone.ratio(find))
	fmt.Printf("unchanged, all feeds      %v; %.1f times find's (limit 4)\n", all, all.ratio(find))
	return nil
}

// first is the first pass, site's feeds only, beside Hugo's home RSS.
func (b bench) first() error {
	took, err := b.compare(
		func() (spent, error) { return b.fresh(siteAlone) },
		func() (spent, error) { return b.hugoRSS(hugoHome) })
	if err != nil {
		return err
	}
	fmt.Printf("first pass, site's feeds  %v\n", took[0])
	b.besideHugo("Hugo, home RSS", took[0], took[1], 0.4)
	return nil
}

// full is the first pass with every tag's feeds and every month's archive, beside
// Hugo's feeds of home, section and tags: without a limit of posts in each, as it
// comes, and with ours.
func (b bench) full() error {
	took, err := b.compare(
		func() (spent, error) { return b.fresh(siteAndTags) },
		func() (spent, error) { return b.hugoRSS(hugoAll) },
		func() (spent, error) { return b.hugoRSS(hugoTags) })
	if err != nil {
		return err
	}
	fmt.Printf("first pass, all feeds     %v (aim 200 MB)\n", took[0])
	b.besideHugo("Hugo, as it comes", took[0], took[1], 1) // every post in the feeds of its section and tags
	b.besideHugo("Hugo, 20 posts a feed", took[0], took[2], 1)
	return nil
}

func (b bench) besideHugo(what string, ours, its spent, aim float64) {
	if b.hugo == "" {
		fmt.Printf("%-25s not installed: put hugo on the PATH, or name it as HUGO\n", what)
		return
	}
	fmt.Printf("%-25s %v; ratio %.2f (aim %.1f)\n", what, its, ours.ratio(its), aim)
}

// edit is a pass after one post was edited.
func (b bench) edit() error {
	n := 0
	for _, site := range []string{siteAlone, siteAndTags} {
		if _, err := b.fresh(site); err != nil {
			return err
		}
		took, err := b.compare(func() (spent, error) {
			n++
			if err := b.touch(n); err != nil {
				return spent{}, err
			}
			return b.pass(site)
		})
		if err != nil {
			return err
		}
		fmt.Printf("one edit, %-15s %v; %s\n", site, took[0], took[0].report)
	}
	return nil
}
