package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/config"
)

func TestMailbox(t *testing.T) {
	for text, want := range map[string]config.Mailbox{
		"imaps://news:secret@mail.example.com/INBOX":             {Host: "mail.example.com", Port: 993, TLS: true, Username: "news", Password: "secret", Folder: "INBOX"},
		"imaps://news:secret@mail.example.com":                   {Host: "mail.example.com", Port: 993, TLS: true, Username: "news", Password: "secret", Folder: "INBOX"},
		"imaps://a%40example.com:s%3Ac@mx.example:9993/Back/Log": {Host: "mx.example", Port: 9993, TLS: true, Username: "a@example.com", Password: "s:c", Folder: "Back/Log"},
		"imaps://a@example.com:p@ss@mx.example/R%C3%BCck":        {Host: "mx.example", Port: 993, TLS: true, Username: "a@example.com", Password: "p@ss", Folder: "Rück"},
		"imaps://a:50%@mx.example/":                              {Host: "mx.example", Port: 993, TLS: true, Username: "a", Password: "50%", Folder: "INBOX"},
		"imap://a:b@127.0.0.1:1143/INBOX":                        {Host: "127.0.0.1", Port: 1143, Username: "a", Password: "b", Folder: "INBOX"},
		"imap://a:b@localhost/INBOX":                             {Host: "localhost", Port: 143, Username: "a", Password: "b", Folder: "INBOX"},
		"imap://a:b@[::1]:1143/INBOX":                            {Host: "::1", Port: 1143, Username: "a", Password: "b", Folder: "INBOX"},
		"imaps://a:${PASSWORD}@mx.example/INBOX":                 {Host: "mx.example", Port: 993, TLS: true, Username: "a", Password: "p/@:%41#", Folder: "INBOX"},
	} {
		cfg, err := parse(fmt.Sprintf("%smail: {bounces: %q}\n", head, text), map[string]string{"PASSWORD": "p/@:%41#"})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(&want, cfg.Mail.Mailbox); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		if name := cfg.Mail.Mailbox.Name(); strings.Contains(name, want.Password) && len(want.Password) > 1 {
			t.Errorf("the name %q contains the password", name)
		}
	}
}

// No fault repeats a password.
func TestFaultsOfMailboxes(t *testing.T) {
	for text, want := range map[string]string{
		"imaps:hunter2":                         "there is no // after the scheme",
		"imaps://hunter2":                       "there is no user",
		"imaps://:hunter2@mx.example/INBOX":     "user or password is empty",
		"imaps://a:@hunter2.example/INBOX":      "user or password is empty",
		"imaps://a:hunter2@/INBOX":              "the host is missing or malformed",
		"imaps://a:hunter2@mx example/INBOX":    "the host is missing or malformed",
		"imaps://a:hunter2@mx.example:0/INBOX":  "the port is not a number",
		"imaps://a:hunter2@mx.example:x/INBOX":  "the port is not a number",
		"imaps://a:hunter2%0d@mx.example/INBOX": "it contains a control character",
		"imap://a:hunter2@mx.example/INBOX":     "imap: would send the password unencrypted, and works for this machine only; imaps: encrypts it",
		"imap://a:hunter2@192.0.2.1/INBOX":      "imap: would send",
		"pop3://a:hunter2@mx.example/INBOX":     "must begin with maildir: or imaps:",
		"hunter2":                               "must begin with maildir: or imaps:",
		"maildir:":                              "must begin with maildir: or imaps:",
	} {
		_, err := parse(fmt.Sprintf("%smail: {bounces: %q}\n", head, text), nil)
		if err == nil || !strings.Contains(err.Error(), "config.yaml:2:17: mail.bounces: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the fault repeats the password: %v", text, err)
		}
	}
}

func TestEvents(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := base64.StdEncoding.EncodeToString(der)
	cfg, err := parse(head+`mail:
  events:
    - {from: ses, topic: "arn:aws:sns:eu-west-1:123456789012:bounces"}
    - {from: postmark, username: hook, password: "${PASSWORD}"}
    - {from: mailgun, key: yes}
    - {from: sendgrid, key: "`+public+`"}
`, map[string]string{"PASSWORD": "hunter2"})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Events{
		{From: "ses", Topic: "arn:aws:sns:eu-west-1:123456789012:bounces"},
		{From: "postmark", Username: "hook", Password: "hunter2"},
		{From: "mailgun", Key: "yes"},
		{From: "sendgrid", Key: public},
	}
	if diff := cmp.Diff(want, cfg.Mail.Events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got, err := cfg.Mail.Events[3].PublicKey(); err != nil || !key.PublicKey.Equal(got) {
		t.Errorf("the key is %v, %v", got, err)
	}
	for text, want := range map[string]string{
		"events: hunter2":                       "must be a list",
		"events: {from: ses}":                   "must be a list",
		"events: [hunter2]":                     "mail.events[0]: must have keys and values",
		"events: [{from: mandrill}]":            "mail.events[0]: from must be one of ses, postmark, mailgun, sendgrid",
		"events: [{key: hunter2}]":              "mail.events[0]: from must be one of",
		"events: [{from: ses}]":                 "mail.events[0]: ses needs topic",
		"events: [{from: postmark}]":            "mail.events[0]: postmark needs username and password",
		"events: [{from: mailgun}]":             "mail.events[0]: mailgun needs key",
		"events: [{from: a, kee: b}]":           `unknown key "mail.events[0].kee"`,
		"events: [{from: ses, topic: bounces}]": "mail.events[0].topic: \"bounces\" is not an SNS topic",
		"events: [{from: ses, topic: \"arn:aws:sns:eu-west-1/../x:123456789012:b\"}]": "is not an SNS topic",
		"events: [{from: mailgun, key: k, topic: t}]":                                 "mail.events[0].topic: is not for mailgun, which needs key",
		"events: [{from: postmark, username: u, password: p, key: hunter2}]":          "mail.events[0].key: is not for postmark, which needs username and password",
		"events: [{from: sendgrid, key: hunter2}]":                                    "mail.events[0].key: is not a verification key",
	} {
		_, err := parse(head+"mail: {"+text+"}\n", nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "hunter2") && !strings.Contains(text, "[hunter2]") && text != "events: hunter2" {
			t.Errorf("%s: the fault repeats the secret: %v", text, err)
		}
	}
	if _, err := parse(head+"mail: {reply_to: a@example.com, events: [{from: mailgun, key: k}]}\nserver: {url: \"\"}\n", nil); err == nil || !strings.Contains(err.Error(), "mail.events: needs the web server") {
		t.Errorf("without a web server: %v", err)
	}
}
