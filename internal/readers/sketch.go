package readers

import (
	"math"
	"math/bits"
	"slices"
)

const (
	// exact is up to how many hashes are kept as they are.
	exact = 256
	// precision is the number of bits of a hash that choose a register: the error is 1.04/√4096, 1.6 %.
	precision = 12
)

// sketch counts different hashes: a few exactly, many by HyperLogLog. It takes 4 kB at most. The
// zero value has none.
type sketch struct {
	hashes    []uint64 // sorted; nil once there are registers
	registers []uint8
}

// add adds a hash, and reports whether that may change the count.
func (s *sketch) add(hash uint64) bool {
	if s.registers != nil {
		return s.register(hash)
	}
	at, found := slices.BinarySearch(s.hashes, hash)
	if found {
		return false
	}
	if len(s.hashes) < exact {
		s.hashes = slices.Insert(s.hashes, at, hash)
		return true
	}
	s.registers = make([]uint8, 1<<precision)
	for _, h := range s.hashes {
		s.register(h)
	}
	s.hashes = nil
	s.register(hash)
	return true
}

func (s *sketch) register(hash uint64) bool {
	i := hash >> (64 - precision)
	rank := uint8(bits.LeadingZeros64(hash<<precision|1<<(precision-1))) + 1
	if rank <= s.registers[i] {
		return false
	}
	s.registers[i] = rank
	return true
}

// count returns about how many different hashes there are.
func (s *sketch) count() int64 {
	if s.registers == nil {
		return int64(len(s.hashes))
	}
	const m = 1 << precision
	sum, empty := 0.0, 0
	for _, r := range s.registers {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			empty++
		}
	}
	estimate := 0.7213 / (1 + 1.079/m) * m * m / sum
	if estimate <= 2.5*m && empty > 0 {
		estimate = m * math.Log(float64(m)/float64(empty))
	}
	return int64(math.Round(estimate))
}
