package bounce

import (
	"strings"
	"testing"
	"time"

	"publisher/mailer/refusal"
	"publisher/mailer/refusal/refusaltest"
)

func TestWhomAReportIsAbout(t *testing.T) {
	abouts := map[string]refusal.About{"mailbox": refusal.AboutMailbox, "transient": refusal.AboutTransient, "us": refusal.AboutUs, "unclear": refusal.Unclear}
	for _, c := range refusaltest.Cases(t) {
		if c.Where == "DSN" {
			checkReport(t, abouts[c.About], c.Text)
		}
	}
}

// checkReport reads a report with the fields of a case.
func checkReport(t *testing.T, about refusal.About, text string) {
	t.Helper()
	status, diagnostic, _ := strings.Cut(text, "; ")
	mail := strings.Replace(report("Action: failed\n"+status+"\n"+diagnostic), "bounces+token@example.com", "bounces+token@blog.example.org", 1)
	got, err := Read(strings.NewReader(mail))
	if err != nil {
		t.Fatal(err)
	}
	want := map[refusal.About]Kind{refusal.AboutMailbox: HardBounce, refusal.AboutTransient: SoftBounce, refusal.AboutUs: Refused, refusal.Unclear: SoftBounce}[about]
	if got.Kind != want || got.About != about {
		t.Errorf("%s\n\tis a %v, %v, want a %v, %v", text, got.Kind, got.About, want, about)
	}
}

// A report may be of any bytes, and costs no more than its length.
func TestLongReports(t *testing.T) {
	for _, piece := range []string{"user ", "unknown ", "<", "5.1.1 ", "550-", "a@b ", "é", "\xff", "rate limit", "no such ", "x."} {
		start := time.Now()
		findReply(strings.Repeat(piece, 1<<16))
		beforeCopy(strings.Repeat(piece+"\n", 1<<16))
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%q takes %v", piece, d)
		}
	}
}
