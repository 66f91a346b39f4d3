package ledger

import (
	"slices"
	"strings"
)

// Due is what a subscriber has still to get: the posts above Cursor that match
// their choice of tags and language, and those of Owed, which lie below it.
//
// All that the program promises of mail hangs on one rule. A number leaves Due
// only because
//   - its post was delivered to this subscriber, or held as uncertain, or refused
//     since the mailbox is gone, which marks the subscriber too: AfterDelivery. Other
//     refusals, and those that MarkRefused does not confirm, leave it due;
//   - it does not match what the subscriber had chosen when an edition of their
//     cadence closed over it: AfterChoice;
//   - the owner canceled the edition that offered it: AfterCancel;
//   - the subscription had ended when an edition closed over it: AfterReturn.
//
// Everything else that moves the cursor puts what it passes into Owed. A set of
// numbers for each subscriber would say the same; a cursor and a list that is
// nearly always empty take less room.
type Due struct {
	Cursor int64
	Owed   Numbers // at or below Cursor
}

// Selection is which posts a subscriber has chosen.
type Selection struct {
	Tags     []string // none: every post
	Language string   // of the digests; "": the site's
}

// NumberedPost is a post as choices are held against it.
type NumberedPost struct {
	Seq      int64
	ID       string
	Tags     []string
	Language string // of the digests that it is in; "": the site's
	// Unread: no pass has read it since the ledger stores tags. It matches every selection.
	Unread bool
}

// Matches reports whether the post is one of the selection.
func (c Selection) Matches(p NumberedPost) bool {
	return p.Unread || p.Language == c.Language && TagsMatch(c.Tags, p.Tags)
}

// TagsMatch reports whether a subscriber with those tags gets a post with these:
// without tags every post, else those with one in common, case ignored.
func TagsMatch(tags, post []string) bool {
	return len(tags) == 0 || slices.ContainsFunc(tags, func(t string) bool {
		return slices.ContainsFunc(post, func(p string) bool { return strings.EqualFold(strings.TrimSpace(t), strings.TrimSpace(p)) })
	})
}

// UpTo returns the numbers up to through that are due. posts are all that have a
// number, by number.
func (d Due) UpTo(posts []NumberedPost, c Selection, through int64) Numbers {
	due := d.Owed.only(func(seq int64) bool { return seq <= through })
	return due.Union(matching(posts, c, d.Cursor, through))
}

// Contains reports whether the number is due to who has chosen so that its post matches.
func (d Due) Contains(seq int64) bool { return seq > d.Cursor || d.Owed.Contains(seq) }

// Filter returns those of the numbers that are due.
func (d Due) Filter(posts Numbers) Numbers { return posts.only(d.Contains) }

// AfterDelivery returns Due after an edition through that number: the posts of its digest are
// dealt with, and those that it could not show, and that can be shown since, are owed
// where the cursor passes them by it.
func (d Due) AfterDelivery(through int64, posts, returned Numbers) Due {
	passed := returned.only(func(seq int64) bool { return seq > d.Cursor && seq <= through })
	return Due{Cursor: max(d.Cursor, through), Owed: d.Owed.Union(passed).Minus(posts)}
}

// AfterChoice returns Due when the choice of so far ends: it held for all that editions of
// the cadence were closed over, and no further back.
func (d Due) AfterChoice(posts []NumberedPost, soFar Selection, closed int64) Due {
	return Due{Cursor: max(d.Cursor, closed), Owed: d.Owed.Union(matching(posts, soFar, d.Cursor, closed))}
}

// AfterCancel returns Due after an edition with those posts was canceled.
func (d Due) AfterCancel(all []NumberedPost, c Selection, through int64, posts Numbers) Due {
	d = d.AfterChoice(all, c, through)
	return Due{Cursor: d.Cursor, Owed: d.Owed.Minus(posts)}
}

// AfterReturn returns Due when a subscription that had ended goes on. What its cadence had
// closed over by then is still due, what it closed over since is not.
func (d Due) AfterReturn(posts []NumberedPost, c Selection, closedThen, closedNow int64) Due {
	d = d.AfterChoice(posts, c, closedThen)
	return Due{Cursor: max(d.Cursor, closedNow), Owed: d.Owed}
}

// Visibility is whether a post can be shown in mail now.
type Visibility int

const (
	Shown   Visibility = iota
	Hidden             // not now: it is a draft again, gone, or cannot be read or rendered
	Expired            // and not any more
)

// SplitDue sorts what is due to somebody into what they get of an edition that has the
// posts own, and what is withheld. The edition takes in posts that it lacks and that can
// be shown. It waits where one of its own is hidden: a digest without that would be half
// of what is due.
func SplitDue(due, own Numbers, see func(seq int64) Visibility) (posts, withheld Numbers, waits bool) {
	for _, seq := range due {
		v := see(seq)
		if v == Expired || v == Hidden && !own.Contains(seq) {
			withheld = append(withheld, seq)
			continue
		}
		waits = waits || v == Hidden
		posts = append(posts, seq)
	}
	return posts, withheld, waits
}

// matching are the numbers in (after, through] of posts of the selection.
func matching(posts []NumberedPost, c Selection, after, through int64) Numbers {
	if through <= after {
		return nil
	}
	first, _ := slices.BinarySearchFunc(posts, after+1, func(p NumberedPost, seq int64) int { return int(p.Seq - seq) })
	var found Numbers
	for _, p := range posts[first:] {
		if p.Seq > through {
			break
		}
		if c.Matches(p) {
			found = append(found, p.Seq)
		}
	}
	return found
}

// digestLanguage is which of the languages with digests of their own, the site's
// first, one reads in; "" is the site's. It is what Lookup finds (RFC 4647 §3.4).
func digestLanguage(tag string, languages []string) string {
	best := ""
	for i, own := range languages {
		if (tag == own || strings.HasPrefix(tag, own+"-")) && len(own) > len(best) && i > 0 {
			best = own
		}
	}
	if len(languages) > 0 && len(languages[0]) > len(best) && (tag == languages[0] || strings.HasPrefix(tag, languages[0]+"-")) {
		return ""
	}
	return best
}
