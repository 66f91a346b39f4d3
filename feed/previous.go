package feed

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"sync"
)

// previousItems are the documents of the previous Update, from which items are copied that
// would come out the same.
type previousItems struct {
	disk  disk
	holds map[partKey]string // one of the documents that have an item, preferably one that stays

	mu        sync.Mutex
	documents map[string]Document // by path; the new one once it is in place
	// replacing has the lock of a document, by a hash of its path. It is held while the document is
	// read or replaced, so that a feed finds its items in documents that others replace.
	replacing [64]sync.RWMutex
}

// partKey is the hash of everything that an item in a document is made from.
type partKey [8]byte

func newPreviousItems(d disk, documents []Document, staying []built) *previousItems {
	s := &previousItems{disk: d, documents: make(map[string]Document, len(documents)), holds: map[partKey]string{}}
	for _, doc := range documents {
		s.documents[doc.Path] = doc
		for key := range doc.parts() {
			s.holds[key] = doc.Path
		}
	}
	for _, doc := range staying {
		for key := range doc.parts() {
			s.holds[key] = doc.Path
		}
	}
	return s
}

func (s *previousItems) document(path string) (Document, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc, ok := s.documents[path]
	return doc, ok
}

func (s *previousItems) lock(path string) *sync.RWMutex {
	hash := fnv.New32a()
	io.WriteString(hash, path) //nolint:errcheck // a hash takes all
	return &s.replacing[hash.Sum32()%uint32(len(s.replacing))]
}

// read returns a document and its bytes; nil if its file has changed.
func (s *previousItems) read(path string) (Document, []byte) {
	lock := s.lock(path)
	lock.RLock()
	defer lock.RUnlock()
	doc, ok := s.document(path)
	if !ok {
		return doc, nil
	}
	data, err := s.disk.read(path)
	if err != nil || digest(data) != doc.SHA256 {
		return doc, nil
	}
	return doc, data
}

// write writes a document in place of the previous one. It reports whether its bytes differ.
func (s *previousItems) write(doc Document, data []byte) (bool, error) {
	lock := s.lock(doc.Path)
	lock.Lock()
	defer lock.Unlock()
	written, err := s.disk.write(doc.Path, data)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.documents[doc.Path] = doc
	}
	return written, err
}

// byteRange is a part of a document.
type byteRange struct{ start, end int }

// parts returns where items are; none if Items is damaged.
func (d Document) parts() map[partKey]byteRange {
	data := d.Items
	number := func() int {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > 1<<40 {
			data = nil
			return 0
		}
		data = data[size:]
		return int(n)
	}
	found := map[partKey]byteRange{}
	at, between := number(), number()
	const size = len(partKey{})
	for len(data) > 2*size {
		key, id := partKey(data), partKey(data[size:])
		data = data[2*size:]
		length := number()
		for _, k := range []partKey{key, id} {
			if k != (partKey{}) {
				found[k] = byteRange{at, at + length}
			}
		}
		at += length + between
	}
	return found
}

// pack returns Document.Items: the lengths of what is before and between the items, and
// for each item its key, the key of its id and its length.
func (b *builder) pack(m *model, f format, lengths []int) []byte {
	packed := binary.AppendUvarint(nil, uint64(lengths[0]))
	packed = binary.AppendUvarint(packed, uint64(len(f.between)))
	for i, length := range lengths[1:] {
		it := m.shown[i]
		key := b.inputs.part(m.plan.collection, it, f, b.dependencies.of(it.Post))
		id := idKey(m.plan.collection, it, f)
		packed = append(append(packed, key[:]...), id[:]...)
		packed = binary.AppendUvarint(packed, uint64(length))
	}
	return packed
}

// reuse finds the items of one plan in the documents of the previous Update. It keeps the
// documents that it has read.
type reuse struct {
	builder *builder
	plan    *plan
	open    map[string]map[partKey][]byte
}

func (b *builder) newReuse(o *plan) *reuse {
	return &reuse{builder: b, plan: o, open: map[string]map[partKey][]byte{}}
}

// find returns an item as it was encoded in every format, if nothing that it is made from
// has changed.
func (d *reuse) find(it Item) (encodedItem, bool) {
	p := d.builder
	if p.previous == nil || len(p.previous.holds) == 0 {
		return nil, false
	}
	fp := p.dependencies.last(it.Post)
	found := d.take(func(f format) partKey { return p.inputs.part(d.plan.collection, it, f, fp) })
	if found == nil {
		return nil, false
	}
	p.dependencies.reuse(it.Post)
	return found, true
}

// last returns the item of a post as the previous document has it, whatever happened to
// the post since.
func (d *reuse) last(it Item) (encodedItem, bool) {
	if d.builder.previous == nil {
		return nil, false
	}
	found := d.take(func(f format) partKey { return idKey(d.plan.collection, it, f) })
	return found, found != nil
}

// take collects the items of a key in every format; nil if one is missing.
func (d *reuse) take(keyIn func(format) partKey) encodedItem {
	found := make(encodedItem, len(d.builder.formats))
	for i, f := range d.builder.formats {
		key := keyIn(f)
		holder, ok := d.builder.previous.holds[key]
		if !ok {
			return nil
		}
		own := d.builder.path(d.plan.dir, f.file) // is read for the others as well
		if found[i] = d.document(own)[key]; found[i] == nil {
			found[i] = d.document(holder)[key]
		}
		if found[i] == nil {
			return nil
		}
	}
	return found
}

// document reads the items of a previous document; none if its file has changed.
func (d *reuse) document(path string) map[partKey][]byte {
	if items, ok := d.open[path]; ok {
		return items
	}
	items := map[partKey][]byte{}
	d.open[path] = items
	doc, data := d.builder.previous.read(path)
	if data == nil {
		return items
	}
	for key, at := range doc.parts() {
		if at.end <= len(data) {
			items[key] = data[at.start:at.end]
		}
	}
	return items
}
