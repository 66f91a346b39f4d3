package smtp

import (
	"fmt"
	"strings"
	"testing"

	"publisher/mailer/refusal"
)

func TestMaxSize(t *testing.T) {
	for value, want := range map[string]int64{
		"": 0, "0": 0, "35882577": 35882577, " 100 ": 100, "100 200": 100, "-5": 0, "+7": 7, "many": 0, "1e6": 0,
		"99999999999999999999": 0, "9223372036854775807": 9223372036854775807, "100\x00": 0, "0x10": 0, "1,000": 0,
	} {
		if got := maxSize(value); got != want {
			t.Errorf("%q: %d, want %d", value, got, want)
		}
	}
}

// A message that is longer than the server accepts stays here, is tried again later,
// and says nothing about its recipient; the others go out.
func TestTooLargeForTheServer(t *testing.T) {
	for _, offers := range [][]string{{"SIZE 2000", "PIPELINING"}, {"PIPELINING", "SIZE 2000"}, {"SIZE 2000"}} {
		for _, told := range []bool{true, false} {
			t.Run(fmt.Sprint(offers, told), func(t *testing.T) {
				t.Parallel()
				server := startScripted(t, nil, offers...)
				q := newQueue(t, "a@example.org", "large@example.org", "b@example.org", "huge@example.org", "c@example.org")
				for _, job := range q.jobs {
					text := fmt.Sprintf(testBody, job.To)
					switch job.To {
					case "large@example.org":
						text += strings.Repeat("x", 2001-len(text)-len("\r\n")-1) + "\r\n"
					case "huge@example.org":
						text += strings.Repeat(strings.Repeat("x", 70)+"\r\n", 10_000)
					case "b@example.org": // exactly as long as may be, with its dot doubled
						text += strings.Repeat("x", 2000-len(text)-len("\r\n")-1) + "\r\n"
					}
					job.Append = func(dst []byte) []byte { return append(dst, text...) }
					if told {
						job.Size = len(text) + 100 // reckoned too high
					}
				}
				if err := newTestSender(t, server.config()).Deliver(t.Context(), q); err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprint(q.summary()); got != "map[a:sent b:sent c:sent huge:deferred large:deferred]" {
					t.Error(got)
				}
				for _, to := range []string{"large@example.org", "huge@example.org"} {
					o := q.outcomes[to]
					if !o.TooLarge || o.About != refusal.AboutUs || o.Code != 0 || !strings.Contains(o.Reply, "accepts 2000 (SIZE)") || !strings.Contains(o.Reply, "digest.max_bytes") {
						t.Errorf("%s: %+v", to, o)
					}
				}
				if o := q.outcomes["large@example.org"]; !strings.Contains(o.Reply, "the message has 2001 octets") {
					t.Error(o.Reply)
				}
				if got := fmt.Sprint(server.Recipients()); got != "[a@example.org b@example.org c@example.org]" {
					t.Error(got)
				}
			})
		}
	}
}

// The size is declared where the server asks for it, and only there.
func TestSizeIsDeclared(t *testing.T) {
	for _, test := range []struct {
		offer string
		want  string
	}{
		{"SIZE 100000", " SIZE=72"}, {"SIZE", " SIZE=72"}, {"SIZE 0", " SIZE=72"}, {"SIZE lots", " SIZE=72"},
		{"SIZELESS", ""}, {"8BITMIME", ""},
	} {
		t.Run(test.offer, func(t *testing.T) {
			server := startScripted(t, nil, test.offer)
			q := newQueue(t, "a@example.org")
			if err := newTestSender(t, server.config()).Deliver(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			for _, e := range server.Events() {
				if e.Verb == "MAIL" && e.Arg != "FROM:<bounces@example.com>"+test.want {
					t.Errorf("MAIL %s", e.Arg)
				}
			}
			if len(server.Recipients()) != 1 {
				t.Error("nothing was sent")
			}
		})
	}
}
