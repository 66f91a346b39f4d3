package signup_test

import (
	"net/netip"
	"strings"
	"testing"

	"publisher/internal/signup"
)

var trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("198.51.100.0/24")}

func TestClient(t *testing.T) {
	for _, test := range []struct {
		remote    string
		forwarded []string
		want      string
	}{
		{"192.0.2.7:1234", nil, "192.0.2.7"},
		{"192.0.2.7:1234", []string{"203.0.113.1"}, "192.0.2.7"}, // which anyone can send
		{"127.0.0.1:1234", nil, "127.0.0.1"},
		{"[::1]:1234", []string{"203.0.113.1"}, "203.0.113.1"},
		{"127.0.0.1:1234", []string{"1.1.1.1, 203.0.113.1"}, "203.0.113.1"},
		{"127.0.0.1:1234", []string{"203.0.113.1, 198.51.100.9"}, "203.0.113.1"},
		{"127.0.0.1:1234", []string{"203.0.113.1", "198.51.100.9,127.0.0.1"}, "203.0.113.1"},
		{"127.0.0.1:1234", []string{"198.51.100.9"}, "198.51.100.9"},
		{"127.0.0.1:1234", []string{"203.0.113.1, unknown"}, "127.0.0.1"},
		{"127.0.0.1:1234", []string{"203.0.113.1,"}, "127.0.0.1"},
		{"127.0.0.1:1234", []string{""}, "127.0.0.1"},
		{"127.0.0.1:1234", []string{"203.0.113.1:999"}, "203.0.113.1"},
		{"127.0.0.1:1234", []string{"[2001:db8::1]:999"}, "2001:db8::1"},
		{"127.0.0.1:1234", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"127.0.0.1:1234", []string{"2001:db8::1%eth0"}, "2001:db8::1"},
		{"127.0.0.1:1234", []string{"::ffff:203.0.113.1"}, "203.0.113.1"},
		{"[::ffff:127.0.0.1]:1234", []string{"203.0.113.1"}, "203.0.113.1"},
		{"127.0.0.1:1234", []string{strings.Repeat("127.0.0.1,", 500) + "127.0.0.2"}, "127.0.0.1"},
	} {
		if got := signup.Client(test.remote, test.forwarded, trusted).String(); got != test.want {
			t.Errorf("%s %q: %s, want %s", test.remote, test.forwarded, got, test.want)
		}
	}
	if got := signup.Client("@", []string{"203.0.113.1"}, trusted); got.IsValid() {
		t.Errorf("without an address: %s", got)
	}
}

// Whatever a client sends, what the proxy in front has appended decides.
func FuzzClient(f *testing.F) {
	for _, seed := range []string{"", "203.0.113.1", "1.1.1.1, 127.0.0.1", "[::1]:80", ",,,", "::ffff:1.2.3.4%x", "unknown, _hidden"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, forwarded string) {
		if got := signup.Client("192.0.2.7:1", []string{forwarded}, trusted); got != netip.MustParseAddr("192.0.2.7") {
			t.Errorf("%q from an untrusted client: %s", forwarded, got)
		}
		for _, values := range [][]string{{forwarded + ", 203.0.113.1"}, {forwarded, "203.0.113.1"}} {
			if got := signup.Client("127.0.0.1:1", values, trusted); got != netip.MustParseAddr("203.0.113.1") {
				t.Errorf("%q: %s", values, got)
			}
		}
		got := signup.Client("127.0.0.1:1", []string{forwarded}, trusted)
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Errorf("%q: %v", forwarded, got)
		}
	})
}
