package bounce

import (
	"strings"
	"testing"

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
func BenchmarkLongReports(b *testing.B) {
	for _, piece := range []string{"user ", "unknown ", "<", "5.1.1 ", "550-", "a@b ", "é", "\xff", "rate limit", "no such ", "x."} {
		b.Run(piece, func(b *testing.B) {
			reply, text := strings.Repeat(piece, 1<<16), strings.Repeat(piece+"\n", 1<<16)
			b.SetBytes(int64(len(reply) + len(text)))
			for b.Loop() {
				findReply(reply)
				beforeCopy(text)
			}
		})
	}
}
