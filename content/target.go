package content

// target is where a link leads.
type target struct {
	url string // absolute; "" where the link is to be dropped
	// places are where the local file that is meant may be, the likeliest first. They
	// are looked at when somebody asks for the file: of most links nobody does.
	places []place
}

// place is a path below a folder.
type place struct{ dir, rel string }

// linkFinder finds what the links of a post lead to.
type linkFinder interface {
	// follow returns where a link leads.
	follow(dest string) target
	// fileOf returns the local file that a target means, absolute, "" where none is known.
	// looked are the files that decide which one that is.
	fileOf(to target) (file string, looked []string)
}
