package notices

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/noticequeue"
	"publisher/templates"
)

// confirmation is what people are asked to confirm with: of a mail, all that differs between
// those who signed up together.
type confirmation struct{ secret, code string }

func newConfirmation() (confirmation, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return confirmation{}, err
	}
	return confirmation{mailtoken.NewSecret(), fmt.Sprintf("%06d", n.Int64())}, nil
}

// render renders a notice.
func (q *Queue) render(set *templates.Set, d *draft) (*templates.Mail, error) {
	if d.Kind != noticequeue.Confirm {
		return set.Notice(templates.Kind(d.Kind), &d.mail)
	}
	key := confirmKey{set, d.Language, d.mail.Expires, d.typed, d.mail.Replies}
	return q.confirmations.render(key, d.confirmation, func(c confirmation) (*templates.Mail, error) {
		mail := d.mail
		if server := q.Config.Server.URL; server != nil {
			mail.ActionURL = server.JoinPath("confirm", c.secret).String()
			if d.typed {
				mail.Code = c.code
			}
		}
		return set.Notice(templates.Confirm, &mail)
	})
}

// confirmations renders confirmations. Rendering takes longer than everything else about a mail,
// so while many people sign up, the mails are made of the parts of one.
type confirmations struct {
	mu   sync.Mutex // held while a mail is divided: others wait for its parts
	key  confirmKey
	mail *dividedMail // nil if mails of that key cannot be divided
}

// confirmKey is all that mails have in common.
type confirmKey struct {
	set            *templates.Set
	language       string
	expires        time.Time
	typed, replies bool
}

// render returns the mail about c. make renders one about any.
func (m *confirmations) render(key confirmKey, c confirmation, make func(confirmation) (*templates.Mail, error)) (*templates.Mail, error) {
	divided, err := m.divided(key, make)
	if err != nil {
		return nil, err
	}
	if divided == nil {
		return make(c)
	}
	return divided.about(c), nil
}

// divided returns the parts of the mails of that key; nil if they cannot be divided.
func (m *confirmations) divided(key confirmKey, make func(confirmation) (*templates.Mail, error)) (*dividedMail, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.key == key {
		return m.mail, nil
	}
	one, err := newConfirmation()
	if err != nil {
		return nil, err
	}
	first, err := make(one)
	if err != nil {
		return nil, err
	}
	// The owner's templates may do anything with a code. Two mails that have the same parts
	// show that they only print it.
	other := one.stranger()
	second, err := make(other)
	if err != nil {
		return nil, err
	}
	m.key, m.mail = key, divide(first, one)
	if !m.mail.equal(divide(second, other)) {
		m.mail = nil
	}
	return m.mail, nil
}

// stranger returns a confirmation that has no digit in common with c.
func (c confirmation) stranger() confirmation {
	digits := []byte(c.code)
	for i, d := range digits {
		digits[i] = '0' + (d-'0'+5)%10
	}
	return confirmation{mailtoken.NewSecret(), string(digits)}
}

// marks returns the forms in which templates get a confirmation.
func (c confirmation) marks() [3]string {
	return [...]string{c.secret, templates.GroupDigits(c.code, "ltr"), templates.GroupDigits(c.code, "rtl")}
}

// dividedMail is a mail without what differs.
type dividedMail struct{ subject, html, text dividedText }

func divide(m *templates.Mail, c confirmation) *dividedMail {
	marks := c.marks()
	return &dividedMail{divideText(m.Subject, marks), divideText(m.HTML, marks), divideText(m.Text, marks)}
}

func (d *dividedMail) equal(other *dividedMail) bool {
	return d.subject.equal(other.subject) && d.html.equal(other.html) && d.text.equal(other.text)
}

func (d *dividedMail) about(c confirmation) *templates.Mail {
	marks := c.marks()
	return &templates.Mail{Subject: d.subject.fill(marks), HTML: d.html.fill(marks), Text: d.text.fill(marks)}
}

// dividedText is the parts of a text, each of which but the last one is followed by a mark.
type dividedText struct {
	parts []string
	marks []int
}

func divideText(text string, marks [3]string) (d dividedText) {
	for {
		first, which := len(text), -1
		for i, mark := range marks {
			if at := strings.Index(text, mark); at >= 0 && at < first {
				first, which = at, i
			}
		}
		d.parts = append(d.parts, text[:first])
		if which < 0 {
			return d
		}
		d.marks = append(d.marks, which)
		text = text[first+len(marks[which]):]
	}
}

func (d dividedText) equal(other dividedText) bool {
	return slices.Equal(d.parts, other.parts) && slices.Equal(d.marks, other.marks)
}

func (d dividedText) fill(marks [3]string) string {
	var b strings.Builder
	for i, part := range d.parts {
		b.WriteString(part)
		if i < len(d.marks) {
			b.WriteString(marks[d.marks[i]])
		}
	}
	return b.String()
}
