//go:build !unix

package connlimit

// descriptors is how many files and connections this process may have open.
func descriptors() int { return 2 * maxConnections }
