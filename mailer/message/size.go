package message

// Size returns the maximum number of octets that Append appends.
func (m *Message) Size(r Recipient) int {
	const (
		encoded = 4 // an octet in an encoded word or in quoted-printable, with its share of folding
		names   = 200
	)
	values := r.values()
	b := m.body(values)
	n := len(m.from) + len(m.fixed) + len(b.head) + len(b.middle) + len(b.tail) + names +
		encoded*len(r.Name) + len(r.Address) + len(r.MessageID) + len(m.domain) + len(r.UnsubscribeURL) + len(r.UnsubscribeMailto)
	return n + b.text.encodedSize(values) + b.html.encodedSize(escaped(values))
}

// encodedSize returns the maximum number of octets that append appends.
func (g *splicedText) encodedSize(values [2]string) int {
	n := 0
	for _, segment := range g.encoded {
		n += len(segment)
	}
	for _, gap := range g.gaps {
		n += 4*len(values[gap]) + len("=\r\n")
	}
	return n
}
