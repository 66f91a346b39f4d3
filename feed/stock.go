package feed

import "encoding/binary"

// stock is the documents of an earlier Write, from which items are taken over that
// would come out the same.
type stock struct {
	disk      disk
	documents map[string]Document // by path
	holds     map[partKey]string  // one of the documents that an item stands in, best one that stays
}

// partKey is the hash of all that an item in a document is made of.
type partKey [8]byte

func newStock(d disk, documents []Document, staying []outcome) *stock {
	s := &stock{disk: d, documents: make(map[string]Document, len(documents)), holds: map[partKey]string{}}
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

// span is a stretch of a document.
type span struct{ start, end int }

// parts tells where items stand; none where Items makes no sense.
func (d Document) parts() map[partKey]span {
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
	found := map[partKey]span{}
	at, between := number(), number()
	const size = len(partKey{})
	for len(data) > 2*size {
		key, id := partKey(data), partKey(data[size:])
		data = data[2*size:]
		length := number()
		for _, k := range []partKey{key, id} {
			if k != (partKey{}) {
				found[k] = span{at, at + length}
			}
		}
		at += length + between
	}
	return found
}

// pack is Document.Items: the length of what stands before the items and of what
// stands between them, and of each its key, the key of its id and its length.
func (p *press) pack(m *model, f format, lengths []int) []byte {
	packed := binary.AppendUvarint(nil, uint64(lengths[0]))
	packed = binary.AppendUvarint(packed, uint64(len(f.between)))
	for i, length := range lengths[1:] {
		it := m.shown[i]
		key := p.inputs.part(m.outline.collection, it, f, p.shelf.bases.of(it.Post))
		id := idKey(m.outline.collection, it, f)
		packed = append(append(packed, key[:]...), id[:]...)
		packed = binary.AppendUvarint(packed, uint64(length))
	}
	return packed
}

// desk is where one outline is put together from the stock; the documents that it
// has taken from there lie open on it.
type desk struct {
	press   *press
	outline *outline
	open    map[string]map[partKey][]byte
}

func (p *press) newDesk(o *outline) *desk {
	return &desk{press: p, outline: o, open: map[string]map[partKey][]byte{}}
}

// find returns an item as it was encoded in every format, if all that it is made of
// is as it was.
func (d *desk) find(it Item) (kept, bool) {
	p := d.press
	if p.stock == nil || len(p.stock.holds) == 0 {
		return nil, false
	}
	basis := p.rested(it.Post)
	found := d.items(it, basis)
	if found == nil {
		return nil, false
	}
	p.shelf.bases.set(it.Post, basis)
	return found, true
}

func (d *desk) items(it Item, basis Basis) kept {
	return d.take(func(f format) partKey { return d.press.inputs.part(d.outline.collection, it, f, basis) })
}

// last returns the item of a post as an earlier document has it, whatever has
// become of the post since.
func (d *desk) last(it Item) (kept, bool) {
	if d.press.stock == nil {
		return nil, false
	}
	found := d.take(func(f format) partKey { return idKey(d.outline.collection, it, f) })
	return found, found != nil
}

// take collects the items of a key in every format; nil where one is missing.
func (d *desk) take(keyIn func(format) partKey) kept {
	found := make(kept, len(d.press.formats))
	for i, f := range d.press.formats {
		key := keyIn(f)
		holder, ok := d.press.stock.holds[key]
		if !ok {
			return nil
		}
		own := d.press.path(d.outline.dir, f.file) // is read for the others, too
		if found[i] = d.document(own)[key]; found[i] == nil {
			found[i] = d.document(holder)[key]
		}
		if found[i] == nil {
			return nil
		}
	}
	return found
}

// document reads the items of an earlier document; none where it is not the one
// that was written.
func (d *desk) document(path string) map[partKey][]byte {
	stock := d.press.stock
	doc, ok := stock.documents[path]
	if !ok {
		return nil
	}
	if items, ok := d.open[path]; ok {
		return items
	}
	items := map[partKey][]byte{}
	d.open[path] = items
	data, err := stock.disk.read(path)
	if err != nil || digest(data) != doc.SHA256 {
		return items
	}
	for key, at := range doc.parts() {
		if at.end <= len(data) {
			items[key] = data[at.start:at.end]
		}
	}
	return items
}
