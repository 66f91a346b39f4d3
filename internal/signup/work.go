package signup

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// WorkBits is how many zeros the hash of an answered challenge begins with.
	WorkBits = 18
	workTime = 10 * time.Minute
	macSize  = 16
)

// The letters of a challenge are one block of SHA-256, which a script hashes only once.
const challengeLetters = 64

var challengeCoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// work issues and checks proofs of work. A challenge is its expiry, a random number and a MAC
// over both and the address. Its answer is a 32-bit number n such that the SHA-256 of the
// challenge's letters and n, in four bytes, begins with WorkBits zeros.
type work struct {
	key [32]byte

	mu   sync.Mutex
	used map[string]time.Time // answered challenges until they expire
}

func newWork() *work {
	w := &work{used: map[string]time.Time{}}
	rand.Read(w.key[:]) //nolint:errcheck // it never fails
	return w
}

// challenge returns a new challenge for an address.
func (w *work) challenge(address string, now time.Time) string {
	head := binary.BigEndian.AppendUint64(nil, uint64(now.Add(workTime).Unix()))
	head = append(head, make([]byte, 16)...)
	rand.Read(head[8:]) //nolint:errcheck // it never fails
	return challengeCoding.EncodeToString(append(head, w.mac(head, address)...))
}

func (w *work) mac(head []byte, address string) []byte {
	mac := hmac.New(sha256.New, w.key[:])
	mac.Write(head)
	mac.Write([]byte(address))
	return mac.Sum(nil)[:macSize]
}

// accept reports whether answer, a challenge with its number after a dot, is right for the
// address. It is so only once.
func (w *work) accept(answer, address string, now time.Time) bool {
	challenge, number, _ := strings.Cut(answer, ".")
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || len(challenge) != challengeLetters {
		return false
	}
	raw, err := challengeCoding.DecodeString(challenge)
	if err != nil {
		return false
	}
	head, mac := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	expires := time.Unix(int64(binary.BigEndian.Uint64(head)), 0)
	if !hmac.Equal(mac, w.mac(head, address)) || now.After(expires) || zeros(challenge, uint32(n)) < WorkBits {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for c, until := range w.used {
		if now.After(until) {
			delete(w.used, c)
		}
	}
	_, before := w.used[challenge]
	w.used[challenge] = expires
	return !before
}

// zeros returns the number of leading zero bits that n achieves.
func zeros(challenge string, n uint32) int {
	sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(challenge), n))
	return bits.LeadingZeros32(binary.BigEndian.Uint32(sum[:]))
}
