//go:build !unix

package private

import "io/fs"

type fileID struct{}

// identify knows nothing of other names.
func identify(fs.FileInfo) (fileID, int) { return fileID{}, 1 }
