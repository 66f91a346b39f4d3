package smtp

import (
	"bufio"
	"errors"
	"strings"
	"testing"

	"publisher/mailer/refusal"

	"github.com/google/go-cmp/cmp"
)

func TestReadReply(t *testing.T) {
	compare := cmp.AllowUnexported(reply{})
	for _, test := range []struct {
		in   string
		want reply
	}{
		{"250 2.0.0 Ok: queued as 4F\r\n", reply{250, "2.0.0", "Ok: queued as 4F"}},
		{"250\r\n", reply{250, "", ""}},
		{"250 \n", reply{250, "", ""}},
		{"550-5.1.1 The account\r\n550-5.1.1 does not exist.\r\n550 5.1.1 See example.com\r\n", reply{550, "5.1.1", "The account does not exist. See example.com"}},
		{"550-no status\r\n550 at all\r\n", reply{550, "", "no status at all"}},
		{"450 5.1.1 of another class\r\n", reply{450, "", "5.1.1 of another class"}},
		{"250 1.2.3.4 is an address\r\n", reply{250, "", "1.2.3.4 is an address"}},
		{"550 5.1.1\r\n", reply{550, "5.1.1", ""}},
		{"554 \x00\x1b[31mred\xff\r\n", reply{554, "", "[31mred\uFFFD"}},
		{"554 " + strings.Repeat("x", 10000) + "\r\n", reply{554, "", strings.Repeat("x", refusal.MaxReplyText)}},
	} {
		got, err := readReply(bufio.NewReader(strings.NewReader(test.in)))
		if err != nil {
			t.Errorf("%.60q: %v", test.in, err)
		}
		if diff := cmp.Diff(test.want, got, compare); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", test.in, diff)
		}
	}
	for _, in := range []string{
		"", "250", "250-a\r\n", "\r\n", "25\r\n", "abc\r\n", "250_a\r\n", "150 a\r\n", "950 a\r\n", "2 0 a\r\n",
		"250-a\r\n251 b\r\n", "250 " + strings.Repeat("x", maxReply) + "\r\n", strings.Repeat("250-a\r\n", maxReply) + "250 b\r\n",
	} {
		if got, err := readReply(bufio.NewReader(strings.NewReader(in))); err == nil {
			t.Errorf("%.60q: got %v", in, got)
		}
	}
}

func FuzzReadReply(f *testing.F) {
	f.Add([]byte("250-a\r\n250 2.0.0 b\r\n"))
	f.Add([]byte("550 5.1.1 \xff\x00\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		rep, err := readReply(bufio.NewReader(strings.NewReader(string(in))))
		if err != nil {
			return
		}
		if rep.code < 200 || rep.code > 599 || len(rep.text) > 3*refusal.MaxReplyText || strings.ContainsAny(rep.text, "\r\n\x00") {
			t.Errorf("%+v", rep)
		}
		again, err := readReply(bufio.NewReader(strings.NewReader(rep.String() + "\r\n")))
		if errors.Is(err, errMalformedReply) || again.code != rep.code {
			t.Errorf("%q is not a reply: %v", rep, err)
		}
	})
}

// What a server said is quoted without gaps where it left a part out.
func TestWords(t *testing.T) {
	for _, test := range []struct {
		outcome Outcome
		want    string
	}{
		{Outcome{Code: 550, Reply: "relay not permitted"}, "550 relay not permitted"},
		{Outcome{Code: 550, Enhanced: "5.7.1", Reply: "relay not permitted"}, "550 5.7.1 relay not permitted"},
		{Outcome{Code: 550, Enhanced: "5.7.1"}, "550 5.7.1"},
		{Outcome{Code: 550}, "550"},
		{Outcome{Reply: "the connection broke", Enhanced: "5.3.4"}, "the connection broke"},
	} {
		if got := test.outcome.Words(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
