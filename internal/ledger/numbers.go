package ledger

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Numbers are sequence numbers of posts, ascending, each once. They are stored as
// decimals with spaces between.
type Numbers []int64

// NewNumbers sorts the numbers and drops repeated ones.
func NewNumbers(n ...int64) Numbers {
	sorted := slices.Clone(n)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// Contains reports whether seq is among them.
func (n Numbers) Contains(seq int64) bool {
	_, found := slices.BinarySearch(n, seq)
	return found
}

// Union returns the union of both.
func (n Numbers) Union(more Numbers) Numbers {
	switch {
	case len(more) == 0:
		return n
	case len(n) == 0:
		return more
	}
	return NewNumbers(slices.Concat(n, more)...)
}

// Minus returns those that are not among the others.
func (n Numbers) Minus(others Numbers) Numbers {
	return n.only(func(seq int64) bool { return !others.Contains(seq) })
}

// Intersect returns those that are among the others too.
func (n Numbers) Intersect(others Numbers) Numbers { return n.only(others.Contains) }

// Above returns those that are greater than seq.
func (n Numbers) Above(seq int64) Numbers {
	i, _ := slices.BinarySearch(n, seq+1)
	return n[i:]
}

func (n Numbers) only(keep func(int64) bool) Numbers {
	var kept Numbers
	for _, seq := range n {
		if keep(seq) {
			kept = append(kept, seq)
		}
	}
	return kept
}

func (n Numbers) String() string {
	var b strings.Builder
	for i, seq := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatInt(seq, 10))
	}
	return b.String()
}

// Value implements driver.Valuer.
func (n Numbers) Value() (driver.Value, error) { return n.String(), nil }

// Scan implements sql.Scanner.
func (n *Numbers) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return fmt.Errorf("sequence numbers are stored as %T", src)
	}
	*n = nil
	if text == "" {
		return nil
	}
	for field := range strings.FieldsSeq(text) {
		seq, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return fmt.Errorf("sequence numbers are stored as %q", text)
		}
		*n = append(*n, seq)
	}
	*n = NewNumbers(*n...)
	return nil
}
