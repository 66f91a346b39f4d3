package sqlite

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// lockDatabase locks the database file itself, independently of SQLite: on Linux, flock(2)
// and SQLite's fcntl(2) locks do not affect each other. It reports false only if another
// process has that lock. The descriptor is not an *os.File, because the garbage collector
// would close that.
func lockDatabase(path string) (taken bool, unlock func()) {
	free := func() {}
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil || emulatesFlock(int64(fs.Type)) {
		return true, free
	}
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return true, free // who may not write is told so by Open
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err == syscall.EWOULDBLOCK {
		// Not closed: this process may have the ledger open.
		return false, free
	}
	return true, func() { syscall.Close(fd) }
}

// emulatesFlock reports whether a file system treats both kinds of lock as one.
func emulatesFlock(kind int64) bool {
	switch uint32(kind) {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.V9FS_MAGIC:
		return true
	}
	return false
}
