// Package limits has the limits on what one post may cost, and the budget of steps, output and time that
// everything spends that reads or renders the post.
package limits

import "time"

// These limit what one post may cost, with everything that it starts. No author gets near
// them. A post that exceeds one is left out of feeds and mail with a warning that names it
// (Error); docs/limits.md has the table for users. Limits of single parsers are beside them.
const (
	// MaxTime is some hundred times what a long post takes on a small machine.
	MaxTime = 2 * time.Second
	// MaxReading is the part of MaxTime that a pass may take to read the post; the rest
	// is for rendering.
	MaxReading = MaxTime / 4
	// MaxSteps ends a post where no clock does. A long post takes some hundred thousand.
	MaxSteps = 50_000_000
	// MaxOutput limits what templates make, whether or not it is shown in the end.
	MaxOutput = 8 << 20
	// MaxNodes limits the memory of one document: a mark or an element of a few bytes
	// takes a few hundred in a parser's tree. A novel of 1 MB has some 20,000.
	MaxNodes = 150_000
	// MaxHTML limits a body. Feed readers give up on much less.
	MaxHTML = 8 << 20
)

// Code beyond these limits is shown without colors.
const (
	maxSpans         = 30_000      // colored pieces of code in a post
	maxHighlightTime = time.Second // spent on all code blocks of a post
)
