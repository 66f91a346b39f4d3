package dialect

import "maps"

// Inherit sets the values that the front matter does not have.
func (p *Page) Inherit(values map[string]any) {
	for key, v := range values {
		if _, own := p.Front.Values[key]; own {
			continue
		}
		p.Set(key, v)
	}
}

// Set replaces a value of the front matter.
func (p *Page) Set(key string, v any) {
	if p.Front.Values == nil {
		p.Front.Values = map[string]any{}
	}
	p.Front.Values[key] = v
}

// InheritCommon sets what the front matter does not have of the keys that posts put into an
// engine's table of free keys.
func (p *Page) InheritCommon(values map[string]any) {
	for _, key := range [...]string{"author", "authors", "image", "images", "cover", "thumbnail", "newsletter", "canonical", "guid"} {
		if v, ok := values[key]; ok {
			p.Inherit(map[string]any{key: v})
		}
	}
}

// InheritDeep is Inherit that also merges tables.
func (p *Page) InheritDeep(values map[string]any) {
	for key, v := range values {
		own, set := p.Front.Values[key]
		table, isTable := own.(map[string]any)
		more, isMore := v.(map[string]any)
		switch {
		case !set:
			p.Set(key, v)
		case isTable && isMore:
			merged := maps.Clone(more)
			maps.Copy(merged, table)
			p.Set(key, merged)
		}
	}
}
