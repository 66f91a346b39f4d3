package content

import "maps"

// inherit takes over what the front matter leaves open.
func (a *article) inherit(values map[string]any) {
	for key, v := range values {
		if _, own := a.front.values[key]; own {
			continue
		}
		a.set(key, v)
	}
}

// set puts a value in the place of the author's.
func (a *article) set(key string, v any) {
	if a.front.values == nil {
		a.front.values = map[string]any{}
	}
	a.front.values[key] = v
}

// inheritSome takes over what posts say under an engine's table of free keys.
func (a *article) inheritSome(values map[string]any) {
	for _, key := range [...]string{"author", "authors", "image", "images", "cover", "thumbnail", "newsletter", "canonical", "guid"} {
		if v, ok := values[key]; ok {
			a.inherit(map[string]any{key: v})
		}
	}
}

// inheritDeep takes over what the front matter leaves open, and of tables what they
// leave open.
func (a *article) inheritDeep(values map[string]any) {
	for key, v := range values {
		own, set := a.front.values[key]
		table, isTable := own.(map[string]any)
		more, isMore := v.(map[string]any)
		switch {
		case !set:
			a.set(key, v)
		case isTable && isMore:
			merged := maps.Clone(more)
			maps.Copy(merged, table)
			a.set(key, merged)
		}
	}
}
