package feed

import (
	"cmp"
	"maps"
)

// Memory holds what must never change once a feed has it. The caller keeps it from one
// Update to the next.
type Memory struct {
	// IDs are those of the Atom feeds, by folder below feeds.dir. They stay when the site
	// moves (RFC 4287 §4.2.6).
	IDs map[string]string `json:"ids,omitempty"`
	// Tags are the folders of tag feeds below tags/, by tag in lower case, for each
	// collection: the folder of the language, "" for the site's own.
	Tags map[string]map[string]string `json:"tags,omitempty"`
}

// Clash is a tag whose feed would have had the address of another tag's feed.
type Clash struct {
	Tag     string // as the newest post spells it
	Dir     string // its folder below feeds.dir
	Owner   string // the other tag, in lower case
	Taken   string // the other's folder
	Earlier bool   // the other was there first, and has the folder that both would have had
}

// clone returns a copy that may be changed.
func (m Memory) clone() Memory {
	c := Memory{IDs: map[string]string{}, Tags: map[string]map[string]string{}}
	maps.Copy(c.IDs, m.IDs)
	for dir, tags := range m.Tags {
		c.Tags[dir] = maps.Clone(tags)
	}
	return c
}

// id returns the id of an Atom feed: its first address.
func (m *Memory) id(dir, address string) string {
	m.IDs[dir] = cmp.Or(m.IDs[dir], address)
	return m.IDs[dir]
}

// tags returns the folders of a collection's tags.
func (m *Memory) tags(collection string) map[string]string {
	if m.Tags[collection] == nil {
		m.Tags[collection] = map[string]string{}
	}
	return m.Tags[collection]
}
