package publish

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// readSubscribersFile brings the ledger up to the owner's list. A list that lost its
// rows ends no subscription: a person decides. One that cannot be read ends none
// either, and no post gets a number until it can. A pass over an unchanged list costs a
// hash.
func (s *pass) readSubscribersFile(ctx context.Context) error {
	name := s.cfg.Subscribers.File
	if name == "" {
		return nil
	}
	hash, err := s.hashList(name)
	if err != nil {
		s.report.Warn(name, 0, err.Error())
		s.unreadList(name)
		return nil
	}
	read, err := s.ledger.SubscriberFile(ctx)
	if err != nil {
		return err
	}
	if read.Hash == hash {
		s.tellOfFile(name, read)
		return nil
	}
	read = ledger.SubscriberFile{Hash: hash}
	if _, err := s.importFile(ctx, name, &read, false, nil); err != nil {
		return err
	}
	s.tellOfFile(name, read)
	return s.ledger.SaveSubscriberFile(ctx, read)
}

func (s *pass) tellOfFile(name string, read ledger.SubscriberFile) {
	s.report.Warnings = append(s.report.Warnings, warningsOf(read)...)
	s.report.Missing = read.Missing
	if read.Faulty {
		s.unreadList(name)
	}
}

// unreadList keeps posts from getting numbers in this pass: a post's number decides
// who gets it, and subscribers whom nobody could read would miss it.
func (s *pass) unreadList(name string) {
	s.listUnread = true
	s.report.Fail(fmt.Errorf("%s could not be read, so no new post goes into mail until it can; its warning says what to mend", name))
}

func (s *pass) hashList(name string) (string, error) {
	f, err := os.Open(s.cfg.Path(name))
	if err != nil {
		return "", fmt.Errorf("cannot be read (%w); no subscription ends because of it", errors.Unwrap(err))
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("cannot be read (%w); no subscription ends because of it", err)
	}
	// The cadences decide which rows can be used, the languages what is said of them.
	fmt.Fprintf(h, "%v %v %v", s.cfg.Digest.Cadences, s.build, s.cfg.AllLanguages())
	return hex.EncodeToString(h.Sum(nil)), nil
}

// importFile reads the list into the ledger. With accept, rows that are gone end
// their subscriptions however many they are.
func (s *pass) importFile(ctx context.Context, name string, read *ledger.SubscriberFile, accept bool, tell func(ledger.RowResult) error) (got ImportReport, err error) {
	f, err := os.Open(s.cfg.Path(name))
	if err != nil {
		return got, fmt.Errorf("reading %s: %w", name, err)
	}
	defer f.Close()
	warn := func(line int, message string) {
		read.Warnings = append(read.Warnings, ledger.Problem{Path: name, Line: line, Message: message})
	}
	list, err := openList(name, f, s.cfg, "", warn)
	if err == nil {
		mayRemove := func(missing, before int) bool {
			whole := list.refused == 0 && list.rows > 0
			return accept || whole && missing*10 <= before
		}
		got, err = list.importInto(ctx, s.ledger, ledger.FromFile, s.start, mayRemove, tell)
		read.Missing = got.Missing - got.Removed
	}
	var faulty *ListError
	if errors.As(err, &faulty) && !accept {
		read.Faulty = true
		warn(faulty.Line, faulty.Err.Error()+"; the list is left as it was")
		err = nil
	}
	if err == nil && read.Missing > 0 {
		warn(0, fmt.Sprintf("%d subscriptions came from this file and their rows are gone; they go on until you decide: put the rows back, or run `publisher subscribers import --prune %s`", read.Missing, name))
	}
	got.Warnings = warningsOf(*read)
	return got, err
}

func warningsOf(read ledger.SubscriberFile) []report.Warning {
	var all []report.Warning
	for _, w := range read.Warnings {
		all = append(all, report.Warning{Path: w.Path, Line: w.Line, Message: w.Message})
	}
	return all
}

// ImportOptions say how a list is read.
type ImportOptions struct {
	// From names the service whose export it is; "" where the columns tell.
	From string
	// Tell is told what became of each row, in the order of their lines; nil: nobody asks.
	Tell func(ledger.RowResult) error
}

// ImportReport is what an import did.
type ImportReport struct {
	ledger.Imported
	From     string // the service whose export it was, or "plain"
	ReadAs   string // what was unusual about it, in words; "" for nothing
	Refused  int    // rows that cannot be used
	LeftOut  int    // rows of people who never subscribed or never confirmed
	Warnings []report.Warning
}

