package dialect

// Params are the parameters of a shortcode or tag, by name or by place.
type Params struct {
	Named  map[string]string
	Placed []string
	Quoted map[string]bool // by name, or place: what is a text whatever it looks like
}

// Quote notes that a parameter was quoted.
func (p *Params) Quote(key string) {
	if p.Quoted == nil {
		p.Quoted = map[string]bool{}
	}
	p.Quoted[key] = true
}

// Get returns a parameter by the first of its names, or by its place from 0, or "".
func (p Params) Get(place int, names ...string) string {
	for _, name := range names {
		if v := p.Named[name]; v != "" {
			return v
		}
	}
	if place >= 0 && place < len(p.Placed) {
		return p.Placed[place]
	}
	return ""
}
