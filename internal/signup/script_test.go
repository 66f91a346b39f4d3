package signup_test

import (
	"net/mail"
	"strings"
	"testing"

	"publisher/internal/signup"
)

func TestScripts(t *testing.T) {
	if n := len("<script>" + signup.FormScript() + "</script>"); n >= 1500 {
		t.Errorf("the form's script has %d octets", n)
	}
	for _, script := range []string{signup.FormScript(), signup.WorkScript()} {
		// Blog engines would take these for their own, and browsers for the end.
		for _, mark := range []string{"{{", "{%", "{#", "</", "<!--", "\n", "SOLVE"} {
			if strings.Contains(script, mark) {
				t.Errorf("a script has %q: %s", mark, script)
			}
		}
	}
}

func TestMailURL(t *testing.T) {
	if got := signup.MailURL(&mail.Address{Address: "bounces@example.com"}); got != "mailto:bounces+subscribe@example.com?subject=subscribe" {
		t.Error(got)
	}
	if got := signup.MailURL(&mail.Address{Address: "a?b&c@example.com"}); got != "mailto:a%3Fb&c+subscribe@example.com?subject=subscribe" {
		t.Error(got)
	}
	if got := signup.MailURL(nil); got != "" {
		t.Error(got)
	}
}
