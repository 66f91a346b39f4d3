package pymarkdown

// step counts rounds of a loop.
func (o *Options) step(n int) {
	if o.Step != nil {
		o.Step(n)
	}
}

// scan counts text that is looked through.
func (o *Options) scan(bytes int) { o.step(1 + bytes/64) }

// part counts pieces of the document that are kept.
func (o *Options) part(n int) {
	if o.Part != nil {
		o.Part(n)
	}
}

// length is told how much is written.
func (o *Options) length(n int) {
	if o.Length != nil {
		o.Length(n)
	}
}
