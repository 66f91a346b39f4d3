package sanitize

// Target is where a link leads.
type Target struct {
	URL string // absolute; "" if the link is to be removed
	// Places are where the local file may be, the likeliest first. Only the few files that
	// are needed are looked up.
	Places []Place
}

// Place is a path relative to a folder.
type Place struct{ Dir, Rel string }

// Resolver resolves the links of a post.
type Resolver interface {
	// Follow returns where a link leads.
	Follow(dest string) Target
	// FileOf returns the absolute path of a target's local file, "" if none is known.
	// looked are the files that decide which one it is.
	FileOf(to Target) (file string, looked []string)
}
