package feed

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// tagged is a tag with its posts.
type tagged struct {
	key   string // lower case, composed: what makes two spellings one tag
	name  string // as the newest post spells it
	slug  string // its folder
	items []Item // in the order given
}

// groupByTag collects posts by tag, case ignored, in the order of the keys.
func groupByTag(items []Item) []*tagged {
	byKey := map[string]*tagged{}
	var tags []*tagged
	for _, it := range items {
		for _, name := range it.Post.Tags {
			name = line(name)
			key := strings.ToLower(norm.NFC.String(name))
			if key == "" {
				continue
			}
			tag, ok := byKey[key]
			if !ok {
				tag = &tagged{key: key, name: name}
				byKey[key] = tag
				tags = append(tags, tag)
			}
			if n := len(tag.items); n == 0 || tag.items[n-1].Post != it.Post {
				tag.items = append(tag.items, it)
			}
		}
	}
	slices.SortFunc(tags, func(a, b *tagged) int { return strings.Compare(a.key, b.key) })
	assignSlugs(tags)
	return tags
}

// assignSlugs gives each tag a folder of its own. Where several tags come to one
// slug, those that it spells exactly keep it and the others get a hash of the
// key behind it, so that which one came first does not matter.
func assignSlugs(tags []*tagged) {
	wanted, taken := map[string]int{}, map[string]bool{}
	for _, tag := range tags {
		tag.slug = slugify(tag.key)
		wanted[tag.slug]++
	}
	var unsettled []*tagged
	for _, tag := range tags {
		if tag.slug != "" && (tag.slug == tag.key || wanted[tag.slug] == 1) {
			taken[tag.slug] = true
		} else {
			unsettled = append(unsettled, tag)
		}
	}
	for _, tag := range unsettled {
		sum := sha256.Sum256([]byte(tag.key))
		hash := hex.EncodeToString(sum[:])
		for n := 6; ; n += 2 {
			slug := cmp.Or(tag.slug, "tag") + "-" + hash[:n]
			if !taken[slug] || n == len(hash) {
				tag.slug, taken[slug] = slug, true
				break
			}
		}
	}
}

// maxSlug keeps slug and hash within what file systems take (255 octets).
const maxSlug = 120

// slugify makes a readable path segment of a tag's key: letters, digits and marks of any
// script stay, as do dots and underscores inside a word; "c++" and "c#" get words, since they
// are common and would otherwise both be "c". It holds no separator and never is "." or "..".
func slugify(key string) string {
	var b strings.Builder
	gap := false
	for _, r := range key {
		piece := string(r)
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r):
		case r == '+':
			piece = "plus"
		case r == '#':
			piece = "sharp"
		case r == '.' || r == '_':
			if b.Len() == 0 || gap {
				continue
			}
		default:
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteString(piece)
	}
	slug := b.String()
	if len(slug) > maxSlug {
		cut := maxSlug
		for !utf8.RuneStart(slug[cut]) {
			cut--
		}
		slug = slug[:cut]
	}
	return strings.TrimRight(slug, "._-")
}
