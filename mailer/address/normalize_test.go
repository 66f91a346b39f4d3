package address_test

import (
	"net/mail"
	"strings"
	"testing"

	"publisher/mailer/address"
)

func TestNormalize(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, tt := range []struct{ email, key, err string }{
		{email: "ann@example.com", key: "ann@example.com"},
		{email: "Ann.Lee+News@EXAMPLE.com", key: "ann.lee+news@example.com"},
		{email: "ann@Bücher.example", key: "ann@xn--bcher-kva.example"},
		{email: "ann@XN--BCHER-KVA.example", key: "ann@xn--bcher-kva.example"},
		{email: "ann@bu\u0308cher.example", key: "ann@xn--bcher-kva.example"},
		{email: "STRASSE@example.com", key: "strasse@example.com"},
		{email: "Straße@example.com", key: "strasse@example.com"},
		{email: "JOSE\u0301@example.com", key: "jos\u00e9@example.com"},
		{email: "用户@例子.中国", key: "用户@xn--fsqu00a.xn--fiqs8s"},
		{email: "root@localhost", key: "root@localhost"},
		{email: long + "@example.com", key: long + "@example.com"},

		{email: "", err: "it is empty"},
		{email: "ann", err: "no @"},
		{email: "@example.com", err: "there is nothing before"},
		{email: "ann@", err: "there is nothing after"},
		{email: "ann@@example.com", err: "bare address"},
		{email: " ann@example.com", err: "a space"},
		{email: "ann lee@example.com", err: "a space"},
		{email: "Ann <ann@example.com>", err: "a space"},
		{email: "<ann@example.com>", err: "bare address"},
		{email: "ann@example.com,ben@example.com", err: "bare address"},
		{email: "ann@example.com(work)", err: "bare address"},
		{email: "ann..lee@example.com", err: "bare address"},
		{email: "ann@example.com\r\nBcc: all@example.com", err: "a space"},
		{email: "ann\x00@example.com", err: "invisible character U+0000"},
		{email: "ann@example.com\u200b", err: "invisible character U+200B"},
		{email: "an\xffn@example.com", err: "UTF-8"},
		{email: `"ann"@example.com`, err: "quoted"},
		{email: "ann@[192.0.2.1]", err: "IP address"},
		{email: "ann@192.0.2.1", err: "IP address"},
		{email: "ann@example..com", err: "bare address"},
		{email: "ann@example.com.", err: "bare address"},
		{email: "ann@-example.com", err: "not a domain name"},
		{email: "ann@exam_ple.com", err: "not a domain name"},
		{email: "ann@" + long + ".com", err: "not a domain name"},
		{email: long + "a@example.com", err: "longer than 64"},
		{email: long + "@" + strings.Repeat(strings.Repeat("b", 47)+".", 4) + "com", err: "longer than 254"},
	} {
		key, err := address.Normalize(tt.email)
		switch {
		case tt.err == "" && (err != nil || key != tt.key):
			t.Errorf("%q: %q, %v, want %q", tt.email, key, err, tt.key)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%q: %q, %v, want %q in the error", tt.email, key, err, tt.err)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"ann@example.com", "Ann@Bücher.example", `"a b"@c`, "a@[::1]", "a@b\r\nc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, email string) {
		key, err := address.Normalize(email)
		if err != nil {
			return
		}
		if strings.ContainsAny(email, "\r\n\x00<> ") {
			t.Errorf("%q is taken", email)
		}
		if again, err := address.Normalize(key); err == nil && again != key {
			t.Errorf("%q has the key %q, and that has %q", email, key, again)
		}
		if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
			t.Errorf("%q is not what net/mail reads: %v, %v", email, parsed, err)
		}
	})
}
