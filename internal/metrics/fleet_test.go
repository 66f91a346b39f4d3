//go:build postgres

package metrics_test

import (
	"context"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"publisher/internal/ledger/places"
	"publisher/internal/ledger/postgres"
	"publisher/internal/ledger/postgres/fleet"
	"publisher/internal/metrics"
	"publisher/internal/postgrestest"
)

// What several processes do is in the metrics of each.
func TestFleet(t *testing.T) {
	dsn := postgrestest.New(t)
	lock, err := postgres.TakeLock(t.Context(), dsn, postgres.Options{StateDir: t.TempDir()}, "publisher serve", time.Now())
	check(t, err)
	defer lock.Release()
	l, batches, err := lock.OpenWithBatches(t.Context())
	check(t, err)
	defer l.Close()
	for range 2 {
		w, err := postgres.BeginWork(t.Context(), dsn, postgres.Options{StateDir: t.TempDir()}, "publisher work", "test", postgres.Life{})
		check(t, err)
		defer w.Close()
		_, err = w.Places([]places.Rate{{Count: 100, Per: time.Hour}}).Trade(t.Context(), places.Trade{Want: 5, Ended: 2})
		check(t, err)
	}
	check(t, batches.Add(t.Context(), []postgres.Batch{{Edition: 7, Kind: postgres.BatchRange, Upto: 10}}))
	m := metrics.New()
	defer m.Watch(l, time.Now, func(ctx context.Context) (*fleet.Fleet, error) { return fleet.ReadFleet(ctx, l) })()
	server := httptest.NewServer(m.Around(nil))
	defer server.Close()
	text := get(t, server.URL+"/metrics")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	for _, line := range []string{"publisher_fleet_processes 2", `publisher_fleet_batches\{state="open"\} 1`, `publisher_fleet_batches\{state="held"\} 0`,
		"publisher_fleet_takeovers_total 0", `publisher_fleet_places\{state="held"\} 10`, `publisher_fleet_places\{state="used"\} 4`, `publisher_fleet_jobs\{queue="mail",state="available"\} 1`, `publisher_fleet_silence_seconds [0-9.e-]+`, `publisher_fleet_lease_seconds [1-9][0-9.]*`} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(text) {
			t.Errorf("no line %q", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
