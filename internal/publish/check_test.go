package publish

import (
	"net/url"
	"strings"
	"testing"

	"publisher/internal/config"
)

func TestCheckWarnsOfRelaysThatReplaceWhatIsSigned(t *testing.T) {
	for _, test := range []struct {
		host string
		omit []string
		want string // a part of the warning; "" for none
	}{
		{"email-smtp.eu-west-1.amazonaws.com", nil, "covers Message-ID and Date, which Amazon SES"},
		{"email-smtp-fips.us-east-1.amazonaws.com", []string{"message-id"}, "covers Date, which Amazon SES"},
		{"EMAIL-SMTP.eu-west-1.amazonaws.com.", []string{"Message-ID", "Date"}, ""},
		{"ssl0.ovh.net", nil, "covers Message-ID, which OVH"},
		{"smtp.mail.ovh.net", nil, "add omit: [Message-ID] to that key"},
		{"ssl0.ovh.net", []string{"Message-ID"}, ""},
		{"mail.example.com", nil, ""},
		{"notssl0.ovh.net", nil, ""},
		{"ec2.amazonaws.com", nil, ""},
		{"email-smtp.amazonaws.com.example.com", nil, ""},
	} {
		cfg := config.Default()
		cfg.Server.URL = &url.URL{Scheme: "https", Host: "news.example.com"}
		cfg.Mail.SMTP.Host = test.host
		cfg.Mail.DKIM = []config.DKIM{{Domain: "example.com", Selector: "s1", KeyFile: "k.pem", Omit: test.omit}}
		var got []string
		for _, warning := range New(cfg, Options{}).signingWarnings() {
			got = append(got, warning.Message)
		}
		text := strings.Join(got, "\n")
		if test.want == "" && text != "" || !strings.Contains(text, test.want) {
			t.Errorf("%s without %v: got %q, want %q", test.host, test.omit, text, test.want)
		}
	}
}
