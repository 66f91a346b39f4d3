package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"publisher/internal/racedetector"
	"publisher/internal/web"
)

// A flood from ever new networks, each of which stays below its own limit, is taken up to half
// of the limit of all, and then only with work.
func TestFloodFromManyNetworks(t *testing.T) {
	const clients = 8
	networks := 1000
	if racedetector.Enabled {
		networks = 150
	}
	w := start(t, settings+"signup: {mails_per_hour: 300}\n", nil)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var statuses [600]atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for c := range clients {
		all.Go(func() {
			for n := c; n < 2*networks; n += clients {
				form := fmt.Sprintf("email=a@d%d.example", n)
				statuses[w.signUpStatus(client, form, fmt.Sprintf("10.%d.%d.1", n%networks>>8, n%networks&255))].Add(1)
			}
		})
	}
	all.Wait()
	t.Logf("%d sign-ups in %s", 2*networks, time.Since(began))
	if taken, asked := statuses[202].Load(), statuses[428].Load(); taken != 150 || asked != int64(2*networks-150) {
		t.Errorf("%d taken, %d asked for work", taken, asked)
	}
	if got := len(w.handled()); got != 150 {
		t.Errorf("%d mails", got)
	}
}

// signUpStatus signs up, and returns the status of the answer.
func (w *world) signUpStatus(client *http.Client, form, forwarded string) int {
	req, err := http.NewRequestWithContext(w.t.Context(), "POST", w.url+"/subscribe", strings.NewReader(form))
	if err != nil {
		w.t.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("X-Forwarded-For", forwarded)
	res, err := client.Do(req)
	if err != nil {
		w.t.Error(err)
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

func BenchmarkSubscribe(b *testing.B) {
	w := start(b, signupSettings, func(o *web.Options) { o.Config.Signup.MailsPerHour = 1 << 30 })
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var n atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			if got := w.signUpStatus(client, fmt.Sprintf("email=a@d%d.example", i), fmt.Sprintf("%d.%d.%d.1", 11+i>>16, i>>8&255, i&255)); got != 202 {
				b.Errorf("status %d", got)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signups/s")
}
