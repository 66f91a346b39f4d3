package subscribers

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"publisher/internal/config"
	"publisher/internal/publish/report"
)

// maxFiles is how many lists one import may have, all archives included.
const maxFiles = 50

// opening opens the files of an import.
type opening struct {
	cfg      *config.Config
	from     string
	unpacked *budget // of all archives

	readers  []*reader
	warning  sync.Mutex
	warnings []report.Warning
	closers  []func() error
}

// open opens all files, so that a list which is not understood is found before any is read.
func (o *opening) open(sources []Source) error {
	for _, s := range sources {
		in := bufio.NewReaderSize(s.Reader, peekSize)
		head, err := in.Peek(4)
		if err != nil && !errors.Is(err, io.EOF) {
			return &ListError{File: s.Name, Err: err}
		}
		if isArchive(head) {
			err = o.openArchive(s, in)
		} else {
			err = o.add(listFile{file: s.Name, from: o.from}, in)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add opens one list.
func (o *opening) add(f listFile, in io.Reader) error {
	if len(o.readers) == maxFiles {
		return &ListError{File: f.file, Err: fmt.Errorf("is one file too many; at most %d can be imported at once", maxFiles)}
	}
	f.index = len(o.readers)
	l, err := openReader(f, in, o.cfg, func(line int, message string) { o.warn(f.file, line, message) })
	if err == nil {
		o.readers = append(o.readers, l)
	}
	return err
}

func (o *opening) warn(path string, line int, message string) {
	o.warning.Lock()
	defer o.warning.Unlock()
	o.warnings = append(o.warnings, report.Warning{Path: path, Line: line, Message: message})
}

func (o *opening) close() {
	for _, c := range slices.Backward(o.closers) {
		c() // read only
	}
}

// openArchive opens the lists of a ZIP archive.
func (o *opening) openArchive(s Source, in io.Reader) error {
	a, err := openZIP(s, in, o.unpacked)
	if err != nil {
		return &ListError{File: s.Name, Err: err}
	}
	o.closers = append(o.closers, a.close)
	entries, err := a.lists()
	if err != nil {
		return &ListError{File: s.Name, Err: err}
	}
	files, err := o.chooseFiles(a, entries)
	if err != nil {
		return err
	}
	for _, f := range files {
		r, err := a.open(f.entry)
		if err != nil {
			return &ListError{File: f.file, Err: err}
		}
		o.closers = append(o.closers, r.Close)
		if err := o.add(f.listFile, r); err != nil {
			return err
		}
	}
	return nil
}

// archivedFile is a list in an archive.
type archivedFile struct {
	listFile
	entry   *zip.File
	service string // that it is recognized by; "" if it is not understood
}

// chooseFiles returns the lists of an archive that are read. Services put other tables with
// addresses beside the list, such as who opened which mail: if one file is recognized, only
// those of the same service are read.
func (o *opening) chooseFiles(a *archive, entries []*zip.File) ([]archivedFile, error) {
	var all []archivedFile
	var first archivedFile // that is recognized
	for _, entry := range entries {
		f := archivedFile{listFile: listFile{file: a.name + "/" + entry.Name, from: o.from}, entry: entry}
		l, err := o.probe(a, f)
		var faulty *ListError
		switch {
		case errors.As(err, &faulty) && faulty.noAddress:
			o.warn(f.file, 0, "this file is not read: no column has addresses")
			continue
		case err == nil:
			f.service = l.layout.service.name
		}
		if f.service != "" && f.service != plainList {
			if first.service != "" && first.service != f.service {
				return nil, &ListError{File: a.name, Usage: true, Err: fmt.Errorf("%s is an export of %s, and %s of %s; unpack it and import them one by one, or say whose they are: `publisher subscribers import --from %s`",
					shownCell(first.entry.Name), first.service, shownCell(entry.Name), f.service, strings.Join(serviceNames(), "|"))}
			}
			first = f
		}
		all = append(all, f)
	}
	if o.from == "" && first.service != "" {
		all = o.ofService(all, first.service)
	}
	if len(all) == 0 {
		return nil, &ListError{File: a.name, Usage: true, Err: errors.New("has no list of subscribers in it; unpack it and import the file that has the addresses")}
	}
	return all, nil
}

// probe reads as much of a file in an archive as tells what it is.
func (o *opening) probe(a *archive, f archivedFile) (*reader, error) {
	r, err := a.open(f.entry)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return openReader(f.listFile, r, o.cfg, func(int, string) {})
}

// ofService returns the files of a service's export. One that is known by its name alone
// may say who left, and so it is one of them.
func (o *opening) ofService(all []archivedFile, name string) []archivedFile {
	s, _ := serviceNamed(name)
	var kept []archivedFile
	for _, f := range all {
		base := baseName(f.entry.Name)
		_, named := s.fileStatus(base)
		switch {
		case f.service == name:
		case named || saysUnsubscribed(strings.TrimSuffix(base, filepath.Ext(base))):
			f.from = name
		default:
			o.warn(f.file, 0, fmt.Sprintf("this file is not read: it is not the list of an export of %s; import it by itself if it is one", s.title))
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

// baseName returns the last element of a path in an archive.
func baseName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func isArchive(head []byte) bool {
	return bytes.Equal(head, []byte("PK\x03\x04")) || bytes.Equal(head, []byte("PK\x05\x06"))
}
