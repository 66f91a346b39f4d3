package message

import (
	"strings"
	"testing"
)

// What Size reckons is never too low, and not far too high.
func TestSizeIsAnUpperBound(t *testing.T) {
	m := compose(t, testConfig(), testDigest(testPosts(3, 5)...))
	long := "https://news.example.com/unsubscribe/" + strings.Repeat("=&é", 50)
	for name, r := range map[string]Recipient{
		"plain":  {Address: "a@example.org", MessageID: "1.2", UnsubscribeURL: "https://news.example.com/unsubscribe/abc", UnsubscribeMailto: "mailto:b@example.com"},
		"bare":   {Address: "a@example.org"},
		"long":   {Name: strings.Repeat("Ж", 320), Address: strings.Repeat("a", 64) + "@example.org", MessageID: strings.Repeat("9", 60), UnsubscribeURL: long, PreferencesURL: long, UnsubscribeMailto: "mailto:" + strings.Repeat("b", 250)},
		"quoted": {Name: strings.Repeat(`"\`, 100), Address: "a@example.org", PreferencesURL: long},
	} {
		made := m.Append(nil, r)
		if got := m.Size(r); got < len(made) || got > len(made)+6000 {
			t.Errorf("%s: %d, but the message has %d", name, got, len(made))
		}
	}
}
