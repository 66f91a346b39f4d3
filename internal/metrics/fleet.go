package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"publisher/internal/ledger/postgres/fleet"
)

// What several processes with one ledger do, the same in each of them.
var (
	fleetProcesses = desc("fleet_processes", "Processes that deliver.")
	fleetSilence   = desc("fleet_silence_seconds", "How long ago that of them beat which has been silent longest; after ten seconds others take over its work.")
	fleetLease     = desc("fleet_lease_seconds", "For how long somebody has the lease of the passes, unless it is renewed; 0 if nobody has.")
	fleetBatches   = desc("fleet_batches", "Batches of mail, by state.", "state")
	fleetTakeOvers = desc("fleet_takeovers_total", "How often a process was declared dead, and others took over its work.")
	fleetPlaces    = desc("fleet_places", "Places of mail.smtp.rate that processes hold, or used in the last minute.", "state")
	fleetJobs      = desc("fleet_jobs", "Jobs in the queues of River, by state.", "queue", "state")
)

func describeFleet(all chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{fleetProcesses, fleetSilence, fleetLease, fleetBatches, fleetTakeOvers, fleetPlaces, fleetJobs} {
		all <- d
	}
}

// collectFleet collects what a fleet does; nil for a single process.
func collectFleet(all chan<- prometheus.Metric, f *fleet.Fleet) {
	if f == nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		all <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	living, silence := 0, 0.0
	for _, p := range f.Processes {
		if !p.Dead {
			living++
			silence = max(silence, p.Silent.Seconds())
		}
	}
	gauge(fleetProcesses, float64(living))
	gauge(fleetSilence, silence)
	gauge(fleetLease, max(0, f.Lease.Left.Seconds()))
	var open, held, done int
	for _, b := range f.Batches {
		open, held, done = open+b.Open, held+b.Held, done+b.Done
	}
	gauge(fleetBatches, float64(open), "open")
	gauge(fleetBatches, float64(held), "held")
	gauge(fleetBatches, float64(done), "done")
	all <- prometheus.MustNewConstMetric(fleetTakeOvers, prometheus.CounterValue, float64(f.TakeOvers))
	gauge(fleetPlaces, float64(f.Places.Held), "held")
	gauge(fleetPlaces, float64(f.Places.Used), "used")
	for _, j := range f.Jobs {
		gauge(fleetJobs, float64(j.Count), j.Queue, j.State)
	}
}
