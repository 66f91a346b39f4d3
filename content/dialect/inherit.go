package dialect

import "maps"

// inherit takes over what the front matter leaves open.
func (a *Page) Inherit(values map[string]any) {
	for key, v := range values {
		if _, own := a.Front.Values[key]; own {
			continue
		}
		a.Set(key, v)
	}
}

// set puts a value in the place of the author's.
func (a *Page) Set(key string, v any) {
	if a.Front.Values == nil {
		a.Front.Values = map[string]any{}
	}
	a.Front.Values[key] = v
}

// inheritSome takes over what posts say under an engine's table of free keys.
func (a *Page) InheritSome(values map[string]any) {
	for _, key := range [...]string{"author", "authors", "image", "images", "cover", "thumbnail", "newsletter", "canonical", "guid"} {
		if v, ok := values[key]; ok {
			a.Inherit(map[string]any{key: v})
		}
	}
}

// inheritDeep takes over what the front matter leaves open, and of tables what they
// leave open.
func (a *Page) InheritDeep(values map[string]any) {
	for key, v := range values {
		own, set := a.Front.Values[key]
		table, isTable := own.(map[string]any)
		more, isMore := v.(map[string]any)
		switch {
		case !set:
			a.Set(key, v)
		case isTable && isMore:
			merged := maps.Clone(more)
			maps.Copy(merged, table)
			a.Set(key, merged)
		}
	}
}
