package web_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/erasure"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/signups"
	"publisher/internal/racedetector"
	"publisher/internal/web"
)

// Neither the answer to a sign-up nor its time tells what is known of the address. With
// PUBLISHER_ENUMERATION set, 2,000 addresses of each kind are tried instead of 100.
func TestEnumeration(t *testing.T) {
	// 100 times of two kinds that are the same exceed this distance once in 200,000 runs.
	each, limit := 100, 0.36
	switch {
	case racedetector.Enabled: // which is slow, and not what readers meet
		each, limit = 25, 0.72
	case os.Getenv("PUBLISHER_ENUMERATION") != "":
		each, limit = 2000, 0.1
	}
	handle := make(chan struct{}, 1)
	w := start(t, signupSettings, func(o *web.Options) {
		o.SignedUp = func() {
			select {
			case handle <- struct{}{}:
			default:
			}
		}
	})
	addresses := w.addressesOfEachKind(each)
	// As in the daemon, the sign-ups are handled while others arrive.
	var handling sync.WaitGroup
	done := make(chan struct{})
	handling.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-handle:
			}
			if _, err := signups.Handle(t.Context(), w.ledger, 1_000_000, w.now); err != nil {
				t.Error(err)
			}
		}
	})
	defer handling.Wait()
	defer close(done)
	rand.Shuffle(len(addresses), func(i, j int) { addresses[i], addresses[j] = addresses[j], addresses[i] })
	times := map[string][]time.Duration{}
	answers := map[string]string{}
	client := &http.Client{Transport: &http.Transport{}}
	for i, a := range addresses {
		answer, took := w.timed(client, a.email, i)
		times[a.kind] = append(times[a.kind], took)
		if previous, ok := answers["all"]; ok && previous != answer {
			t.Fatalf("%s: another answer:\n%s\n%s", a.kind, previous, answer)
		}
		answers["all"] = answer
	}
	for kind, sample := range times {
		for other, second := range times {
			if kind >= other {
				continue
			}
			distance := kolmogorovSmirnov(sample, second)
			t.Logf("%s and %s: distance %.3f, medians %s and %s", kind, other, distance, median(sample), median(second))
			if distance >= limit {
				t.Errorf("%s and %s can be told apart: distance %.3f of %d times", kind, other, distance, each)
			}
		}
	}
}

type knownAddress struct{ kind, email string }

// addressesOfEachKind returns addresses of which the ledger knows different things.
func (w *world) addressesOfEachKind(each int) (all []knownAddress) {
	w.t.Helper()
	statuses := map[string]ledger.Status{"active": ledger.Active, "gone": ledger.Unsubscribed, "bounced": ledger.Bounced, "erased": ledger.Active}
	rows := func(yield func(imports.Row, error) bool) {
		for kind, status := range statuses {
			for n := range each {
				if !yield(imports.Row{Email: emailOf(kind, n), Status: status}, nil) {
					return
				}
			}
		}
	}
	if _, err := imports.Run(w.t.Context(), w.ledger, rows, imports.Options{DefaultCadence: "weekly", Now: day}); err != nil {
		w.t.Fatal(err)
	}
	var erased []string
	for n := range each {
		erased = append(erased, emailOf("erased", n))
	}
	if _, err := erasure.Erase(w.t.Context(), w.ledger, erased, day); err != nil {
		w.t.Fatal(err)
	}
	var pending []signups.Signup
	for n := range each {
		pending = append(pending, signups.Signup{Email: emailOf("pending", n), How: signups.ByForm, At: day, Request: fmt.Sprint("request ", n)})
	}
	if err := signups.Add(w.t.Context(), w.ledger, pending...); err != nil {
		w.t.Fatal(err)
	}
	if _, err := signups.Handle(w.t.Context(), w.ledger, 1_000_000, day); err != nil {
		w.t.Fatal(err)
	}
	for _, kind := range []string{"new", "pending", "active", "gone", "bounced", "erased"} {
		for n := range each {
			all = append(all, knownAddress{kind, emailOf(kind, n)})
		}
	}
	return all
}

// emailOf returns an address whose length does not tell its kind.
func emailOf(kind string, n int) string {
	return fmt.Sprintf("%s@d%06d.example", strings.ReplaceAll(fmt.Sprintf("%-8s", kind), " ", "x"), n)
}

// timed signs an address up, and returns the answer without what is random, and its time.
func (w *world) timed(client *http.Client, email string, n int) (answer string, took time.Duration) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", w.url+"/subscribe", strings.NewReader("email="+email))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", n>>8, n&255))
	start := time.Now()
	res, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	took = time.Since(start)
	if err != nil {
		w.t.Fatal(err)
	}
	res.Body.Close()
	return blanked(response{res, string(body)}), took
}

// kolmogorovSmirnov returns the largest difference between the distributions of two samples.
func kolmogorovSmirnov(a, b []time.Duration) float64 {
	slices.Sort(a)
	slices.Sort(b)
	i, j, largest := 0, 0, 0.0
	for i < len(a) && j < len(b) {
		at := min(a[i], b[j])
		for i < len(a) && a[i] == at {
			i++
		}
		for j < len(b) && b[j] == at {
			j++
		}
		largest = max(largest, float64(i)/float64(len(a))-float64(j)/float64(len(b)), float64(j)/float64(len(b))-float64(i)/float64(len(a)))
	}
	return largest
}

func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }
