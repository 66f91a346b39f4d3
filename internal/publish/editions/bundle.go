package editions

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"publisher/internal/ledger"
	"publisher/templates"
)

// Bundle is what an edition's messages are composed from, as it was when the edition was
// closed: later edits of posts, templates or titles do not change what late recipients get.
type Bundle struct {
	Cadence       string
	Closed        time.Time
	Site          templates.Site // its Location is Zone
	Zone          string
	PostalAddress string
	MaxPosts      int
	MaxBytes      int
	Intro         string        `json:",omitempty"` // HTML of digest.intro; "" for none
	Posts         []BundledPost // newest first
	Templates     []templates.File
}

// BundledPost is a post as the templates get it.
type BundledPost struct {
	Seq  int64
	ID   string
	Path string // below content.dir
	Seen time.Time
	Full bool // has its excerpt; otherwise only what a one-line link shows
	Post templates.Post
	// Letter is what else there is of a post that is only in mail; nil for the others.
	Letter *Letter `json:",omitempty"`
}

// Numbers returns the sequence numbers of its posts.
func (b *Bundle) Numbers() ledger.Numbers {
	seqs := make([]int64, len(b.Posts))
	for i, p := range b.Posts {
		seqs[i] = p.Seq
	}
	return ledger.NewNumbers(seqs...)
}

// IDs returns the ids of its posts, newest first.
func (b *Bundle) IDs() []string {
	ids := make([]string, len(b.Posts))
	for i, p := range b.Posts {
		ids[i] = p.ID
	}
	return ids
}

// Encode returns a bundle as the ledger stores it.
func (b *Bundle) Encode() ([]byte, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	stored := *b
	stored.Site.Location = nil
	if err := json.NewEncoder(z).Encode(&stored); err != nil {
		return nil, fmt.Errorf("encoding an edition: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("encoding an edition: %w", err)
	}
	return packed.Bytes(), nil
}

func decodeBundle(packed []byte) (*Bundle, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	b := new(Bundle)
	if err := json.Unmarshal(data, b); err != nil {
		return nil, err
	}
	if b.Site.Location, err = time.LoadLocation(b.Zone); err != nil {
		b.Site.Location = time.UTC
	}
	for i := range b.Posts {
		b.Posts[i].Post.Date = b.Posts[i].Post.Date.In(b.Site.Location)
	}
	return b, nil
}
