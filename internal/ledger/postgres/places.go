package postgres

import (
	"context"
	"database/sql"
	"time"

	"publisher/internal/ledger/places"
)

// The table place has what counts of the rates that all processes share. A worker has a row without an
// end for the places that it holds; what has ended is in rows of its own, until it is before all
// windows. trade_places changes both, while nobody else takes places.
const (
	tradePlaces = "SELECT taken, of_kept, wait FROM trade_places($1, $2, $3, $4, $5, $6, $7, $8, $9)"
	// endPlaces is for a worker that sends no more.
	endPlaces = "UPDATE place SET ended_at = place_now() WHERE worker = $1 AND ended_at IS NULL"
)

// Places is the places.Source of a worker, for the rates of its config.
type Places struct {
	worker              *Worker
	counts, kept, spans []int64
}

// Places returns where the worker takes places from.
func (w *Worker) Places(rates []places.Rate) *Places {
	p := &Places{worker: w}
	for _, rate := range rates {
		p.counts, p.kept = append(p.counts, int64(rate.Count)), append(p.kept, int64(rate.Kept))
		p.spans = append(p.spans, max(1, rate.Per.Microseconds()))
	}
	return p
}

// Alive implements [places.Source].
func (p *Places) Alive() bool { return p.worker.Alive() }

// Trade implements [places.Source].
func (p *Places) Trade(ctx context.Context, t places.Trade) (g places.Grant, err error) {
	w := p.worker
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, beatTime)
	defer cancel()
	var wait int64
	err = w.engine.wait.Retry(ctx, func() error {
		return w.engine.pool.QueryRow(ctx, tradePlaces, w.ID, int64(placesLock), t.Ended, t.Held, t.Want, t.Urgent, p.counts, p.kept, p.spans).
			Scan(&g.Taken, &g.Kept, &wait)
	})
	w.note(began, err)
	g.Wait = time.Duration(wait) * time.Microsecond
	return g, w.fail("take places of mail.smtp.rate", err)
}

// placesOfEarlier has the rates count what was sent from another ledger, of which this one is a copy.
func placesOfEarlier(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM place"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO place (worker, count, taken_at, ended_at) SELECT 0, count, at, at FROM pace")
	return err
}
