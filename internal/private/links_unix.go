//go:build unix

package private

import (
	"io/fs"
	"syscall"
)

// fileID identifies a file on the system.
type fileID struct{ device, inode uint64 }

// identify returns the id of a file and the number of its names.
func identify(info fs.FileInfo) (fileID, int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return fileID{uint64(stat.Dev), uint64(stat.Ino)}, int(stat.Nlink)
	}
	return fileID{}, 1
}
