package refusal

import (
	"strings"
	"testing"

	"publisher/mailer/refusal/refusaltest"
)

// What a refusal says may be of any bytes, and costs no more than its length.
func BenchmarkLongRefusals(b *testing.B) {
	for _, piece := range []string{"user ", "unknown ", "<", "5.1.1 ", "550-", "a@b ", "é", "\xff", "rate limit", "no such ", "x."} {
		b.Run(piece, func(b *testing.B) {
			r := Refusal{Code: 550, Text: strings.Repeat(piece, 1<<20), Sender: "a@b.example", Recipients: []string{"c@d.example"}}
			b.SetBytes(int64(len(r.Text)))
			for b.Loop() {
				r.Classify()
			}
		})
	}
}

func FuzzRefusal(f *testing.F) {
	for _, c := range refusaltest.Cases(f) {
		f.Add(550, "5.1.1", c.Text)
	}
	f.Fuzz(func(t *testing.T, code int, enhanced, text string) {
		r := Refusal{Code: code, Enhanced: enhanced, Text: text, Sender: "a@b.example", Recipients: []string{"c@d.example"}}
		about, byWords := r.Classify()
		if _ = about.String(); about == AboutMailbox && r.passing() {
			t.Errorf("%q is %v for now", text, about)
		}
		words := Words(text)
		if !strings.HasPrefix(words, " ") || !strings.HasSuffix(words, " ") || strings.Contains(words, "  ") {
			t.Errorf("%q became %q", text, words)
		}
		if upper, _ := (Refusal{Code: code, Enhanced: enhanced, Text: "sender " + text}).Classify(); upper == AboutMailbox && !byWords {
			t.Errorf("%q is about the mailbox although it speaks of the sender", text)
		}
	})
}
