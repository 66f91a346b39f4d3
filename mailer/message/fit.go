package message

import (
	"fmt"
	"html/template"
	"slices"
	"sort"

	"publisher/templates"
)

// leastExcerpt is the length of HTML in octets to which excerpts shrink before posts become
// one-line links.
const leastExcerpt = 600

// excerptStep is the precision in octets with which excerpts are fitted.
const excerptStep = 32

// fit returns the digest shortened to fit into maxBytes of HTML, and its size. Excerpts shrink
// first, all to the same length; then posts become one-line links, the oldest first; then the
// oldest of these are replaced by "and N more".
func fit(r *renderer, d *templates.Digest, maxPosts, maxBytes int) (*templates.Digest, int, error) {
	f := &fitter{renderer: r, digest: *d, maxBytes: maxBytes}
	f.fitIntro(string(d.Intro))
	posts := f.choose(slices.Concat(d.Posts, d.Brief), maxPosts)
	longest := 0
	for _, p := range posts {
		if !p.OnlyHere() {
			longest = max(longest, len(p.Excerpt))
		}
	}
	// Inlined styles only add to an excerpt, so that more than this cannot fit. Cut
	// once here, it is not read in whole for every guess.
	longest = sort.Search(longest, func(n int) bool { return octets(posts, n+1) > maxBytes })
	f.posts = posts
	f.posts = f.apply(choice{longest, len(posts), len(posts)}).Posts
	whole := choice{excerpt: longest, full: len(posts), linked: len(posts)}
	best := whole
	switch {
	case f.fits(whole):
	case f.fits(choice{min(leastExcerpt, longest), len(posts), len(posts)}):
		best.excerpt = f.longest(min(leastExcerpt, longest), longest)
	case f.fits(choice{0, 0, len(posts)}):
		best.excerpt = min(leastExcerpt, longest)
		best.full = f.most(0, len(posts), func(n int) choice { return choice{best.excerpt, n, len(posts)} })
	case f.whole > 0 && !f.fits(choice{0, 0, 0}):
		best = choice{0, 0, len(posts)} // letters are never cut: the others lead to their pages
	default:
		best = choice{0, 0, f.most(0, len(posts), func(n int) choice { return choice{0, 0, n} })}
	}
	if f.err != nil {
		return nil, 0, f.err
	}
	fitted := f.apply(best)
	size := f.size(fitted)
	if f.err == nil && size > maxBytes && f.whole == 0 {
		f.err = fmt.Errorf("digest.max_bytes is %d, but the mail has %d bytes even without posts; allow more, or make the templates shorter", maxBytes, size)
	}
	return fitted, size, f.err
}

// choice is one way to show the posts: how many with an excerpt of at most how many octets, how
// many as links, and the rest as "and N more".
type choice struct{ excerpt, full, linked int }

type fitter struct {
	renderer *renderer
	digest   templates.Digest
	posts    []templates.Post
	whole    int // how many of them can be read nowhere else, and stay as they are
	maxBytes int
	err      error // the first that rendering met
}

// fitIntro shortens the owner's words to a quarter of the room, and to half of it once styles are
// inlined.
func (f *fitter) fitIntro(intro string) {
	intro = truncate(intro, f.maxBytes/4)
	size := func(n int) int {
		f.digest.Intro = template.HTML(truncate(intro, n))
		return f.size(f.apply(choice{}))
	}
	if intro == "" {
		f.digest.Intro = ""
		return
	}
	room := size(0) + f.maxBytes/2
	if size(len(intro)) > room {
		size(sort.Search(len(intro), func(n int) bool { return size(n+1) > room }))
	}
}

// choose returns the first maxPosts posts and those beyond them that can be read nowhere else, and
// counts the others.
func (f *fitter) choose(posts []templates.Post, maxPosts int) []templates.Post {
	var chosen []templates.Post
	for i, p := range posts {
		switch {
		case p.OnlyHere():
			f.whole++
		case i >= maxPosts:
			f.digest.More++
			continue
		}
		chosen = append(chosen, p)
	}
	return chosen
}

// octets returns the total length of the excerpts that may be cut, cut to n octets each.
func octets(posts []templates.Post, n int) int {
	sum := 0
	for _, p := range posts {
		if !p.OnlyHere() {
			sum += min(len(p.Excerpt), n)
		}
	}
	return sum
}

// longest returns a length from low to high at which all excerpts nearly fill the room. low must
// fit and high must not. The size is roughly proportional to the length, so interpolation comes
// close; bisection limits the effect of a bad guess.
func (f *fitter) longest(low, high int) int {
	at := func(n int) int { return f.size(f.apply(choice{n, len(f.posts), len(f.posts)})) }
	lowSize, highSize := at(low), at(high)
	for round := 0; f.err == nil && high-low > excerptStep && f.maxBytes-lowSize > f.maxBytes/100; round++ {
		guess := (low + high) / 2
		if round%2 == 0 && highSize > lowSize {
			guess = low + int(int64(f.maxBytes-lowSize)*int64(high-low)/int64(highSize-lowSize))
		}
		guess = min(max(guess, low+1), high-1)
		if size := at(guess); size <= f.maxBytes {
			low, lowSize = guess, size
		} else {
			high, highSize = guess, size
		}
	}
	return low
}

// most returns the largest n from low to high that fits. low must fit.
func (f *fitter) most(low, high int, at func(int) choice) int {
	return low + sort.Search(high-low, func(i int) bool { return !f.fits(at(low + i + 1)) })
}

func (f *fitter) fits(c choice) bool { return f.size(f.apply(c)) <= f.maxBytes }

// size returns the size of the HTML part with all of a recipient's links.
func (f *fitter) size(d *templates.Digest) int {
	if f.err != nil {
		return 0
	}
	html, err := f.renderer.html(d, allLinks)
	if err != nil {
		f.err = err
		return 0
	}
	return html.size()
}

func (f *fitter) apply(c choice) *templates.Digest {
	d := f.digest
	d.Posts, d.Brief = nil, nil
	for i, p := range f.posts {
		switch {
		case p.OnlyHere():
			d.Posts = append(d.Posts, p)
		case i < c.full:
			p.Excerpt = template.HTML(truncate(string(p.Excerpt), c.excerpt))
			d.Posts = append(d.Posts, p)
		case i < c.linked:
			d.Brief = append(d.Brief, p)
		default:
			d.More++
		}
	}
	return &d
}

// withText fills in the text of the owner's words, and of intro and excerpt of the posts.
func withText(d *templates.Digest) {
	if d.Intro != "" {
		d.IntroText = ExcerptText(string(d.Intro))
	}
	for i, p := range d.Posts {
		d.Posts[i].ExcerptText = ExcerptText(string(p.Intro) + string(p.Excerpt))
	}
}
