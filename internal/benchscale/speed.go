package main

import (
	"errors"
	"os"
	"time"

	"publisher/internal/smtptest"
)

// speed returns how many mails a second some processes send together, once they are under way: a
// daemon and workers.
func (b bench) speed(processes int) (perSecond float64, err error) {
	db, err := b.postgres()
	if err != nil {
		return 0, err
	}
	defer db.stop()
	dir, err := os.MkdirTemp("", "benchscale-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	sink, err := smtptest.Listen("127.0.0.1:0", smtptest.Options{Delay: b.delay})
	if err != nil {
		return 0, err
	}
	defer sink.Close()
	recipients := b.slow * processes
	if err := b.site(dir, db.dsn(), recipients, sink.Port()); err != nil {
		return 0, err
	}
	if _, _, err := b.command(dir, "subscribers", "import", "list.csv"); err != nil {
		return 0, err
	}
	var programs []*process
	defer func() {
		for _, p := range programs {
			_, ended := p.stop()
			err = errors.Join(err, ended)
		}
	}()
	for n := range processes {
		role := "work"
		if n == processes-1 {
			role = "serve" // the last one, which has something to hand out
		}
		p, err := b.start(dir, role, "--log-level", "warn")
		if err != nil {
			return 0, err
		}
		programs = append(programs, p)
	}
	// From when each process is at it until the first may have nothing more to do.
	first, last := recipients/5, recipients-recipients/5
	if err := await(sink, first, programs...); err != nil {
		return 0, err
	}
	began, from := time.Now(), sink.Total()
	if err := await(sink, last, programs...); err != nil {
		return 0, err
	}
	took, mails := time.Since(began), sink.Total()-from
	return float64(mails) / took.Seconds(), await(sink, recipients, programs...)
}