// importInto reads the list into the ledger.
func (l *listReader) importInto(ctx context.Context, to *ledger.Ledger, origin ledger.Origin, now time.Time, mayRemove func(missing, before int) bool, tell func(ledger.RowResult) error) (got ImportReport, err error) {
	l.tellAll = tell != nil
	cadence := l.cfg.Digest.Default
	if tell != nil {
		got.Imported, err = to.ImportWithResults(ctx, l.all(), origin, cadence, now, mayRemove, tell)
	} else {
		got.Imported, err = to.Import(ctx, l.all(), origin, cadence, now, mayRemove)
	}
	got.From, got.ReadAs, got.Refused = l.layout.service.name, l.describe(), l.refused
	for _, out := range l.leftOut {
		got.LeftOut += out.rows
	}
	return got, err
}

// Import reads a list of subscribers. Rows that cannot be used are warnings. A list that
// is not read at all is a *ListError.
func (p *Publisher) Import(ctx context.Context, l *ledger.Ledger, name string, r io.Reader, o ImportOptions) (ImportReport, error) {
	var warnings []report.Warning
	list, err := openList(name, r, p.cfg, o.From, func(line int, message string) {
		warnings = append(warnings, report.Warning{Path: name, Line: line, Message: message})
	})
	if err != nil {
		return ImportReport{}, err
	}
	got, err := list.importInto(ctx, l, ledger.FromCommand, p.now(), nil, o.Tell)
	got.Warnings = warnings
	return got, err
}

// Prune reads subscribers.file and ends the subscriptions that it no longer has,
// however many they are.
func (p *Publisher) Prune(ctx context.Context, l *ledger.Ledger, tell func(ledger.RowResult) error) (ImportReport, error) {
	var got ImportReport
	s := &pass{Publisher: p, start: p.now().Truncate(time.Microsecond), ledger: l, report: report.New()}
	if p.cfg.Subscribers.File == "" {
		return got, errors.New("config.yaml names no subscribers.file; --prune is for that file")
	}
	hash, err := s.hashList(p.cfg.Subscribers.File)
	if err != nil {
		return got, fmt.Errorf("%s %w", p.cfg.Subscribers.File, err)
	}
	read := ledger.SubscriberFile{Hash: hash}
	if got, err = s.importFile(ctx, p.cfg.Subscribers.File, &read, true, tell); err != nil {
		return got, err
	}
	return got, l.SaveSubscriberFile(ctx, read)
}

// SubscriberJSON is one subscriber as programs read it.
type SubscriberJSON struct {
	Email     string   `json:"email"`
	Name      string   `json:"name"`
	Status    string   `json:"status"`
	Cadence   string   `json:"cadence"`
	Tags      []string `json:"tags"`
	Language  string   `json:"language,omitempty"` // "" where all is together
	Created   string   `json:"created"`
	Confirmed string   `json:"confirmed"`
}

// Shown is a subscriber as listed: cadence and language are those that hold, times are
// RFC 3339 in the site's zone.
func (p *Publisher) Shown(sub ledger.Subscriber) SubscriberJSON {
	cadence := sub.Cadence
	if _, ok := p.cfg.Cadence(cadence); !ok {
		cadence = p.cfg.Digest.Default
	}
	tags := sub.Tags
	if tags == nil {
		tags = []string{}
	}
	return SubscriberJSON{Email: sub.Email, Name: sub.Name, Status: string(sub.Status), Cadence: cadence, Tags: tags,
		Language: p.shownLanguage(p.cfg.LanguageOf(sub.Language)),
		Created:  p.stamp(sub.Created), Confirmed: p.stamp(sub.Confirmed)}
}

// Export writes all subscribers as CSV, in the form that Import reads.
func (p *Publisher) Export(ctx context.Context, l *ledger.Ledger, w io.Writer) error {
	languages, err := hasLanguages(ctx, l)
	if err != nil {
		return err
	}
	columns := len(CSVColumns)
	if !languages && len(p.cfg.Languages) == 0 {
		columns-- // the last
	}
	out := csv.NewWriter(w)
	if err := out.Write(CSVColumns[:columns]); err != nil {
		return err
	}
	for sub, err := range l.Subscribers(ctx) {
		if err != nil {
			return err
		}
		row := []string{sub.Email, sub.Name, string(sub.Status), sub.Cadence, strings.Join(sub.Tags, ";"),
			p.stamp(sub.Created), p.stamp(sub.Confirmed), sub.Language}
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

func hasLanguages(ctx context.Context, l *ledger.Ledger) (bool, error) {
	for sub, err := range l.Subscribers(ctx) {
		if err != nil || sub.Language != "" {
			return sub.Language != "", err
		}
	}
	return false, nil
}

// stamp writes a time of the ledger for people and programs; "" for none.
func (p *Publisher) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(p.cfg.Site.Timezone).Format(time.RFC3339)
}
