package subscribers

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
)

// packed returns a ZIP archive of files, whose names and texts take turns.
func packed(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for pair := range slices.Chunk(files, 2) {
		f, err := w.Create(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, pair[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func testdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/lists", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// importSources imports files into the book's ledger.
func (b *book) importSources(sources ...Source) (got ImportReport, err error) {
	b.withLedger(func(l *ledger.Ledger) error {
		got, err = b.list(l).Import(b.t.Context(), sources, ImportOptions{})
		return nil
	})
	return got, err
}

// An audience of Mailchimp is one archive of several files, and one import. It is read the
// same from a pipe, from a file, and unpacked.
func TestArchive(t *testing.T) {
	var files []string
	var unpacked []Source
	for _, name := range []string{"subscribed_members_export_0a1b.csv", "unsubscribed_members_export_0a1b.csv", "cleaned_members_export_0a1b.csv", "nonsubscribed_members_export_0a1b.csv"} {
		text := testdata(t, name)
		files = append(files, "lists/"+name, text)
		unpacked = append(unpacked, Source{name, strings.NewReader(text)})
	}
	data := packed(t, append(files, "__MACOSX/lists/._x.csv", "junk", "lists/readme.html", "<p>", "lists/", "")...)
	file, err := os.Create(filepath.Join(t.TempDir(), "audience.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(data); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var want string
	for name, sources := range map[string][]Source{
		"unpacked": unpacked, "from a pipe": {{"audience.zip", bytes.NewReader(data)}}, "from a file": {{"audience.zip", file}},
	} {
		b := newBook(t)
		got, err := b.importSources(sources...)
		counts := imports.Counts{Rows: 5, Added: 5, LeftOut: 1, Number: 1}
		if diff := cmp.Diff(counts, got.Counts); diff != "" || err != nil || got.From != "mailchimp" || len(got.Warnings) != 1 {
			t.Errorf("%s: %v, %+v\n(-want +got)\n%s", name, err, got, diff)
		}
		if want == "" {
			want = b.export()
		}
		if diff := cmp.Diff(want, b.export()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// Beside the list, a service's archive has tables about other things, which add nobody.
func TestArchiveOfOtherTables(t *testing.T) {
	b := newBook(t)
	got, err := b.importSources(Source{"export.zip", bytes.NewReader(packed(t,
		"posts.csv", "post_id,title\n1,Hello\n",
		"posts/1.opens.csv", "post_id,timestamp,email,post_type\n1,2022-01-01,stranger@example.com,newsletter\n",
		"email_list.blog.csv", testdata(t, "substack.csv")))})
	if err != nil || got.Added != 3 || got.From != "substack" || len(got.Warnings) != 2 {
		t.Errorf("%v, %+v", err, got)
	}
	if strings.Contains(b.export(), "stranger") {
		t.Errorf("who opened a mail is on the list:\n%s", b.export())
	}
}

// What an archive may not have is an error, and nothing of it is imported.
func TestArchiveRefused(t *testing.T) {
	list := "email\na@example.com\n"
	many := func(n int) []string {
		var files []string
		for i := range n {
			files = append(files, fmt.Sprintf("%d.csv", i), fmt.Sprintf("email\nreader%d@example.com\n", i))
		}
		return files
	}
	large := packed(t, "a.csv", list, "large.csv", "email\n"+strings.Repeat(" ", 4<<20))
	lying := slices.Clone(large) // the size in the directory is a lie
	directory := bytes.LastIndex(lying, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(lying[directory+24:], 7)
	whole := packed(t, "a.csv", list)
	for name, test := range map[string]struct {
		data  []byte
		want  string
		usage bool
	}{
		"a path above":           {packed(t, "../a.csv", list), "would be outside", false},
		"a path above, deeper":   {packed(t, "a.csv", list, "x/../../b.txt", list), "would be outside", false},
		"an absolute path":       {packed(t, "/etc/a.csv", list), "would be outside", false},
		"a path of Windows":      {packed(t, `..\a.csv`, list), "would be outside", false},
		"51 lists":               {packed(t, many(51)...), "more than 50 lists", false},
		"a long name":            {packed(t, strings.Repeat("a/", 600)+"a.csv", list), "a name of 1205 bytes", false},
		"no list":                {packed(t, "a.pdf", "%PDF"), "without a CSV file", false},
		"nothing":                {packed(t), "without a CSV file", false},
		"no addresses":           {packed(t, "a.csv", "x,y\n1,2\n"), "no list of subscribers", true},
		"a workbook":             {packed(t, "[Content_Types].xml", "<Types/>", "xl/a.csv", list), "Excel workbook", false},
		"two services":           {packed(t, "a.csv", testdata(t, "ghost.csv"), "b.csv", testdata(t, "kit.csv")), "--from ghost", true},
		"a list without meaning": {packed(t, "a.csv", "email,opted out\na@example.com,yes\n"), "opted out", true},
		"cut short":              {whole[:len(whole)-30], "damaged ZIP archive", false},
		"damaged":                {bytes.Replace(whole, []byte("PK\x01\x02"), []byte("PK\x01\x00"), 1), "damaged ZIP archive", false},
		"a size that is a lie":   {lying, "cannot be unpacked", false},
		"an archive within":      {packed(t, "a.csv", string(whole)), "ZIP archive", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			_, err := b.importSources(Source{"export.zip", bytes.NewReader(test.data)})
			var faulty *ListError
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.As(err, &faulty) && faulty.Usage != test.usage {
				t.Errorf("%v, want %q in it", err, test.want)
			}
			if exported := b.export(); strings.Contains(exported, "@") {
				t.Errorf("imported:\n%s", exported)
			}
		})
	}
	if got, err := newBook(t).importSources(Source{"export.zip", bytes.NewReader(packed(t, many(50)...))}); err != nil || got.Added != 50 {
		t.Errorf("50 lists: %v, %+v", err, got)
	}
}

// An archive is read no further than its size allows, whatever its directory says.
func TestArchiveUnpacked(t *testing.T) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.Create("bomb.csv")
	if err != nil {
		t.Fatal(err)
	}
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	for range 3 {
		if _, err := f.Write(spaces); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := openZIP(Source{Name: "bomb.zip"}, bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	lists, err := a.lists()
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.open(lists[0], &budget{2 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); !errors.Is(err, errTooLarge) || n > 2<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
	// The directory of a real bomb already says so.
	header := bytes.Index(out.Bytes(), []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(out.Bytes()[header+24:], maxUnpacked+1)
	if _, err := newBook(t).importSources(Source{"bomb.zip", bytes.NewReader(out.Bytes())}); err == nil || !strings.Contains(err.Error(), "unpacks to more than 1024 MB") {
		t.Errorf("%v", err)
	}
}

// FuzzArchive checks that any bytes are read as an archive of lists, or an error says clearly
// that they are not.
func FuzzArchive(f *testing.F) {
	f.Add(packed(f, "a.csv", "email\na@example.com\n", "b.tsv", "email\tname\nb@example.com\tB\n"))
	f.Add(packed(f, "subscribed_1.csv", "Email Address,LEID,EUID\na@example.com,1,2\n", "unsubscribed_1.csv", "Email Address,UNSUB_TIME,UNSUB_CAMPAIGN_ID\nb@example.com,,\n"))
	f.Add(packed(f, "../a.csv", "email\n"))
	f.Add(packed(f, "\x8f.csv", "email,name\na@example.com,\"A\n"))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	cfg := listConfig(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &opening{cfg: cfg, unpacked: &budget{1 << 20}}
		defer in.close()
		if err := in.open([]Source{{"export.zip", bytes.NewReader(data)}}); err != nil {
			clearError(t, err)
			return
		}
		for row, err := range allRows(in.readers) {
			if err != nil {
				clearError(t, err)
				return
			}
			if row.Refused == "" {
				checkRow(t, row)
			}
		}
	})
}
