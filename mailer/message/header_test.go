package message

import (
	"mime"
	"net/mail"
	"net/url"
	"strings"
	"testing"

	"publisher/mailer/address"
)

func TestAppendText(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 30))
	for _, test := range []struct{ value, want string }{
		{"Hello", "Subject: Hello\r\n"},
		{"a\r\nBcc: x@example.com", "Subject: a Bcc: x@example.com\r\n"},
		{"", "Subject: \r\n"},
		{"Grüße", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"},
		{"=?utf-8?q?x?=", "Subject: =?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=\r\n"},
		{"日本語", "Subject: =?utf-8?b?5pel5pys6Kqe?=\r\n"},
		{long, "Subject: word word word word word word word word word word word word word\r\n" +
			" word word word word word word word word word word word word word word word\r\n word word\r\n"},
	} {
		if got := string(appendText(nil, "Subject", test.value)); got != test.want {
			t.Errorf("%q:\ngot  %q\nwant %q", test.value, got, test.want)
		}
	}
}

func TestAppendAddress(t *testing.T) {
	for _, test := range []struct{ name, email, want string }{
		{"", "ada@example.com", "To: ada@example.com\r\n"},
		{"Ada", "ada@example.com", "To: \"Ada\" <ada@example.com>\r\n"},
		{`A "B" C`, "ada@example.com", `To: "A \"B\" C" <ada@example.com>` + "\r\n"},
		{"Ada\r\nBcc: x", "ada@example.com", "To: \"Ada Bcc: x\" <ada@example.com>\r\n"},
		{"Jörg", "j@bücher.example", "To: =?utf-8?q?J=C3=B6rg?= <j@xn--bcher-kva.example>\r\n"},
		{"Jörg", "jörg@example.com", "To: =?utf-8?q?J=C3=B6rg?= :;\r\n"},
		{"", "jörg@example.com", "To: =?utf-8?q?j=C3=B6rg=40example=2Ecom?= :;\r\n"},
		{"", "a@example.com>\r\nBcc: <b@example.com", "To: =?utf-8?q?a=40example=2Ecom=3E_Bcc=3A_=3Cb=40example=2Ecom?= :;\r\n"},
		{"A rather long name that leaves no room", "for.a.rather.long.address@mail.example.com",
			"To: \"A rather long name that leaves no room\"\r\n <for.a.rather.long.address@mail.example.com>\r\n"},
	} {
		if got := string(appendAddress(nil, "To", test.name, test.email)); got != test.want {
			t.Errorf("%q %q:\ngot  %q\nwant %q", test.name, test.email, got, test.want)
		}
	}
}

func TestAppendListID(t *testing.T) {
	for _, test := range []struct{ title, site, want string }{
		{"Ten thousand meters", "https://tenthousandmeters.com", "List-Id: Ten thousand meters <newsletter.tenthousandmeters.com>\r\n"},
		{"A.B", "https://Example.com/My Blog", "List-Id: =?utf-8?q?A=2EB?= <my-blog.newsletter.example.com>\r\n"},
		{"", "http://[::1]:8080", "List-Id: <newsletter.--1>\r\n"},
		{"", "http://localhost", "List-Id: <newsletter.localhost>\r\n"},
	} {
		site, err := url.Parse(test.site)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(appendListID(nil, test.title, site)); got != test.want {
			t.Errorf("got  %q\nwant %q", got, test.want)
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add("Hello", "ada@example.com")
	f.Add("日本語の長い題名 and a long tail of words that has to be folded somewhere", "jörg@bücher.example")
	f.Add("a\r\n\r\nb", "a@b\r\nBcc: x@example.com")
	f.Add(strings.Repeat("é", 200), "\"a b\"@c")
	f.Fuzz(func(t *testing.T, text, email string) {
		header := appendText(nil, "Subject", text)
		subject := len(header)
		header = appendAddress(header, "To", text, email)
		for line := range strings.SplitSeq(strings.TrimSuffix(string(header), "\r\n"), "\r\n") {
			if strings.ContainsAny(line, "\r\n\x00") || !address.IsASCII(line) || strings.TrimSpace(line) == "" {
				t.Errorf("line %q", line)
			}
			if strings.Contains(line, "=?utf-8?") && len(line) > 76 {
				t.Errorf("line %q has %d octets", line, len(line))
			}
		}
		parsed, err := mail.ReadMessage(strings.NewReader(string(header) + "\r\n"))
		if err != nil {
			t.Fatalf("%v in %q", err, header)
		}
		if len(parsed.Header) != 2 {
			t.Errorf("fields %v", parsed.Header)
		}
		got, err := new(mime.WordDecoder).DecodeHeader(string(header[len("Subject: ") : subject-2]))
		if want := headerText(text); err != nil || strings.ReplaceAll(got, "\r\n ", " ") != want {
			t.Errorf("%q came back as %q (%v)", want, got, err)
		}
	})
}
