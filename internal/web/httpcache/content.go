package httpcache

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/bits"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/andybalholm/brotli"
)

const (
	// maxKept is the size up to which a body is kept in memory. A larger file stays on disk.
	maxKept = 1 << 20
	// Below minPacked compressing does not save a packet; above maxPacked it takes too long.
	minPacked = 1 << 10
	maxPacked = 4 << 20
	// hotAfter is how many requests that accept brotli a content gets before it is worth the
	// time that its best compression takes.
	hotAfter = 2
)

// Content is a body in the forms in which clients accept it. The brotli form comes later than
// the others, if at all.
type Content struct {
	hash   string // hexadecimal
	plain  form
	gzip   *form // nil if not worth it
	brotli atomic.Pointer[form]

	asked atomic.Int32
	key   Key            // in the cache, once it is there
	pack  func(*Content) // makes the brotli form; nil outside the cache
}

// form is one form of a content. The values of its headers are those of the map of headers,
// so that a response need not make them.
type form struct {
	body        []byte // nil for a file that stays on disk
	tag, length []string
	encoding    []string // nil for the plain form
}

func newForm(hash, suffix, encoding string, body []byte) *form {
	f := &form{body: body, tag: []string{`"` + hash + suffix + `"`}, length: []string{strconv.Itoa(len(body))}}
	if encoding != "" {
		f.encoding = []string{encoding}
	}
	return f
}

// ReadFile reads a file of about a size, and returns the number of bytes read. A large one
// stays on disk.
func ReadFile(mediaType string, size int64, file io.Reader) (c *Content, read int64, err error) {
	keep := size <= maxKept
	if keep {
		file = io.LimitReader(file, maxKept+1) // it may be growing
	}
	c, read, err = represent(mediaType, size, keep, file)
	if err == nil && read > maxKept {
		c.plain.body = nil
	}
	return c, read, err
}

// Hash returns the hash of the content, in hexadecimal.
func (c *Content) Hash() string { return c.hash }

// InMemory reports whether the plain form is in memory.
func (c *Content) InMemory() bool { return c.plain.body != nil }

// represent reads a body of about a size once and returns it as a content, and the number of
// bytes read. With keep, the plain form is in memory.
func represent(mediaType string, size int64, keep bool, body io.Reader) (c *Content, read int64, err error) {
	hash := sha256.New()
	to := []io.Writer{hash}
	var plain, packed bytes.Buffer
	if keep {
		plain.Grow(int(size))
		to = append(to, &plain)
	}
	pack := compressible(mediaType) && size >= minPacked && size <= maxPacked
	var zip *gzip.Writer
	if pack {
		zip, _ = gzip.NewWriterLevel(&packed, gzip.BestCompression) // that level exists
		to = append(to, zip)
	}
	if read, err = io.Copy(io.MultiWriter(to...), body); err == nil && pack {
		err = zip.Close()
	}
	if err != nil {
		return nil, read, err
	}
	c = &Content{hash: hex.EncodeToString(hash.Sum(nil)[:16])}
	c.plain = *newForm(c.hash, "", "", nil)
	if keep {
		c.plain = *newForm(c.hash, "", "", plain.Bytes())
	}
	if pack && int64(packed.Len()) < read {
		// Each form has its own entity tag (RFC 9110 §8.8.3.3).
		c.gzip = newForm(c.hash, "-gzip", "gzip", bytes.Clone(packed.Bytes()))
	}
	return c, read, nil
}

// compressible reports whether gzip is worth trying.
func compressible(mediaType string) bool {
	essence, _, _ := strings.Cut(mediaType, ";")
	if strings.HasPrefix(essence, "text/") {
		return true
	}
	for _, suffix := range []string{"xml", "json", "javascript", "wasm"} {
		if strings.HasSuffix(essence, suffix) {
			return true
		}
	}
	return false
}

// size is the memory that the bodies take.
func (c *Content) size() int64 {
	n := len(c.plain.body)
	if c.gzip != nil {
		n += len(c.gzip.body)
	}
	if br := c.brotli.Load(); br != nil {
		n += len(br.body)
	}
	return int64(n)
}

// wantBrotli counts a request that the brotli form would answer, and has it made if there are
// enough of them.
func (c *Content) wantBrotli() {
	if c.pack != nil && c.plain.body != nil && len(c.plain.body) <= maxKept && c.asked.Add(1) == hotAfter {
		c.pack(c)
	}
}

// packer compresses contents by brotli, one after the other, beside the requests.
type packer struct {
	done func(c *Content, bytes int64) // called for each new form

	mu      sync.Mutex
	queue   []*Content
	running bool
}

// maxQueue limits how many contents wait to be compressed. One that finds no room stays
// without brotli until it is read again.
const maxQueue = 256

func (p *packer) add(c *Content) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) >= maxQueue {
		return
	}
	p.queue = append(p.queue, c)
	if !p.running {
		p.running = true
		go p.run()
	}
}

func (p *packer) run() {
	for {
		p.mu.Lock()
		if len(p.queue) == 0 {
			p.queue, p.running = nil, false
			p.mu.Unlock()
			return
		}
		c := p.queue[0]
		p.queue = p.queue[1:]
		p.mu.Unlock()
		body := brotlied(c.plain.body)
		if len(body) < len(c.gzip.body) {
			c.brotli.Store(newForm(c.hash, "-br", "br", body))
			p.done(c, int64(len(body)))
		}
	}
}

// brotlied returns a body in its smallest form. Its window is no larger than the body, since
// the memory for compressing depends on it.
func brotlied(body []byte) []byte {
	var packed bytes.Buffer
	w := brotli.NewWriterOptions(&packed, brotli.WriterOptions{
		Quality: brotli.BestCompression, LGWin: min(max(bits.Len(uint(len(body))), 16), 22)})
	w.Write(body) //nolint:errcheck // a buffer takes everything
	w.Close()     //nolint:errcheck // likewise
	return bytes.Clone(packed.Bytes())
}
