package feed

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"publisher/content/post"
)

// renderCacheBytes limits the renderings that are kept for other feeds. Beyond it, a post
// that several feeds show is rendered for each of them.
const renderCacheBytes = 24 << 20

// renderCache renders posts and keeps each rendering as long as a feed needs it.
type renderCache struct {
	render       Render
	dependencies *dependencies
	slots        map[*post.Post]*cachedRendering
	held         atomic.Int64
}

type cachedRendering struct {
	mu        sync.Mutex
	uses      int // feeds that still need it
	rendering *post.Rendering
	err       error
}

func newRenderCache(render Render, plans []*plan, dependencies *dependencies) *renderCache {
	s := &renderCache{render: render, dependencies: dependencies, slots: map[*post.Post]*cachedRendering{}}
	for _, o := range plans {
		for _, it := range o.items {
			if s.slots[it.Post] == nil {
				s.slots[it.Post] = &cachedRendering{}
			}
			s.slots[it.Post].uses++
		}
	}
	return s
}

func (s *renderCache) get(ctx context.Context, p *post.Post) (*post.Rendering, error) {
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
		s.dependencies.add(p, r)
		s.held.Add(size(slot.rendering))
	}
	return slot.rendering, slot.err
}

// release is called when one feed is done with the post.
func (s *renderCache) release(p *post.Post) {
	slot := s.slots[p]
	slot.mu.Lock()
	defer slot.mu.Unlock()
	slot.uses--
	if slot.rendering != nil && (slot.uses == 0 || s.held.Load() > renderCacheBytes) {
		s.held.Add(-size(slot.rendering))
		slot.rendering = nil
	}
}

func size(r *post.Rendering) int64 {
	return int64(len(r.HTML) + len(r.ExcerptHTML) + len(r.ExcerptText))
}
