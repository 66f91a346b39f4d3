//go:build unix

package private

import (
	"io/fs"
	"syscall"
)

// fileID is what the system knows a file by.
type fileID struct{ device, inode uint64 }

// identify also counts the names of a file.
func identify(info fs.FileInfo) (fileID, int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return fileID{uint64(stat.Dev), uint64(stat.Ino)}, int(stat.Nlink)
	}
	return fileID{}, 1
}
