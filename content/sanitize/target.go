package sanitize

// target is where a link leads.
type Target struct {
	URL string // absolute; "" where the link is to be dropped
	// places are where the local file that is meant may be, the likeliest first. They
	// are looked at when somebody asks for the file: of most links nobody does.
	Places []Place
}

// place is a path below a folder.
type Place struct{ Dir, Rel string }

// linkFinder finds what the links of a post lead to.
type Resolver interface {
	// follow returns where a link leads.
	Follow(dest string) Target
	// fileOf returns the local file that a target means, absolute, "" where none is known.
	// looked are the files that decide which one that is.
	FileOf(to Target) (file string, looked []string)
}
