package dkim_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"publisher/internal/config"
	"publisher/mailer/dkim"
	"publisher/mailer/outbox"
	"publisher/mailer/smtp"
)

// twoKeys makes an RSA and an Ed25519 key, and answers for their DNS records.
func twoKeys(t *testing.T, omit ...string) (*dkim.Signer, func(string) ([]string, error)) {
	t.Helper()
	return keys(t, []string{"rsa", "ed25519"}, omit...)
}

func keys(t testing.TB, algorithms []string, omit ...string) (*dkim.Signer, func(string) ([]string, error)) {
	t.Helper()
	dir := t.TempDir()
	records := map[string]string{}
	var keys []config.DKIM
	for _, algorithm := range algorithms {
		key, err := dkim.GenerateKey(algorithm)
		if err != nil {
			t.Fatal(err)
		}
		if err := dkim.WriteKey(filepath.Join(dir, algorithm), key); err != nil {
			t.Fatal(err)
		}
		record, err := dkim.KeyRecord(key)
		if err != nil {
			t.Fatal(err)
		}
		records[algorithm+"._domainkey.example.com"] = record
		keys = append(keys, config.DKIM{Domain: "example.com", Selector: algorithm, KeyFile: algorithm, Omit: omit})
	}
	signer, err := dkim.LoadSigner(keys, func(name string) string { return filepath.Join(dir, name) })
	if err != nil {
		t.Fatal(err)
	}
	return signer, func(name string) ([]string, error) {
		if record, ok := records[name]; ok {
			return []string{record}, nil
		}
		return nil, errors.New("no such record: " + name)
	}
}

func verify(t *testing.T, message string, lookup func(string) ([]string, error)) (good int) {
	t.Helper()
	all, err := msgauth.VerifyWithOptions(strings.NewReader(message), &msgauth.VerifyOptions{LookupTXT: lookup})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if v.Err == nil {
			good++
		}
	}
	return good
}

// What the relay replaces can be left unsigned; all else is covered as before.
func TestOmittedFieldsMayChange(t *testing.T) {
	signer, lookup := twoKeys(t, "Message-ID", "date")
	const message = "From: a@example.com\r\nTo: b@example.net\r\nSubject: x\r\nDate: Mon, 5 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\nhello\r\n"
	signed, err := signer.Sign([]byte(message))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []struct {
		old, new string
		good     int
	}{
		{"<1@example.com>", "<2@relay.example>", 2}, {"5 Jan 2026", "6 Jan 2026", 2}, {"Subject: x", "Subject: y", 0},
	} {
		if got := verify(t, strings.Replace(string(signed), change.old, change.new, 1), lookup); got != change.good {
			t.Errorf("%s for %s: %d signatures hold, want %d", change.new, change.old, got, change.good)
		}
	}
}

func TestSignedMailVerifies(t *testing.T) {
	signer, lookup := twoKeys(t)
	dir := t.TempDir()
	catcher, err := outbox.Start(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer catcher.Close()
	sender, err := smtp.NewSender(catcher.SMTP(config.SMTP{Connections: 1, Timeout: time.Minute}), "client.example.com")
	if err != nil {
		t.Fatal(err)
	}
	sender.Sign(signer)
	// A line that begins with a dot, white space that relaxed canonicalization
	// folds, and empty lines at the end.
	message := "From: News <a@example.com>\r\nTo: b@example.net\r\nSubject: x   y\r\nList-Unsubscribe: <https://example.com/u/1>,\r\n" +
		" <mailto:u@example.com>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\n.dot  and \t space \r\n\r\nmore\r\n\r\n\r\n"
	if err := sender.Send(context.Background(), "", "b@example.net", []byte(message)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	filed, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(string(filed), "Delivered-To: b@example.net\r\n")
	if n := verify(t, got, lookup); n != 2 {
		t.Fatalf("%d good signatures, want 2 on\n%s", n, got)
	}
	for what, changed := range map[string]string{
		"another body":           strings.Replace(got, "more", "less", 1),
		"another unsubscribe":    strings.Replace(got, "/u/1", "/u/2", 1),
		"no one-click":           strings.Replace(got, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "", 1),
		"a second From":          strings.Replace(got, "From:", "From: Evil <e@example.org>\r\nFrom:", 1),
		"a Reply-To put in":      "Reply-To: e@example.org\r\n" + got,
		"a second Subject above": "Subject: evil\r\n" + got,
	} {
		if n := verify(t, changed, lookup); n != 0 {
			t.Errorf("%s: %d signatures still hold", what, n)
		}
	}
}

func TestLoadSignerErrors(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"words": "no key\n",
		"cert":  "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
	} {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"missing": "`publisher dkim generate --domain example.com --selector s1 --out missing` creates it",
		"words":   "words is not a DKIM key: it must be a private key in PEM",
		"cert":    "cert (certificate) is not a DKIM key",
	} {
		_, err := dkim.LoadSigner([]config.DKIM{{Domain: "example.com", Selector: "s1", KeyFile: name}}, path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

func TestKeyIsNeverWrittenOver(t *testing.T) {
	key, err := dkim.GenerateKey("ed25519")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "k.pem")
	if err := dkim.WriteKey(file, key); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	if err := dkim.WriteKey(file, key); err == nil || !strings.Contains(err.Error(), "never overwritten") {
		t.Errorf("got %v", err)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Error("the key changed")
	}
}

func TestZoneLineSplits(t *testing.T) {
	line := dkim.ZoneLine("s1", "example.com", strings.Repeat("x", 400))
	want := `s1._domainkey.example.com. IN TXT ( "` + strings.Repeat("x", 255) + "\"\n\t\"" + strings.Repeat("x", 145) + `" )`
	if line != want {
		t.Errorf("got %s", line)
	}
}

func BenchmarkSign(b *testing.B) {
	for _, algorithm := range []string{"rsa", "ed25519"} {
		b.Run(algorithm, func(b *testing.B) {
			signer, _ := keys(b, []string{algorithm})
			message := []byte("From: a@example.com\r\nSubject: x\r\n\r\n" + strings.Repeat("A line of text that is as long as most lines are.\r\n", 160))
			for b.Loop() {
				if _, err := signer.Sign(message[:len(message):len(message)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What Size reckons is never too low, and not far too high.
func TestSizeIsAnUpperBound(t *testing.T) {
	message := []byte("From: a@example.com\r\nSubject: x\r\n\r\nhello\r\n")
	for _, algorithm := range []string{"rsa", "ed25519"} {
		for _, names := range []config.DKIM{{Domain: "example.com", Selector: "s1"}, {Domain: strings.Repeat("long.", 40) + "example.com", Selector: strings.Repeat("s", 60)}} {
			key, err := dkim.GenerateKey(algorithm)
			if err != nil {
				t.Fatal(err)
			}
			names.KeyFile = filepath.Join(t.TempDir(), "key")
			if err := dkim.WriteKey(names.KeyFile, key); err != nil {
				t.Fatal(err)
			}
			signer, err := dkim.LoadSigner([]config.DKIM{names}, func(name string) string { return name })
			if err != nil {
				t.Fatal(err)
			}
			signed, err := signer.Sign(message[:len(message):len(message)])
			if err != nil {
				t.Fatal(err)
			}
			if got, adds := signer.Size(), len(signed)-len(message); got < adds || got > adds+2000 {
				t.Errorf("%s of %s: %d, but the signature has %d", algorithm, names.Domain, got, adds)
			}
		}
	}
}
