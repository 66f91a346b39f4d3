package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// Below minPacked gzip does not save a packet; above maxPacked it takes too long.
	minPacked = 1 << 10
	maxPacked = 4 << 20

	// A larger response than this may exceed the server's timeout by the time it takes at
	// the slowest rate.
	largeBody   = 1 << 20
	slowestRate = 32 << 10 // bytes per second
)

// cachedResponse is a body that clients may cache, with its metadata.
type cachedResponse struct {
	*cachedBody
	mediaType string
	body      io.ReadSeeker
	size      int64
	modified  time.Time // zero: unknown
}

// serve sends the body in the form that the client accepts, or 304 if the client has it
// already. If-None-Match takes precedence over If-Modified-Since (RFC 9110 §13.2.2).
func (d *cachedResponse) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", d.mediaType)
	tag, body, size := d.tag, d.body, d.size
	if d.packed != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			// Each form has its own entity tag (RFC 9110 §8.8.3.3).
			tag, body, size = d.tag+"-gzip", bytes.NewReader(d.packed), int64(len(d.packed))
			h.Set("Content-Encoding", "gzip")
			// ServeContent leaves the length of encoded bodies to us.
			h.Set("Content-Length", strconv.FormatInt(size, 10))
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	if size > largeBody {
		allowed := time.Minute + time.Duration(size/slowestRate)*time.Second
		// A writer that does not support deadlines has none to extend.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(allowed))
	}
	http.ServeContent(w, r, "", d.modified, body)
}

// represent reads a body once and returns its entity tag and compressed form, and the
// number of bytes read.
func represent(mediaType string, size int64, body io.Reader) (k *cachedBody, read int64, err error) {
	hash := sha256.New()
	var packed bytes.Buffer
	pack := compressible(mediaType) && size >= minPacked && size <= maxPacked
	if pack {
		zip := gzip.NewWriter(&packed)
		if read, err = io.Copy(io.MultiWriter(hash, zip), body); err == nil {
			err = zip.Close()
		}
	} else {
		read, err = io.Copy(hash, body)
	}
	if err != nil {
		return nil, read, err
	}
	k = &cachedBody{tag: hex.EncodeToString(hash.Sum(nil)[:16])}
	if pack && int64(packed.Len()) < read {
		k.packed = bytes.Clone(packed.Bytes())
	}
	return k, read, nil
}

// acceptsGzip reports whether Accept-Encoding allows gzip (RFC 9110 §12.5.3). Without the
// header the client gets the plain form.
func acceptsGzip(values []string) bool {
	accepts := false
	for _, item := range strings.Split(strings.Join(values, ","), ",") {
		coding, parameters, _ := strings.Cut(item, ";")
		switch coding = strings.ToLower(strings.TrimSpace(coding)); coding {
		case "gzip", "x-gzip":
			return positive(parameters)
		case "*":
			accepts = positive(parameters)
		}
	}
	return accepts
}

// positive reports whether a quality value is above zero. Without one it is 1.
func positive(parameters string) bool {
	name, value, found := strings.Cut(parameters, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return true
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err == nil && q > 0
}
