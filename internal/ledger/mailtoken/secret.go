package mailtoken

import (
	"crypto/rand"
	"crypto/sha256"
)

// secretBytes are 128 random bits.
const secretBytes = 16

// NewSecret returns a random token: 26 characters of lower-case base32, so that it can be in
// an address too, whose case mail systems change. Unlike a Codec's token it proves nothing of
// itself: the ledger has to know its SecretHash.
func NewSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails
	return base32Text.EncodeToString(b)
}

// IsSecret reports whether text has the form of a secret.
func IsSecret(text string) bool {
	b, err := base32Text.DecodeString(text)
	return err == nil && len(b) == secretBytes && len(text) == base32Text.EncodedLen(secretBytes)
}

// SecretHash returns what the ledger stores of a secret: its SHA-256. Case does not matter.
func SecretHash(secret string) []byte {
	sum := sha256.Sum256([]byte(lowerASCII(secret)))
	return sum[:]
}
