package subscribers

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	// maxUnpacked is how many bytes the archives of one import may have in all, unpacked.
	maxUnpacked = 1 << 30
	// maxDirectory is how many bytes of an archive are read to find its files.
	maxDirectory = 4 << 20
)

// budget is how many bytes may still be read.
type budget struct{ left int64 }

// archive is a ZIP archive of lists.
type archive struct {
	name     string
	zip      *zip.Reader
	unpacked *budget
	close    func() error
}

// openZIP opens an archive. One that is not a file is copied to a temporary file first, since
// its directory is at its end.
func openZIP(s Source, in io.Reader, unpacked *budget) (*archive, error) {
	a := &archive{name: s.Name, unpacked: unpacked, close: func() error { return nil }}
	file, regular := s.Reader.(*os.File)
	if regular {
		info, err := file.Stat()
		if err != nil {
			return nil, err
		}
		regular = info.Mode().IsRegular()
	}
	if !regular {
		var err error
		if file, err = os.CreateTemp("", "publisher-import-*.zip"); err != nil {
			return nil, err
		}
		a.close = func() error { return errors.Join(file.Close(), os.Remove(file.Name())) }
		if _, err := io.Copy(file, &budgetReader{in, &budget{maxUnpacked}}); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	if err := a.readDirectory(file); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *archive) readDirectory(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	bounded := &boundedReaderAt{file, &budget{maxDirectory}}
	if a.zip, err = zip.NewReader(bounded, info.Size()); err != nil {
		if errors.Is(err, errTooLarge) {
			return errors.New("is an archive of too many files; unpack it and import the lists in it")
		}
		return fmt.Errorf("is a damaged ZIP archive: %w", err)
	}
	bounded.budget = nil
	return nil
}

// lists returns the files in the archive that may be lists.
func (a *archive) lists() ([]*zip.File, error) {
	var lists []*zip.File
	var total uint64
	for _, f := range a.zip.File {
		if !filepath.IsLocal(f.Name) || strings.ContainsAny(f.Name, "\\\x00") {
			return nil, fmt.Errorf("has a file %q, which would be outside of it; it is not read", shownCell(f.Name))
		}
		if f.Name == "[Content_Types].xml" {
			return nil, errors.New("is an Excel workbook, not CSV; save the sheet as CSV (UTF-8)")
		}
		if !isListName(f.Name) || !f.Mode().IsRegular() {
			continue
		}
		if f.Flags&1 != 0 {
			return nil, errors.New("is encrypted; unpack it, and import the lists in it")
		}
		lists = append(lists, f)
		if total += min(f.UncompressedSize64, maxUnpacked+1); total > maxUnpacked {
			return nil, errTooLarge
		}
		if len(lists) > maxFiles {
			return nil, fmt.Errorf("has more than %d lists; unpack it, and import them one after the other", maxFiles)
		}
	}
	if len(lists) == 0 {
		return nil, errors.New("is a ZIP archive without a CSV file")
	}
	return lists, nil
}

// isListName reports whether a file in an archive may be a list.
func isListName(name string) bool {
	base := baseName(name)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(name, "__MACOSX/") {
		return false
	}
	switch strings.ToLower(filepath.Ext(base)) {
	case ".csv", ".tsv", ".txt":
		return true
	}
	return false
}

// open opens a file of the archive.
func (a *archive) open(f *zip.File) (io.ReadCloser, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("cannot be unpacked: %w", err)
	}
	return &unpacker{r, budgetReader{r, a.unpacked}}, nil
}

// unpacker reads a file of an archive.
type unpacker struct {
	io.Closer
	r budgetReader
}

func (u *unpacker) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errTooLarge) {
		err = fmt.Errorf("cannot be unpacked: %w", err)
	}
	return n, err
}

// errTooLarge is the error for an archive that unpacks to more than maxUnpacked.
var errTooLarge = fmt.Errorf("unpacks to more than %d MB; unpack it, and import the lists in it", maxUnpacked>>20)

// budgetReader reads from r until the budget is used up.
type budgetReader struct {
	r      io.Reader
	budget *budget
}

func (b *budgetReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.budget.left -= int64(n); b.budget.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// boundedReaderAt reads from r until the budget is used up; without one, it reads all.
type boundedReaderAt struct {
	r      io.ReaderAt
	budget *budget
}

func (b *boundedReaderAt) ReadAt(p []byte, at int64) (int, error) {
	n, err := b.r.ReadAt(p, at)
	if b.budget != nil {
		if b.budget.left -= int64(n); b.budget.left < 0 {
			return 0, errTooLarge
		}
	}
	return n, err
}
