//go:build !unix

package dialect

import (
	"io"
	"os"
)

// readWhole reads a file of about size bytes into buf.
func readWhole(name string, buf []byte, size, limit int) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return buf, err
	}
	defer f.Close()
	buf = grown(buf, size)
	for n := 0; ; {
		got, err := f.Read(buf[n:])
		n += got
		if err == io.EOF || n > limit {
			return buf[:n], nil
		}
		if err != nil {
			return buf, err
		}
		if n == len(buf) {
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}
