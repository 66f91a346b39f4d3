package work

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger/postgres"
	"publisher/internal/publish/delivery"
	"publisher/mailer/refusal"
)

// Whatever processes report which answers at a time, what they have in common decides as one process
// does that has all of them.
func TestRepliesInAnyParts(t *testing.T) {
	kinds := map[byte]delivery.Reply{
		's': {Code: 250}, 'd': {Code: 450}, '-': {},
		'm': {Code: 550, Refused: true, Words: "550 gone", About: refusal.AboutMailbox},
		'f': {Code: 552, Refused: true, Words: "552 full", About: refusal.AboutTransient},
		'u': {Code: 554, Refused: true, Words: "554 spam", About: refusal.AboutUs},
		'x': {Code: 550, Refused: true, Words: "550 no", About: refusal.Unclear},
	}
	random := rand.New(rand.NewPCG(1, 2))
	stops := 0
	for range 2000 {
		mix := []string{"m", "mfux", "s", "ssm", "ssssssssm-d", "sm", "mmmmms"}[random.IntN(7)]
		var all []delivery.Reply
		for i := range random.IntN(120) {
			a := kinds[mix[random.IntN(len(mix))]]
			a.Subscriber, a.At = int64(i+1), time.Unix(int64(1000+i), 0)
			all = append(all, a)
		}
		accepted := random.IntN(8) == 0
		one := delivery.Replies{Accepted: accepted}
		var marks []delivery.Refused
		why := ""
		for _, a := range all {
			stop, mark := one.Add(a)
			if mark != nil {
				marks = append(marks, *mark)
			}
			if stop && why == "" {
				why = one.StopError(7).Error()
			}
		}
		var state []byte
		var refusals []postgres.Refusal
		reported := ""
		for rest := all; len(rest) > 0; {
			n := 1 + random.IntN(len(rest))
			more, err := addReplies(7, state, accepted, rest[:n])
			if err != nil {
				t.Fatal(err)
			}
			state, refusals, rest = more.State, append(refusals, more.Refusals...), rest[n:]
			if reported == "" {
				reported = strings.ReplaceAll(more.Stop, "\nhint: ", "; ")
			}
		}
		got, err := decodeReplies(state)
		if err != nil {
			t.Fatal(err)
		}
		got.Accepted = accepted
		stopped := one.Stop > 0
		if *got != one || reported != why || got.Few() != one.Few() {
			t.Fatalf("got %+v, %q; want %+v, %q", got, reported, one, why)
		}
		if diff := cmp.Diff(one.Counted(marks, stopped), got.Counted(marksOf(refusals), stopped)); diff != "" {
			t.Fatal(diff)
		}
		if stopped {
			stops++
		}
	}
	if stops < 100 {
		t.Errorf("%d of them are stopped only", stops)
	}
}

// What somebody else wrote into the table makes nothing but an error.
func FuzzDecodeReplies(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"Count":12,"Refused":3,"Last":[true]}`, `{"Count":-5}`, `{"Last":[1]}`, "null", "[", `{"Count":9223372036854775807}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		known, err := decodeReplies(state)
		if err != nil {
			return
		}
		known.Add(delivery.Reply{Code: 550, Refused: true})
		known.Few()
		known.Counted(nil, true)
	})
}
