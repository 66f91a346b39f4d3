package bounce

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadMailLog(t *testing.T) {
	const log = `Nov 22 12:00:00 mx postfix/smtpd[100]: 4F1A2B: client=localhost[127.0.0.1]
Nov 22 12:00:00 mx postfix/cleanup[101]: 4F1A2B: message-id=<1.1.a@example.com>
Nov 22 12:00:00 mx postfix/qmgr[102]: 4F1A2B: from=<bounces@example.com>, size=9000, nrcpt=1 (queue active)
Nov 22 12:00:01 mx postfix/cleanup[101]: 4F1A2C: message-id=<1.2.cut-off@example.com>
Nov 22 12:00:01 mx postfix/qmgr[102]: 4F1A2D: from=<other@example.com>, size=9000, nrcpt=1 (queue active)
2026-11-22 12:00:02 1rABCD-000001-2x <= bounces@example.com H=localhost P=esmtp S=900 id=1.3.exim@example.com
2026-11-22 12:00:02 H=localhost rejected after DATA: spam id=1.4.rejected@example.com
{"msg":"accepted","message_id":"<1.5.generic@example.com>"}
Nov 22 12:00:03 mx app: <9.9.strange@example.com>
`
	var got []string
	wanted := func(id string) bool { return strings.HasPrefix(id, "1.") }
	if err := ReadMailLog(strings.NewReader(log), wanted, func(id string) { got = append(got, id) }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	want := []string{"1.1.a@example.com", "1.3.exim@example.com", "1.5.generic@example.com"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
