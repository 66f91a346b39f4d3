// Package limits bounds what one post may be and what it may cost: sizes, and a budget of steps, output and time
// that everything that reads or renders the post spends.
package limits

import "time"

// These are the bounds of what one post may cost. No author gets near them. A post that
// exceeds one is left out of feeds and mail with a warning that names it (limitError);
// docs/limits.md has the table for users. Bounds of single readers are beside them.

// What a post may cost, with all that it starts.
const (
	// maxTime is some hundred times what a long post takes on a small machine.
	MaxTime = 2 * time.Second
	// maxReading is the part of maxTime that a pass may take to read the post; the rest
	// is for rendering.
	MaxReading = MaxTime / 4
	// maxSteps ends a post where no clock does. A long post takes some hundred thousand.
	MaxSteps = 50_000_000
	// maxOutput bounds what templates make, be it shown in the end or not.
	MaxOutput = 8 << 20
	// maxParts bounds the memory of one document: a mark or an element of some bytes
	// takes some hundred in a parser's tree. A novel of 1 MB has some 20,000.
	MaxNodes = 150_000
	// maxHTML bounds a body. Feed readers give up on much less.
	MaxHTML = 8 << 20
)

// Code is highlighted for so long, and into so many pieces; beyond that it is shown
// without colors.
const (
	maxSpans         = 30_000      // pieces of a color of their own in a post
	maxHighlightTime = time.Second // of all blocks of a post
)
