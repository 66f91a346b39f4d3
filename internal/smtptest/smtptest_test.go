package smtptest_test

import (
	"net/smtp"
	"strconv"
	"testing"

	"publisher/internal/smtptest"
)

func TestSinkTakesAndRefuses(t *testing.T) {
	server, err := smtptest.Start(smtptest.Options{Fault: func(stage smtptest.Stage, to string, tries int) smtptest.Fault {
		if stage == smtptest.Rcpt && to == "later@example.net" && tries == 0 {
			return "450 later"
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	send := func(to string) error {
		return smtp.SendMail("127.0.0.1:"+strconv.Itoa(server.Port()), nil, "a@example.com", []string{to}, []byte("Subject: x\r\n\r\n.dot\r\n"))
	}
	if err := send("now@example.net"); err != nil {
		t.Error(err)
	}
	if err := send("later@example.net"); err == nil {
		t.Error("the first try was taken")
	}
	if err := send("later@example.net"); err != nil {
		t.Error(err)
	}
	if taken := server.Taken(); taken["now@example.net"] != 1 || taken["later@example.net"] != 1 || server.Total() != 2 {
		t.Errorf("took %v", taken)
	}
}
