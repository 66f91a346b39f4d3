package content

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"publisher/content/post"
)

// snapshotVersion changes with the encoding and with what a record means.
const snapshotVersion = "publisher snapshot 4"

// Snapshot is what a scan made of each file, so that the next one reads only files whose size or
// modification time changed.
type Snapshot struct {
	started     time.Time
	fingerprint [32]byte
	records     []record // by path
}

// record is one file and what was made of it: a post, or problems, or why the engine leaves it
// out, or nothing if it is a page.
type record struct {
	path     string
	size     int64
	modTime  int64 // nanoseconds since 1970
	post     *post.Post
	leftOut  *post.Omission
	problems []post.Problem

	unchanged bool    // says what the last snapshot said
	previous  *record // what the last snapshot said, until the file is read
}

func (r *record) invalid() bool {
	for _, p := range r.problems {
		if p.Invalid {
			return true
		}
	}
	return false
}

func (r *record) same(other *record) bool {
	var a, b encoder
	a.record(r)
	b.record(other)
	return bytes.Equal(a.buf, b.buf)
}

// MarshalBinary writes varints and length-prefixed strings with a checksum, since an unchanged
// pass over 10,000 posts spends most of its time here otherwise.
func (s *Snapshot) MarshalBinary() ([]byte, error) {
	e := encoder{buf: make([]byte, 0, 64+len(s.records)*512)}
	e.str(snapshotVersion)
	e.buf = append(e.buf, s.fingerprint[:]...)
	e.int(s.started.UnixNano())
	e.int(int64(len(s.records)))
	for i := range s.records {
		e.record(&s.records[i])
	}
	return binary.LittleEndian.AppendUint32(e.buf, crc32.Checksum(e.buf, castagnoli())), nil
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// errSnapshot is all that a caller needs to know: it scans without a snapshot.
var errSnapshot = errors.New("the snapshot of the last scan is damaged")

// UnmarshalBinary fails on damaged data, and on data of another version; the snapshot is then
// unchanged.
func (s *Snapshot) UnmarshalBinary(data []byte) error {
	if len(data) < 4 {
		return errSnapshot
	}
	body, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if crc32.Checksum(body, castagnoli()) != sum {
		return errSnapshot
	}
	d := &decoder{text: string(body), zones: map[string]*time.Location{}}
	if version := d.str(); version != snapshotVersion {
		return fmt.Errorf("%w, or another version's", errSnapshot)
	}
	var out Snapshot
	copy(out.fingerprint[:], d.take(len(out.fingerprint)))
	out.started = time.Unix(0, d.int())
	count := d.count(4)
	out.records = make([]record, count)
	posts := make([]post.Post, count)
	for i := range out.records {
		d.record(&out.records[i], &posts[i])
	}
	if d.bad || d.at != len(d.text) {
		return errSnapshot
	}
	*s = out
	return nil
}

// encoder appends; decoder reads the same in the same order.
type encoder struct{ buf []byte }

func (e *encoder) int(n int64)  { e.buf = binary.AppendVarint(e.buf, n) }
func (e *encoder) str(s string) { e.int(int64(len(s))); e.buf = append(e.buf, s...) }

func (e *encoder) strs(list []string) {
	e.int(int64(len(list)))
	for _, s := range list {
		e.str(s)
	}
}

func (e *encoder) bool(b bool) {
	if b {
		e.int(1)
	} else {
		e.int(0)
	}
}

// time keeps the zone: its name if it has one, else its offset.
func (e *encoder) time(t time.Time) {
	e.bool(!t.IsZero())
	if t.IsZero() {
		return
	}
	e.int(t.Unix())
	e.int(int64(t.Nanosecond()))
	name := t.Location().String()
	e.str(name)
	if name == "" {
		_, offset := t.Zone()
		e.int(int64(offset))
	}
}

func (e *encoder) record(r *record) {
	e.str(r.path)
	e.int(r.size)
	e.int(r.modTime)
	e.int(int64(len(r.problems)))
	for _, p := range r.problems {
		e.str(p.Path)
		e.int(int64(p.Line))
		e.str(p.Message)
		e.bool(p.Invalid)
		e.bool(p.Shared)
	}
	e.bool(r.leftOut != nil)
	if r.leftOut != nil {
		e.omission(r.leftOut)
	}
	e.bool(r.post != nil)
	if r.post != nil {
		e.post(r.post)
	}
}

func (e *encoder) omission(o *post.Omission) {
	e.bool(o.Held)
	e.str(o.Reason)
	e.str(o.Path)
	e.int(int64(o.Line))
}

func (e *encoder) post(p *post.Post) {
	for _, s := range [...]string{p.URL, p.Title, p.Language, p.Summary, p.Image, p.GUID, p.Source, p.Newsletter.Subject, p.Newsletter.Intro} {
		e.str(s)
	}
	e.time(p.Date)
	e.time(p.Updated)
	e.time(p.Expires)
	e.strs(p.Tags)
	e.strs(p.Authors)
	e.bool(p.Draft)
	e.bool(p.FeedOnly)
	e.bool(p.MailOnly)
	e.bool(p.Held != nil)
	if p.Held != nil {
		e.omission(p.Held)
	}
	e.bool(p.Enclosure != nil)
	if p.Enclosure != nil {
		e.str(p.Enclosure.URL)
		e.int(p.Enclosure.Length)
		e.str(p.Enclosure.Type)
	}
	e.buf = append(e.buf, p.BodyHash[:]...)
	e.buf = append(e.buf, p.FileHash[:]...)
}

// decoder returns slices of one string. After bad data it returns zero values.
type decoder struct {
	text  string
	at    int
	bad   bool
	zones map[string]*time.Location
}

func (d *decoder) int() int64 {
	var u uint64
	for shift := 0; shift < 64 && d.at < len(d.text); shift += 7 {
		b := d.text[d.at]
		d.at++
		u |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return int64(u>>1) ^ -int64(u&1)
		}
	}
	d.bad = true
	return 0
}

