package feed

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"publisher/content"
)

// shelfBytes bounds the renderings kept for feeds yet to come. Beyond it a post
// that several feeds show is rendered for each.
const shelfBytes = 24 << 20

// shelf renders posts and keeps each rendering while some feed still needs it.
type shelf struct {
	render Render
	slots  map[*content.Post]*slot
	held   atomic.Int64
	bases  bases
}

type slot struct {
	mu        sync.Mutex
	uses      int // feeds that have yet to let go of it
	rendering *content.Rendering
	err       error
}

func newShelf(render Render, outlines []*outline, rests func(*content.Post, *content.Rendering) Basis) *shelf {
	s := &shelf{render: render, slots: map[*content.Post]*slot{}, bases: bases{rests: rests, byPost: map[*content.Post]Basis{}}}
	for _, o := range outlines {
		for _, it := range o.items {
			if s.slots[it.Post] == nil {
				s.slots[it.Post] = &slot{}
			}
			s.slots[it.Post].uses++
		}
	}
	return s
}

func (s *shelf) get(ctx context.Context, p *content.Post) (*content.Rendering, error) {
	slot := s.slots[p]
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if slot.rendering != nil || slot.err != nil {
		return slot.rendering, slot.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := s.render(ctx, p)
	switch {
	case err != nil:
		slot.err = err
	case r == nil:
		slot.err = errors.New("was not rendered")
	default:
		slot.rendering = cleanRendering(r)
		s.bases.look(p, r)
		s.held.Add(size(slot.rendering))
	}
	return slot.rendering, slot.err
}

// release says that one feed is done with the post.
func (s *shelf) release(p *content.Post) {
	slot := s.slots[p]
	slot.mu.Lock()
	defer slot.mu.Unlock()
	slot.uses--
	if slot.rendering != nil && (slot.uses == 0 || s.held.Load() > shelfBytes) {
		s.held.Add(-size(slot.rendering))
		slot.rendering = nil
	}
}

func size(r *content.Rendering) int64 {
	return int64(len(r.HTML) + len(r.ExcerptHTML) + len(r.ExcerptText))
}
