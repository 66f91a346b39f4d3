package content

import "publisher/content/post"

// The names by which other packages know what a scan and a rendering give.
type (
	Post         = post.Post
	Problem      = post.Problem
	Rendering    = post.Rendering
	Dependencies = post.Dependencies
	Image        = post.Image
	Enclosure    = post.Enclosure
	Newsletter   = post.Newsletter
	Omission     = post.Omission
	LeftOut      = post.LeftOut
)
