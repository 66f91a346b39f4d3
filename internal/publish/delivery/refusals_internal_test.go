package delivery

import (
	"strings"
	"testing"
	"time"

	"publisher/mailer/refusal"
	"publisher/mailer/smtp"
)

// Each letter is an answer: s sent, d deferred, m refused for the mailbox, u for us, x for an
// unclear reason.
func TestWhichRefusalsCount(t *testing.T) {
	outcomes := map[rune]*smtp.Outcome{
		's': {Code: 250, Verdict: smtp.Sent}, 'd': {Code: 450, Verdict: smtp.Temporary},
		'm': {Code: 550, Verdict: smtp.Permanent, About: refusal.AboutMailbox},
		'u': {Code: 550, Verdict: smtp.Permanent, About: refusal.AboutUs},
		'x': {Code: 550, Verdict: smtp.Permanent, About: refusal.Unclear},
	}
	for name, test := range map[string]struct {
		answers  string
		accepted bool
		stop     int // after so many answers; 0: never
		few      bool
		counts   int
	}{
		"nobody":                          {answers: ""},
		"one gone":                        {answers: "m", few: true, counts: 1},
		"nine gone":                       {answers: "mmmmmmmmm", few: true, counts: 9},
		"three for us":                    {answers: "uuu", few: true},
		"one of two":                      {answers: "ms", counts: 1},
		"one later":                       {answers: "md", counts: 1},
		"ten":                             {answers: "mmmmmmmmmm", stop: 10},
		"ten of each kind":                {answers: "muxmuxmuxm", stop: 10},
		"ten, and the list dead":          {answers: "mmmmmmmmmmmm", accepted: true, counts: 12},
		"nine of ten":                     {answers: "mmmmmmmmms", counts: 9},
		"20 of 50":                        {answers: "s" + strings.Repeat("m", 20) + strings.Repeat("s", 40), counts: 20},
		"21 of 50":                        {answers: "s" + strings.Repeat("m", 21), stop: 22},
		"those before the window":         {answers: "sssmsssxss" + strings.Repeat("s", 60) + strings.Repeat("m", 30), stop: 91, counts: 2},
		"those about us count for nobody": {answers: strings.Repeat("su", 15)},
	} {
		t.Run(name, func(t *testing.T) {
			r, stop := refusals{Replies: Replies{Accepted: test.accepted}}, 0
			for i, letter := range test.answers {
				if r.add(replyOf(outcomes[letter], int64(i), time.Time{})) && stop == 0 {
					stop = i + 1
				}
			}
			if few := r.Few(); stop != test.stop || few != test.few {
				t.Errorf("stopped after %d, few %v; want %d, %v", stop, few, test.stop, test.few)
			}
			if got := len(r.Counted(r.pending, stop > 0)); got != test.counts {
				t.Errorf("%d count, want %d", got, test.counts)
			}
		})
	}
}
