package main

import (
	"fmt"
	"strings"

	"publisher/internal/status"
)

// printFleet prints what the processes with a ledger in PostgreSQL do.
func printFleet(out table, r *status.Report) {
	for _, p := range r.Processes {
		did := "delivers"
		if p.Dead {
			did = "ended"
		}
		out.row("%s\t%s (process %d on %s, since %s): %s%s", did, p.Command, p.Process, p.Host, p.Began, count(p.Batches, "batch"), silentText(p))
	}
	if r.Fleet == nil {
		return
	}
	for _, b := range r.Fleet.Batches {
		out.row("batches\tedition %d: %d waiting, %d under way, %d done", b.Edition, b.Open, b.Held, b.Done)
	}
	if t := r.Fleet.TakeOvers; t.Count > 0 {
		last := ""
		if len(t.Last) > 0 {
			last = fmt.Sprintf(", the last from process %d on %s at %s: %s, %d uncertain", t.Last[0].Process, t.Last[0].Host, t.Last[0].At, count(t.Last[0].Batches, "batch"), t.Last[0].Uncertain)
		}
		out.row("take-overs\t%d%s", t.Count, last)
	}
	if p := r.Fleet.Places; p.Held+p.Used > 0 {
		out.row("rate\t%s of mail.smtp.rate held, %d used in the last minute", count(p.Held, "place"), p.Used)
	}
	var queues []string
	for _, q := range r.Fleet.Queues {
		if q.State != "completed" {
			queues = append(queues, fmt.Sprintf("%d %s", q.Jobs, q.State))
		}
	}
	if len(queues) > 0 {
		out.row("queue\t%s", strings.Join(queues, ", "))
	}
}

// silentText says since when nothing was heard of a process, if that is longer than usual.
func silentText(p status.Process) string {
	const usual = 5
	switch {
	case p.Dead && p.Ended != "":
		return ", ended " + p.Ended
	case p.Silent > usual:
		return fmt.Sprintf(", silent for %.0f seconds", p.Silent)
	}
	return ""
}
