package sqlite

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"publisher/internal/hint"
	"publisher/internal/ledger"
)

// A row of the journal is a byte for its version, how many attempts ended and when the last
// one did, and the deliveries that changed. Numbers are varints; times are microseconds
// since 1970 in UTC, 0 for none. Version 1 lacks the numbers of a delivery from Digest on.
const (
	formV1 = 1
	formV2 = 2
)

// statusCodes are the statuses, by their bytes.
var statusCodes = []ledger.DeliveryStatus{ledger.Sending, ledger.Sent, ledger.Deferred, ledger.Failed, ledger.Uncertain}

// settledFlag marks a delivery whose subscriber's Due changes. The other bits are unused.
const settledFlag = 1

func encodeStep(s *ledger.Step) []byte {
	row := append(make([]byte, 0, 16+96*len(s.Changed)), formV2)
	row = binary.AppendVarint(row, int64(s.Ended))
	row = appendTime(row, s.LastEnd)
	for _, d := range s.Changed {
		var flags byte
		if d.Settled {
			flags = settledFlag
		}
		row = append(row, byte(slices.Index(statusCodes, d.Status)), flags)
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

var errJournalRow = hint.With(errors.New("cannot read a row of its journal"), "restore a backup, or use the version of publisher that wrote it")

// decodeStep decodes the changes that encodeStep encoded.
func decodeStep(row []byte) (*ledger.Step, error) {
	if len(row) == 0 || row[0] < formV1 || row[0] > formV2 {
		return nil, errJournalRow
	}
	r := &rowReader{rest: row[1:], version: row[0]}
	s := &ledger.Step{Ended: int(r.number()), LastEnd: r.time()}
	for len(r.rest) > 0 && !r.bad {
		s.Changed = append(s.Changed, r.delivery())
	}
	if r.bad {
		return nil, errJournalRow
	}
	return s, nil
}

// rowReader takes values off a row; bad says that one was missing.
type rowReader struct {
	rest    []byte
	version byte
	bad     bool
}

func (r *rowReader) delivery() *ledger.StepDelivery {
	head := r.take(2)
	if r.bad || int(head[0]) >= len(statusCodes) {
		r.bad = true
		return nil
	}
	d := &ledger.StepDelivery{Settled: head[1]&settledFlag != 0}
	d.Status = statusCodes[head[0]]
	d.Edition, d.Subscriber, d.After, d.Through = r.number(), r.number(), r.number(), r.number()
	d.Attempts, d.Code = int(r.number()), int(r.number())
	if r.version > formV1 {
		d.Digest, d.DueReason, d.Resent = r.number(), ledger.DueReason(r.number()), int(r.number())
	} else if d.Status == ledger.Failed && !d.Settled {
		d.DueReason = ledger.GaveUp
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

func (r *rowReader) take(n int) []byte {
	if len(r.rest) < n {
		r.bad = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *rowReader) number() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *rowReader) time() time.Time {
	if v := r.number(); v != 0 {
		return time.UnixMicro(v).UTC()
	}
	return time.Time{}
}
