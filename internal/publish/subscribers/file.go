package subscribers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"publisher/internal/config"
	"publisher/internal/hint"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/passstate"
	"publisher/internal/publish/report"
)

// File is subscribers.file, the list that the owner keeps by hand.
type File struct {
	cfg    *config.Config
	ledger *ledger.Ledger
	build  string
	name   string // as config.yaml has it; "" for none
}

// NewFile returns the file of subscribers.file in a config. build is the program's version.
func NewFile(cfg *config.Config, l *ledger.Ledger, build string) *File {
	return &File{cfg: cfg, ledger: l, build: build, name: cfg.Subscribers.File}
}

// FileReport is what reading subscribers.file found.
type FileReport struct {
	Warnings []report.Warning
	Missing  int // subscriptions whose rows are gone and that did not end
	// Unread is set if the file could not be read. No post may get a number then: the number
	// decides who gets the post, and subscribers who were added together with it would miss it.
	Unread error
}

// Read brings the ledger up to date with the file. A file that has lost many rows ends no
// subscription, and neither does one that cannot be read: both are left to a person. An
// unchanged file costs one hash.
func (f *File) Read(ctx context.Context, at time.Time) (FileReport, error) {
	if f.name == "" {
		return FileReport{}, nil
	}
	hash, err := f.hash()
	if err != nil {
		return FileReport{Warnings: []report.Warning{{Path: f.name, Message: err.Error()}}, Unread: f.unread()}, nil
	}
	read, err := passstate.LoadSubscriberFile(ctx, f.ledger)
	if err != nil {
		return FileReport{}, err
	}
	if read.Hash == hash {
		return f.report(read), nil
	}
	read = passstate.SubscriberFile{Hash: hash}
	if _, err := f.importInto(ctx, &read, at, false, nil); err != nil {
		return FileReport{}, err
	}
	return f.report(read), passstate.SaveSubscriberFile(ctx, f.ledger, read)
}

func (f *File) report(read passstate.SubscriberFile) FileReport {
	r := FileReport{Warnings: fileWarnings(read), Missing: read.Missing}
	if read.Faulty {
		r.Unread = f.unread()
	}
	return r
}

func (f *File) unread() error {
	return hint.With(fmt.Errorf("cannot read %s, so no new post goes into mail until it can be read", f.name), "fix what its warning names")
}

// Prune reads the file and ends the subscriptions that it no longer has, however many they
// are. each is called with the result of each row; nil for none.
func (f *File) Prune(ctx context.Context, at time.Time, each func(LineResult) error) (ImportReport, error) {
	if f.name == "" {
		return ImportReport{}, errors.New("config.yaml does not set subscribers.file, which --prune is for")
	}
	hash, err := f.hash()
	if err != nil {
		return ImportReport{}, fmt.Errorf("%s %w", f.name, err)
	}
	read := passstate.SubscriberFile{Hash: hash}
	got, err := f.importInto(ctx, &read, at, true, each)
	if err != nil {
		return got, err
	}
	return got, passstate.SaveSubscriberFile(ctx, f.ledger, read)
}

// hash returns the hash of the file and of everything else that decides how it is read.
func (f *File) hash() (string, error) {
	file, err := os.Open(f.cfg.Path(f.name))
	if err != nil {
		return "", fmt.Errorf("cannot be read (%w); no subscription ends because of it", errors.Unwrap(err))
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", fmt.Errorf("cannot be read (%w); no subscription ends because of it", err)
	}
	// Cadences decide which rows can be used, languages which warnings there are.
	for _, cadence := range f.cfg.Digest.Cadences {
		fmt.Fprintf(h, "%q %q ", cadence.Name, cadence.Spec)
	}
	fmt.Fprintf(h, "%v %v", f.build, f.cfg.AllLanguages())
	return hex.EncodeToString(h.Sum(nil)), nil
}

// importInto reads the file into the ledger and notes in read what came of it. With prune,
// subscriptions whose rows are gone end however many they are.
func (f *File) importInto(ctx context.Context, read *passstate.SubscriberFile, at time.Time, prune bool, each func(LineResult) error) (got ImportReport, err error) {
	file, err := os.Open(f.cfg.Path(f.name))
	if err != nil {
		return got, fmt.Errorf("reading %s: %w", f.name, err)
	}
	defer file.Close()
	warn := func(line int, message string) {
		read.Warnings = append(read.Warnings, passstate.Problem{Path: f.name, Line: line, Message: message})
	}
	list, err := openReader(listFile{file: f.name, guess: true}, file, f.cfg, warn)
	if err == nil {
		mayRemove := func(missing, before int) bool {
			whole := list.refused == list.erased && list.rows > 0
			return prune || whole && missing*10 <= before
		}
		got, err = importLists(ctx, f.ledger, []*reader{list}, imports.Options{Origin: imports.FromFile, Now: at, MayRemove: mayRemove}, each)
		read.Missing = got.Missing - got.Removed
	}
	var faulty *ListError
	if errors.As(err, &faulty) && !prune {
		read.Faulty = true
		warn(faulty.Line, faulty.Err.Error()+"; the list of subscribers is unchanged")
		err = nil
	}
	if err == nil && read.Missing > 0 {
		warn(0, fmt.Sprintf("%d subscriptions came from this file and their rows are gone; they continue until you decide: put the rows back, or run `publisher subscribers import --prune %s`", read.Missing, f.name))
	}
	got.Warnings = fileWarnings(*read)
	return got, err
}

func fileWarnings(read passstate.SubscriberFile) []report.Warning {
	var all []report.Warning
	for _, w := range read.Warnings {
		all = append(all, report.Warning{Path: w.Path, Line: w.Line, Message: w.Message})
	}
	return all
}
