package ledger

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

// A row of the journal is a byte for its form, how many attempts ended and when the
// last one did, and the deliveries that changed. Numbers are varints; times are
// microseconds since 1970 in UTC, 0 for none.
// Form 1 lacks what a delivery has from Digest on.
const (
	firstForm   = 1
	entriesForm = 2
)

// progressCodes are the bytes that stand for each Progress.
var progressCodes = []DeliveryStatus{Sending, Sent, Deferred, Failed, Uncertain}

const (
	movedFlag = 1 << iota
	bouncedFlag
)

func (g *group) encode() []byte {
	row := append(make([]byte, 0, 16+96*len(g.changed)), entriesForm)
	row = binary.AppendVarint(row, int64(g.ended))
	row = appendTime(row, g.lastEnd)
	for _, d := range g.changed {
		var flags byte
		if d.moved {
			flags |= movedFlag
		}
		if d.bounced {
			flags |= bouncedFlag
		}
		row = append(row, byte(slices.Index(progressCodes, d.Status)), flags)
		for _, n := range []int64{d.Edition, d.Subscriber, d.After, d.Through, int64(d.Attempts), int64(d.Code), d.Digest, int64(d.DueReason), int64(d.Resent)} {
			row = binary.AppendVarint(row, n)
		}
		for _, t := range []time.Time{d.FirstTried, d.LastTried, d.NextTry} {
			row = appendTime(row, t)
		}
		row = append(binary.AppendUvarint(row, uint64(len(d.Reply))), d.Reply...)
	}
	return row
}

func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(dst, 0)
	}
	return binary.AppendVarint(dst, t.UnixMicro())
}

var errEntries = errors.New("a row of its journal cannot be read; restore it from a backup, or use the version of publisher that wrote it")

// decodeGroup reads what encode wrote.
func decodeGroup(row []byte) (*group, error) {
	if len(row) == 0 || row[0] < firstForm || row[0] > entriesForm {
		return nil, errEntries
	}
	r := &entryReader{rest: row[1:], form: row[0]}
	g := &group{ended: int(r.number()), lastEnd: r.time()}
	for len(r.rest) > 0 && !r.bad {
		g.changed = append(g.changed, r.record())
	}
	if r.bad {
		return nil, errEntries
	}
	return g, nil
}

// entryReader takes values off a row; bad tells that there was one missing.
type entryReader struct {
	rest []byte
	form byte
	bad  bool
}

func (r *entryReader) record() *record {
	head := r.take(2)
	if r.bad || int(head[0]) >= len(progressCodes) {
		r.bad = true
		return nil
	}
	d := &record{moved: head[1]&movedFlag != 0, bounced: head[1]&bouncedFlag != 0}
	d.Status = progressCodes[head[0]]
	d.Edition, d.Subscriber, d.After, d.Through = r.number(), r.number(), r.number(), r.number()
	d.Attempts, d.Code = int(r.number()), int(r.number())
	if r.form > firstForm {
		d.Digest, d.DueReason, d.Resent = r.number(), DueReason(r.number()), int(r.number())
	} else if d.Status == Failed && !d.moved {
		d.DueReason = GaveUp
	}
	d.FirstTried, d.LastTried, d.NextTry = r.time(), r.time(), r.time()
	size, n := binary.Uvarint(r.rest)
	if n <= 0 || size > uint64(len(r.rest)-n) {
		r.bad = true
		return nil
	}
	r.rest = r.rest[n:]
	d.Reply = string(r.take(int(size)))
	return d
}

func (r *entryReader) take(n int) []byte {
	if len(r.rest) < n {
		r.bad = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *entryReader) number() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *entryReader) time() time.Time {
	if v := r.number(); v != 0 {
		return time.UnixMicro(v).UTC()
	}
	return time.Time{}
}