func (d *decoder) take(n int) string {
	if n < 0 || n > len(d.text)-d.at {
		d.bad = true
		d.at = len(d.text)
		return ""
	}
	s := d.text[d.at : d.at+n]
	d.at += n
	return s
}

func (d *decoder) str() string {
	n := d.int()
	if n > math.MaxInt32 {
		n = -1
	}
	return d.take(int(n))
}

func (d *decoder) bool() bool { return d.int() == 1 }

// count reads a number of items of at least size bytes each, so that bad data cannot ask for more
// memory than it has bytes.
func (d *decoder) count(size int) int {
	n := d.int()
	if n < 0 || n > int64((len(d.text)-d.at)/size) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) strs() []string {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.str()
	}
	return list
}

func (d *decoder) time() time.Time {
	if !d.bool() {
		return time.Time{}
	}
	t := time.Unix(d.int(), d.int())
	name := d.str()
	if name != "" {
		return t.In(d.zone(name, 0))
	}
	return t.In(d.zone("", int(d.int())))
}

func (d *decoder) zone(name string, offset int) *time.Location {
	key := name
	if name == "" {
		key = fmt.Sprint(offset)
	}
	loc := d.zones[key]
	if loc == nil {
		var err error
		if name == "" {
			loc = time.FixedZone("", offset)
		} else if loc, err = time.LoadLocation(name); err != nil {
			loc = time.UTC
			d.bad = true
		}
		d.zones[key] = loc
	}
	return loc
}

func (d *decoder) record(r *record, p *post.Post) {
	r.path, r.size, r.modTime = d.str(), d.int(), d.int()
	if n := d.count(4); n > 0 {
		r.problems = make([]post.Problem, n)
		for i := range r.problems {
			r.problems[i] = post.Problem{Path: d.str(), Line: int(d.int()), Message: d.str(), Invalid: d.bool(), Shared: d.bool()}
		}
	}
	if d.bool() {
		r.leftOut = d.omission()
	}
	if d.bool() {
		d.post(p)
		p.Path, p.ModTime = r.path, time.Unix(0, r.modTime)
		r.post = p
	}
}

func (d *decoder) omission() *post.Omission {
	return &post.Omission{Held: d.bool(), Reason: d.str(), Path: d.str(), Line: int(d.int())}
}

func (d *decoder) post(p *post.Post) {
	for _, s := range [...]*string{&p.URL, &p.Title, &p.Language, &p.Summary, &p.Image, &p.GUID, &p.Source, &p.Newsletter.Subject, &p.Newsletter.Intro} {
		*s = d.str()
	}
	p.Date, p.Updated, p.Expires = d.time(), d.time(), d.time()
	p.Tags, p.Authors = d.strs(), d.strs()
	p.Draft, p.FeedOnly, p.MailOnly = d.bool(), d.bool(), d.bool()
	if d.bool() {
		p.Held = d.omission()
	}
	if d.bool() {
		p.Enclosure = &post.Enclosure{URL: d.str(), Length: d.int(), Type: d.str()}
	}
	copy(p.BodyHash[:], d.take(len(p.BodyHash)))
	copy(p.FileHash[:], d.take(len(p.FileHash)))
}
