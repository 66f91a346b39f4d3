package postgrestest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Encrypt has the server let nobody in over the network without TLS. Its certificate is for one host,
// and signed by itself. It returns the certificate's file.
func (s *Server) Encrypt(t testing.TB, host string) (certificate string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signed := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, signed, signed, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate = filepath.Join(s.dir, "server.crt")
	for name, text := range map[string][]byte{
		certificate:                         pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		filepath.Join(s.dir, "server.key"):  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		filepath.Join(s.dir, "pg_hba.conf"): []byte("local all all trust\nhostssl all all 0.0.0.0/0 scram-sha-256\n"),
	} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if os.Geteuid() == 0 {
			if err := os.Chown(name, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
	}
	in := func(name string) string { return " = '" + filepath.Join(s.dir, name) + "'" }
	if err := s.configure([]string{"ssl = on", "ssl_cert_file" + in("server.crt"), "ssl_key_file" + in("server.key"), "hba_file" + in("pg_hba.conf")}); err != nil {
		t.Fatal(err)
	}
	s.Restart(t)
	return certificate
}
