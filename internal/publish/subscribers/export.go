package subscribers

import (
	"context"
	"encoding/csv"
	"io"
	"strings"

	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// JSON is one subscriber as programs read it.
type JSON struct {
	Email     string   `json:"email"`
	Name      string   `json:"name"`
	Status    string   `json:"status"`
	Cadence   string   `json:"cadence"`
	Tags      []string `json:"tags"`
	Language  string   `json:"language,omitempty"` // "" if the site has one language
	Created   string   `json:"created"`
	Confirmed string   `json:"confirmed"`
	// PausedUntil is when mail goes on; "" unless the subscriber pauses.
	PausedUntil string `json:"paused_until,omitempty"`
}

// JSON returns a subscriber as listed, with the cadence and the language that apply. Times
// are RFC 3339 in the site's zone.
func (l *List) JSON(sub ledger.Subscriber) JSON {
	cadence := sub.Cadence
	if _, ok := l.cfg.Cadence(cadence); !ok {
		cadence = l.cfg.Digest.Default
	}
	tags := sub.Tags
	if tags == nil {
		tags = []string{}
	}
	paused := ""
	if sub.Paused(l.now()) {
		paused = report.Time(sub.PausedUntil, l.cfg.Site.Timezone)
	}
	return JSON{Email: sub.Email, Name: sub.Name, Status: string(sub.Status), Cadence: cadence, Tags: tags,
		Language: report.Language(l.cfg, l.cfg.LanguageOf(sub.Language)),
		Created:  report.Time(sub.Created, l.cfg.Site.Timezone), Confirmed: report.Time(sub.Confirmed, l.cfg.Site.Timezone), PausedUntil: paused}
}

// Export writes all subscribers as CSV, in the form that Import reads.
func (l *List) Export(ctx context.Context, w io.Writer) error {
	languages, err := l.hasLanguages(ctx)
	if err != nil {
		return err
	}
	columns := len(Columns)
	if !languages && len(l.cfg.Languages) == 0 {
		columns-- // the last
	}
	out := csv.NewWriter(w)
	if err := out.Write(Columns[:columns]); err != nil {
		return err
	}
	for sub, err := range l.ledger.Subscribers(ctx) {
		if err != nil {
			return err
		}
		zone := l.cfg.Site.Timezone
		row := []string{sub.Email, sub.Name, string(sub.Status), sub.Cadence, strings.Join(sub.Tags, ";"),
			report.Time(sub.Created, zone), report.Time(sub.Confirmed, zone), sub.Language}
		for i := range row {
			row[i] = escapeFormula(row[i])
		}
		if err := out.Write(row[:columns]); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// hasLanguages reports whether any subscriber has a language.
func (l *List) hasLanguages(ctx context.Context) (bool, error) {
	for sub, err := range l.ledger.Subscribers(ctx) {
		if err != nil || sub.Language != "" {
			return sub.Language != "", err
		}
	}
	return false, nil
}
