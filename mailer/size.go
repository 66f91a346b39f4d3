package mailer

import (
	"fmt"
	"strconv"
	"strings"
)

// maxSize reads the value of the SIZE extension (RFC 1870 §4): the octets of the longest
// message that the server accepts, 0 where it names none.
func maxSize(value string) int64 {
	first, _, _ := strings.Cut(strings.TrimSpace(value), " ")
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// measure returns how many octets a job's message has at most, as SIZE counts them. The
// message is made for it only where the job does not tell, or where that decides.
func (s *session) measure(job *Job) (int64, error) {
	if job.Size > 0 {
		if n := int64(job.Size + s.signer.size()); s.max == 0 || n <= s.max {
			return n, nil
		}
	}
	message, err := s.signer.prepend(job.Append(nil))
	if !job.Stuffed {
		message = stuff(message)
	}
	return int64(len(message)), err
}

// tooLarge is the outcome of a message that the server has said that it will not take.
// That is about us: it is tried again when the limit, or the message, may be another.
func (s *session) tooLarge(job *Job, size int64) *Outcome {
	return &Outcome{Job: job, Verdict: Temporary, About: AboutUs, TooLarge: true, Enhanced: "5.3.4",
		Reply: fmt.Sprintf("the message has %d octets, and %s accepts %d (SIZE); lower digest.max_bytes or digest.max_posts, or have the limit raised", size, s.addr, s.max)}
}

// size is how many octets the signatures add at most.
func (s *Signer) size() int {
	if s == nil {
		return 0
	}
	const (
		fields = 900 // tags, names of header fields, hashes, folding
		name   = 2   // a folded name has line ends in it
	)
	n := 0
	for _, key := range s.keys {
		n += fields + name*(len(key.Domain)+len(key.Selector)) + keySize(key.Signer)
	}
	return n
}

// Size is how many octets Append appends at most, without making them.
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

// encodedSize is what append appends at most.
func (g *gapped) encodedSize(values [2]string) int {
	n := 0
	for _, segment := range g.encoded {
		n += len(segment)
	}
	for _, gap := range g.gaps {
		n += 4*len(values[gap]) + len("=\r\n")
	}
	return n
}
