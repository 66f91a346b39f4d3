package feed

import (
	"cmp"
	"maps"
)

// Memory is what feeds promise for ever. The caller keeps it from one Write to the next.
type Memory struct {
	// IDs are those of Atom's feeds, by folder below feeds.dir: a move of the site
	// keeps them (RFC 4287 §4.2.6).
	IDs map[string]string `json:"ids,omitempty"`
	// Tags are the folders of tags' feeds below tags/, by tag in lower case, for each
	// collection: the folder of the language, "" for the site's own.
	Tags map[string]map[string]string `json:"tags,omitempty"`
}

// Clash is two tags that would have had one address for their feeds.
type Clash struct {
	Tag     string // as the newest post spells it
	Dir     string // its folder below feeds.dir
	Owner   string // the other tag, in lower case
	Taken   string // the other's folder
	Earlier bool   // the other came first, and has the folder that both would have had
}

// clone is a copy that may be added to.
func (m Memory) clone() Memory {
	c := Memory{IDs: map[string]string{}, Tags: map[string]map[string]string{}}
	maps.Copy(c.IDs, m.IDs)
	for dir, tags := range m.Tags {
		c.Tags[dir] = maps.Clone(tags)
	}
	return c
}

// id is that of an Atom feed; one that is new has its address.
func (m *Memory) id(dir, address string) string {
	m.IDs[dir] = cmp.Or(m.IDs[dir], address)
	return m.IDs[dir]
}

// tags are the folders of a collection's tags.
func (m *Memory) tags(collection string) map[string]string {
	if m.Tags[collection] == nil {
		m.Tags[collection] = map[string]string{}
	}
	return m.Tags[collection]
}
