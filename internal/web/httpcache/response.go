package httpcache

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"publisher/internal/web/accept"
)

const (
	// A larger response than this may exceed the server's timeout by the time it takes at
	// the slowest rate.
	largeBody   = 1 << 20
	slowestRate = 32 << 10 // bytes per second
)

// Response is a content that clients may cache, with its metadata.
type Response struct {
	*Content
	mediaType []string
	headers   []Field // others than those of the content
	modified  time.Time
	stamp     []string // the value of Last-Modified; nil if modified is zero
	vary      []string // the value of Vary; nil for none
}

// Field is a header with its values. Responses share them, so they must not be changed.
type Field struct {
	name   string // in canonical form
	values []string
}

// Header returns a header with one value.
func Header(name, value string) Field { return Field{name, []string{value}} }

// SetHeaders sets all of them.
func SetHeaders(h http.Header, fields []Field) {
	for _, f := range fields {
		h[f.name] = f.values
	}
}

// Replace returns headers with others in place of those of the same name.
func Replace(headers, others []Field) []Field {
	kept := slices.DeleteFunc(slices.Clone(headers), func(h Field) bool {
		return slices.ContainsFunc(others, func(o Field) bool { return o.name == h.name })
	})
	return append(kept, others...)
}

// NewResponse returns a response of a content. vary names a header that the choice of the
// content depends on, or is "".
func NewResponse(c *Content, mediaType string, modified time.Time, vary string, headers ...Field) *Response {
	d := &Response{Content: c, mediaType: []string{mediaType}, modified: modified, headers: headers}
	if !modified.IsZero() {
		d.stamp = []string{modified.UTC().Format(http.TimeFormat)}
	}
	if c.gzip != nil {
		vary = strings.TrimPrefix(vary+", Accept-Encoding", ", ")
	}
	if vary != "" {
		d.vary = []string{vary}
	}
	return d
}

// BodyResponse returns the response of any body.
func BodyResponse(body []byte, mediaType string, modified time.Time, vary string, headers ...Field) (*Response, error) {
	c, _, err := represent(mediaType, int64(len(body)), true, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return NewResponse(c, mediaType, modified, vary, headers...), nil
}

// ContentType returns the media type.
func (d *Response) ContentType() string { return d.mediaType[0] }

// Reuse takes over the content of an earlier response if it is the same, because it may have
// the brotli form.
func (d *Response) Reuse(earlier *Response) {
	if d.hash == earlier.hash && d.plain.body != nil && earlier.plain.body != nil && (d.gzip == nil) == (earlier.gzip == nil) {
		d.Content = earlier.Content
	}
}

// Serve sends the content in the form that the client prefers, or 304 if the client has it
// already. file has the plain form if that is not in memory.
func (d *Response) Serve(w http.ResponseWriter, r *http.Request, file io.ReadSeeker) {
	f := d.choose(r.Header)
	status := d.answer(r.Header, f)
	h := w.Header()
	SetHeaders(h, d.headers)
	if d.vary != nil {
		h["Vary"] = d.vary
	}
	h["Etag"] = f.tag
	if status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	h["Content-Type"] = d.mediaType
	if f.encoding != nil {
		h["Content-Encoding"] = f.encoding
	}
	if status != http.StatusOK {
		d.serveContent(w, r, f, file)
		return
	}
	if d.stamp != nil {
		h["Last-Modified"] = d.stamp
	}
	h["Accept-Ranges"] = acceptRanges
	h["Content-Length"] = f.length
	allowTimeFor(w, int64(len(f.body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(f.body) //nolint:errcheck // the client may have left
	}
}

var acceptRanges = []string{"bytes"}

// answer returns the status of a request that a usual client sends: 200, 304, or 0 for a
// request with other conditions, or ranges, and for a body that is not in memory.
func (d *Response) answer(h http.Header, f *form) int {
	for _, name := range [...]string{"Range", "If-Match", "If-Unmodified-Since"} {
		if _, given := h[name]; given {
			return 0
		}
	}
	since := h["If-Modified-Since"]
	switch known := h["If-None-Match"]; {
	// If-None-Match takes precedence over If-Modified-Since (RFC 9110 §13.2.2).
	case len(known) == 1 && known[0] == f.tag[0]:
		return http.StatusNotModified
	case len(known) > 0:
		return 0
	case len(since) == 1 && d.stamp != nil && since[0] == d.stamp[0]:
		return http.StatusNotModified
	case len(since) > 0 || f.body == nil:
		return 0
	}
	return http.StatusOK
}

// serveContent leaves all that answer does not know to net/http.
func (d *Response) serveContent(w http.ResponseWriter, r *http.Request, f *form, file io.ReadSeeker) {
	body := file
	if f.body != nil || body == nil {
		body = bytes.NewReader(f.body)
	}
	size, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		size = 0 // ServeContent will say so
	}
	if f.encoding != nil {
		// ServeContent leaves the length of encoded bodies to us.
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	}
	allowTimeFor(w, size)
	http.ServeContent(w, r, "", d.modified, body)
}

// allowTimeFor extends the time in which a large body must be sent.
func allowTimeFor(w http.ResponseWriter, size int64) {
	if size <= largeBody {
		return
	}
	allowed := time.Minute + time.Duration(size/slowestRate)*time.Second
	// A writer that does not support deadlines has none to extend.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(allowed))
}

// choose returns the form that a client prefers. One that has the gzip form keeps it.
func (d *Response) choose(h http.Header) *form {
	accepted := h["Accept-Encoding"]
	if d.gzip == nil || len(accepted) == 0 {
		return &d.plain
	}
	asGzip, asBrotli := accept.Encodings(accepted)
	if asBrotli > 0 && asBrotli >= asGzip {
		br := d.brotli.Load()
		if br == nil {
			d.wantBrotli()
		} else if known := h["If-None-Match"]; asGzip == 0 || len(known) != 1 || known[0] != d.gzip.tag[0] {
			return br
		}
	}
	if asGzip > 0 {
		return d.gzip
	}
	return &d.plain
}

// Reader returns the content, from f if it is not in memory.
func (d *Response) Reader(f *os.File, size int64) io.Reader {
	if f == nil {
		return bytes.NewReader(d.plain.body)
	}
	return io.NewSectionReader(f, 0, size)
}
