//go:build postfix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// nobody is the user as whom Postfix runs an alias's command, and so owns the blog.
const nobody = 65534

// mailSystem is the test's own Postfix and Dovecot, on loopback only, configured by
// testdata/postfix.
type mailSystem struct {
	Dir            string // readable by everybody, as t.TempDir is not
	Submission, MX int    // ports
	IMAP           int
	UID            int
	Password       string
	publisher      string // the program, built
}

func startMailSystem(t *testing.T) *mailSystem {
	t.Helper()
	for _, program := range []string{"/usr/sbin/postfix", "/usr/sbin/dovecot", "/usr/lib/dovecot/imap-login"} {
		if _, err := os.Stat(program); err != nil {
			t.Fatalf("%v; this test needs Debian's packages postfix and dovecot-imapd", err)
		}
	}
	if os.Geteuid() != 0 {
		t.Fatal("Postfix starts as root only: run this test as root")
	}
	dir, err := os.MkdirTemp("", "publisher-postfix")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &mailSystem{Dir: dir, UID: nobody, Password: "correct-horse", publisher: filepath.Join(dir, "publisher")}
	m.Submission, m.MX, m.IMAP = freePort(t), freePort(t), freePort(t)
	m.prepare(t)
	command(t, "go", "build", "-o", m.publisher, ".")
	m.startDovecot(t)
	command(t, "postfix", "-c", filepath.Join(dir, "postfix"), "start")
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(dir, "postfix.log"))
			t.Logf("Postfix says:\n%s", text)
		}
		command(t, "postfix", "-c", filepath.Join(dir, "postfix"), "stop")
	})
	for _, port := range []int{m.Submission, m.MX} {
		await(t, fmt.Sprintf("Postfix on port %d", port), func() bool {
			conn, err := net.Dial("tcp", m.address(port))
			if err == nil {
				conn.Close()
			}
			return err == nil
		})
	}
	return m
}

// prepare creates the folders and writes the configuration files.
func (m *mailSystem) prepare(t *testing.T) {
	t.Helper()
	owner, err := user.Lookup("postfix")
	if err != nil {
		t.Fatal(err)
	}
	postfix, err := strconv.Atoi(owner.Uid)
	if err != nil {
		t.Fatal(err)
	}
	for folder, uid := range map[string]int{"": 0, "postfix": 0, "spool": 0, "spool/private": postfix, "data": postfix, "mail": nobody, "dovecot": 0,
		"mail/bounces": nobody, "mail/bounces/new": nobody, "mail/bounces/cur": nobody, "mail/bounces/tmp": nobody,
		"mail/box": nobody, "mail/box/new": nobody, "mail/box/cur": nobody, "mail/box/tmp": nobody} {
		path := filepath.Join(m.Dir, folder)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, uid, -1); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.certify(t)
	for file, to := range map[string]string{"main.cf": "postfix", "master.cf": "postfix", "dovecot.conf": ""} {
		text, err := template.ParseFiles(filepath.Join("testdata/postfix", file))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := text.Execute(&out, m); err != nil {
			t.Fatal(err)
		}
		m.write(t, filepath.Join(to, file), out.String())
	}
	// As in docs/delivery.md, with 75 (EX_TEMPFAIL) if the program fails.
	m.write(t, "aliases", fmt.Sprintf("bounces: \"|%s bounce --config %s/piped/config.yaml || exit 75\"\n", m.publisher, m.Dir))
	command(t, "postalias", "-c", filepath.Join(m.Dir, "postfix"), "hash:"+filepath.Join(m.Dir, "aliases"))
}

// certify creates the server's certificate, which is trusted.
func (m *mailSystem) certify(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	m.write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	if err := os.Chmod(filepath.Join(m.Dir, "key.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (m *mailSystem) startDovecot(t *testing.T) {
	t.Helper()
	dovecot := exec.Command("/usr/sbin/dovecot", "-F", "-c", filepath.Join(m.Dir, "dovecot.conf"))
	var said strings.Builder
	dovecot.Stdout, dovecot.Stderr = &said, &said
	if err := dovecot.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dovecot.Process.Signal(syscall.SIGTERM)
		dovecot.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(filepath.Join(m.Dir, "dovecot.log"))
			t.Logf("Dovecot says:\n%s%s", &said, text)
		}
	})
	await(t, "Dovecot", func() bool {
		conn, err := net.Dial("unix", filepath.Join(m.Dir, "spool/private/auth"))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

func (m *mailSystem) address(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// write writes a file that everyone can read.
func (m *mailSystem) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.Dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// maildir returns the mails that were delivered to a folder, as they were sent.
func (m *mailSystem) maildir(t *testing.T, name string) (mails []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(m.Dir, "mail", name, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mails = append(mails, strings.ReplaceAll(string(text), "\n", "\r\n"))
	}
	return mails
}

// await waits for something that other programs do.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for end := time.After(30 * time.Second); !done(); {
		select {
		case <-poll.C:
		case <-end:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// freePort returns a port that is not in use.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
