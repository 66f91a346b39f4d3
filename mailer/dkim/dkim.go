// Package dkim generates keys and signs messages (RFC 6376).
package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"publisher/internal/config"
)

// minRSA is the smallest RSA key that signs (RFC 8301 §3.2).
const minRSA = 1024

// signed are the header fields that a signature covers. If a field is listed once more than it
// occurs, it cannot be added on the way (RFC 6376 §8.15).
var signed = []string{
	"From", "From", "To", "To", "Subject", "Subject", "Reply-To", "Reply-To", "Date", "Date", "Message-ID", "Message-ID",
	"List-Id", "List-Id", "List-Unsubscribe", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Unsubscribe-Post",
	"Auto-Submitted", "MIME-Version", "MIME-Version", "Content-Type", "Content-Type", "Content-Transfer-Encoding", "Content-Language",
}

// Signer adds DKIM signatures to messages (RFC 6376), one for each of its keys. It is safe for
// concurrent use.
type Signer struct{ keys []dkim.SignOptions }

// LoadSigner reads the keys of mail.dkim. path makes a file name of the config absolute.
// Errors name the file and say what to do.
func LoadSigner(keys []config.DKIM, path func(string) string) (*Signer, error) {
	s := &Signer{}
	for _, key := range keys {
		private, err := LoadKey(path(key.KeyFile))
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no file %s; `publisher dkim generate --domain %s --selector %s --out %s` creates it",
				path(key.KeyFile), key.Domain, key.Selector, key.KeyFile)
		}
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, dkim.SignOptions{
			Domain: key.Domain, Selector: key.Selector, Signer: private, HeaderKeys: signedWithout(key.Omit),
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationSimple,
		})
	}
	return s, nil
}

// signedWithout returns the fields to sign, without those in omit.
func signedWithout(omit []string) []string {
	return slices.DeleteFunc(slices.Clone(signed), func(field string) bool {
		return slices.ContainsFunc(omit, func(name string) bool { return strings.EqualFold(name, field) })
	})
}

// LoadKey reads a private key in PEM: PKCS #8, or PKCS #1 as older tools write it.
func LoadKey(file string) (crypto.Signer, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the DKIM key: %w", err)
	}
	const want = "it must be a private key in PEM, such as `publisher dkim generate` writes"
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is not a DKIM key: %s", file, want)
	}
	var key any
	if key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, fmt.Errorf("%s (%s) is not a DKIM key: %s", file, strings.ToLower(block.Type), want)
		}
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < minRSA {
			return nil, fmt.Errorf("%s: an RSA key of %d bits is too short to be trusted (RFC 8301); generate one of 2048 with `publisher dkim generate`", file, bits)
		}
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, fmt.Errorf("%s: DKIM supports only RSA and Ed25519 keys, not %T; `publisher dkim generate` generates either", file, key)
}

// Readable reports whether anyone but its owner can read the key file.
func Readable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().Perm()&0o007 != 0
}

// Sign inserts the signatures before the message.
func (s *Signer) Sign(message []byte) ([]byte, error) {
	if s == nil {
		return message, nil
	}
	var signatures []byte
	for i := range s.keys {
		signer, err := dkim.NewSigner(&s.keys[i])
		if err != nil {
			return message, fmt.Errorf("signing: %w", err)
		}
		_, err = signer.Write(message)
		if err = errors.Join(err, signer.Close()); err != nil {
			return message, fmt.Errorf("signing: %w", err)
		}
		signatures = append(signatures, signer.Signature()...)
	}
	return slices.Insert(message, 0, signatures...), nil
}

// Size returns the maximum number of octets that the signatures add.
func (s *Signer) Size() int {
	if s == nil {
		return 0
	}
	const (
		fields = 900 // tags, names of header fields, hashes, folding
		name   = 2   // a folded name has line ends in it
	)
	n := 0
	for _, key := range s.keys {
		n += fields + name*(len(key.Domain)+len(key.Selector)) + keySize(key.Signer)
	}
	return n
}

// GenerateKey generates a key. algorithm is "rsa" (2048 bits) or "ed25519".
func GenerateKey(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "rsa":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "ed25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("unknown algorithm %q; must be rsa or ed25519", algorithm)
}

// WriteKey writes the key so that only its owner can read it. It never overwrites a file.
func WriteKey(file string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("writing the key: %w", err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s already exists and is never overwritten; name another file with --out", file)
	}
	if err != nil {
		return fmt.Errorf("writing the key: %w", err)
	}
	err = pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return errors.Join(err, f.Sync(), f.Close())
}

// KeyRecord returns the text of the TXT record that publishes a key (RFC 6376 §3.6.1). It
// contains an Ed25519 key as it is (RFC 8463 §4), and an RSA key as SubjectPublicKeyInfo.
func KeyRecord(key crypto.Signer) (string, error) {
	if public, ok := key.Public().(ed25519.PublicKey); ok {
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), nil
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", fmt.Errorf("encoding the public key: %w", err)
	}
	return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), nil
}

// ZoneLine returns the record as a line of a zone file, in strings of at most 255 octets (RFC
// 1035 §3.3), which resolvers join (RFC 6376 §3.6.2.2).
func ZoneLine(selector, domain, record string) string {
	const longest = 255
	var parts []string
	for record != "" {
		n := min(longest, len(record))
		parts = append(parts, `"`+record[:n]+`"`)
		record = record[n:]
	}
	text := strings.Join(parts, " ")
	if len(parts) > 1 {
		text = "( " + strings.Join(parts, "\n\t") + " )"
	}
	return fmt.Sprintf("%s._domainkey.%s. IN TXT %s", selector, domain, text)
}

// keySize returns the length of a key's signature in base64, folded.
func keySize(key crypto.Signer) int {
	octets := ed25519.SignatureSize
	if public, ok := key.Public().(*rsa.PublicKey); ok {
		octets = public.Size()
	}
	const line = 70 // folding adds three octets to each
	encoded := base64.StdEncoding.EncodedLen(octets)
	return encoded + 3*(encoded/line+1)
}
