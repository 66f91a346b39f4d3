package gitfiles

import (
	"bytes"
	"encoding/binary"
	"errors"
	"path/filepath"
	"strings"
)

// maxIndex is the size of an index of about a million files.
const maxIndex = 128 << 20

// Tracked returns those of the paths that are in the index, or that contain something in it.
// It is nil if the index cannot be read.
func (r *Repository) Tracked(paths []string) []string {
	data, err := readBounded(filepath.Join(r.dir, "index"), maxIndex)
	if err != nil {
		return nil
	}
	wanted := map[string]string{}
	for _, p := range paths {
		if rel := r.rel(p); rel != "" {
			wanted[rel] = p
		}
	}
	found := map[string]bool{}
	_ = eachEntry(data, func(name string) {
		for at := name; ; {
			if p, ok := wanted[at]; ok {
				found[p] = true
			}
			slash := strings.LastIndexByte(at, '/')
			if slash < 0 {
				return
			}
			at = at[:slash]
		}
	})
	var out []string
	for _, p := range paths {
		if found[p] {
			out = append(out, p)
		}
	}
	return out
}

var errIndex = errors.New("not a known version of a git index")

// eachEntry calls a function for the names in an index of version 2 to 4, of a repository with
// SHA-1 or SHA-256: https://git-scm.com/docs/index-format
func eachEntry(data []byte, take func(name string)) error {
	if len(data) < 12 || string(data[:4]) != "DIRC" {
		return errIndex
	}
	version, count := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	if version < 2 || version > 4 {
		return errIndex
	}
	var names []string
	for _, hash := range []int{20, 32} {
		var ok bool
		if names, ok = entries(data, version, count, hash); ok {
			for _, name := range names {
				take(name)
			}
			return nil
		}
	}
	return errIndex
}

// entries fails if the hashes have another length, since flags and names are then invalid.
func entries(data []byte, version, count uint32, hash int) ([]string, bool) {
	const stat = 40
	at, last := 12, ""
	var names []string
	for range count {
		start := at
		if at+stat+hash+2 > len(data) {
			return nil, false
		}
		at += stat + hash
		flags := binary.BigEndian.Uint16(data[at:])
		at += 2
		if flags&0x4000 != 0 { // extended
			if version < 3 {
				return nil, false
			}
			at += 2
		}
		keep := 0
		if version == 4 {
			strip, size := offset(data[min(at, len(data)):])
			if size == 0 || strip > len(last) {
				return nil, false
			}
			at, keep = at+size, len(last)-strip
		}
		end := bytes.IndexByte(data[min(at, len(data)):], 0)
		if end < 0 {
			return nil, false
		}
		name := last[:keep] + string(data[at:at+end])
		if length := int(flags & 0xfff); length < 0xfff && length != len(name) || name <= last && name != last || name == "" {
			return nil, false
		}
		names, last = append(names, name), name
		if at += end + 1; version < 4 {
			at = start + (at-1-start+8)/8*8
		}
	}
	return names, true
}

// offset reads a number as packs encode it. size is 0 if there is none.
func offset(data []byte) (value, size int) {
	for i, c := range data[:min(len(data), 4)] {
		if i > 0 {
			value++
		}
		value = value<<7 | int(c&0x7f)
		if c&0x80 == 0 {
			return value, i + 1
		}
	}
	return 0, 0
}
