package feed

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"publisher/internal/xmltext"
)

// tagGroup is a tag with its posts.
type tagGroup struct {
	key   string // lower case, composed: what makes two spellings one tag
	name  string // as the newest post spells it
	slug  string // its folder
	items []Item // in the order given
}

// groupByTag collects posts by tag, case ignored, in the order of the keys.
func groupByTag(items []Item) []*tagGroup {
	byKey := map[string]*tagGroup{}
	var tags []*tagGroup
	for _, it := range items {
		for _, name := range it.Post.Tags {
			name = xmltext.Line(name)
			key := TagKey(name)
			if key == "" {
				continue
			}
			tag, ok := byKey[key]
			if !ok {
				tag = &tagGroup{key: key, name: name}
				byKey[key] = tag
				tags = append(tags, tag)
			}
			if n := len(tag.items); n == 0 || tag.items[n-1].Post != it.Post {
				tag.items = append(tag.items, it)
			}
		}
	}
	slices.SortFunc(tags, func(a, b *tagGroup) int { return strings.Compare(a.key, b.key) })
	return tags
}

// assignSlugs gives each tag a folder of its own, the one that it had before. If several
// new tags have one slug, the tag that is spelled exactly so gets it, and to the slug of
// the others a hash of the key is appended, so that their order does not matter. known
// has the folders that tags had, by key, whether there are posts or not; new ones are
// added.
func assignSlugs(tags []*tagGroup, known map[string]string) []Clash {
	owners := make(map[string]string, len(known)+len(tags)) // keys by slug
	for key, slug := range known {
		owners[slug] = key
	}
	wanted := map[string]int{}
	var fresh []*tagGroup
	for _, tag := range tags {
		if tag.slug = known[tag.key]; tag.slug == "" {
			fresh = append(fresh, tag)
			wanted[slugify(tag.key)]++
		}
	}
	take := func(tag *tagGroup, slug string) {
		tag.slug, owners[slug], known[tag.key] = slug, tag.key, slug
	}
	var unsettled []*tagGroup
	for _, tag := range fresh {
		slug := slugify(tag.key)
		if slug != "" && owners[slug] == "" && (slug == tag.key || wanted[slug] == 1) {
			take(tag, slug)
		} else {
			unsettled = append(unsettled, tag)
		}
	}
	for _, tag := range unsettled {
		sum := sha256.Sum256([]byte(tag.key))
		hash := hex.EncodeToString(sum[:])
		for n := 6; ; n += 2 {
			slug := cmp.Or(slugify(tag.key), "tag") + "-" + hash[:n]
			if owners[slug] == "" || n == len(hash) {
				take(tag, slug)
				break
			}
		}
	}
	return clashesOf(tags, owners, known)
}

// clashesOf returns the tags that did not get the slug of their name, because another tag
// has it or several new tags wanted it.
func clashesOf(tags []*tagGroup, owners, known map[string]string) []Clash {
	var clashes []Clash
	first := map[string]*tagGroup{} // of those that came at once, by slug
	for _, tag := range tags {
		slug := slugify(tag.key)
		switch owner := owners[slug]; {
		case owner == tag.key || slug == "":
		case owner != "":
			clashes = append(clashes, Clash{Tag: tag.name, Dir: tag.slug, Owner: owner, Taken: known[owner], Earlier: true})
		case first[slug] == nil:
			first[slug] = tag
		default:
			clashes = append(clashes, Clash{Tag: tag.name, Dir: tag.slug, Owner: first[slug].key, Taken: first[slug].slug})
		}
	}
	return clashes
}

// maxSlug keeps slug and hash within the limit of file systems (255 octets).
const maxSlug = 120

// slugify returns a readable path segment for a tag's key. Letters, digits and marks of any
// script stay, as do dots and underscores inside a word; "c++" and "c#" get words, since
// they are common and would otherwise both be "c". The result has no separator and is
// never "." or "..".
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
