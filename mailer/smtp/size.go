package smtp

import (
	"fmt"
	"strconv"
	"strings"

	"publisher/mailer/message"
	"publisher/mailer/refusal"
)

// maxSize parses the value of the SIZE extension (RFC 1870 §4): the length in octets of the
// longest message that the server accepts, or 0 if it does not say.
func maxSize(value string) int64 {
	first, _, _ := strings.Cut(strings.TrimSpace(value), " ")
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// measure returns the maximum length of a job's message in octets, as SIZE counts them. It
// composes the message only if the job does not know the length, or if that matters.
func (s *session) measure(job *Job) (int64, error) {
	if job.Size > 0 {
		if n := int64(job.Size + s.signer.Size()); s.max == 0 || n <= s.max {
			return n, nil
		}
	}
	made, err := s.signer.Sign(job.Append(nil))
	if !job.Stuffed {
		made = message.Stuff(made)
	}
	return int64(len(made)), err
}

// tooLarge returns the outcome of a message that is longer than the server accepts. It is about
// us, and is retried, since the limit or the message may change.
func (s *session) tooLarge(job *Job, size int64) *Outcome {
	return &Outcome{Job: job, Verdict: Temporary, About: refusal.AboutUs, TooLarge: true, Enhanced: "5.3.4",
		Reply: fmt.Sprintf("the message has %d octets, and %s accepts %d (SIZE); lower digest.max_bytes or digest.max_posts, or have the limit raised", size, s.addr, s.max)}
}
