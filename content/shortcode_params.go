package content

// shortcodeParams are named or told by their place.
type shortcodeParams struct {
	named  map[string]string
	placed []string
	quoted map[string]bool // by name, or place: what is a text whatever it looks like
}

func (p *shortcodeParams) quote(key string) {
	if p.quoted == nil {
		p.quoted = map[string]bool{}
	}
	p.quoted[key] = true
}

// get is a parameter by the first of its names, or by its place from 0.
func (p shortcodeParams) get(place int, names ...string) string {
	for _, name := range names {
		if v := p.named[name]; v != "" {
			return v
		}
	}
	if place >= 0 && place < len(p.placed) {
		return p.placed[place]
	}
	return ""
}
