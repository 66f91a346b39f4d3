// Command benchimport measures how many rows a second the program imports, beside
// sqlite3's .import into a table with the same indexes.
package main

import (
	"bufio"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	rows := flag.Int("rows", 1_000_000, "how many rows the list has")
	rounds := flag.Int("rounds", 3, "how often publisher and sqlite3 take turns; the medians are printed")
	folder := flag.String("dir", "", "where the ledger is made (default the system's temporary folder)")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: benchimport [flags] PROGRAM")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *folder, *rows, max(1, *rounds)); err != nil {
		fmt.Fprintln(os.Stderr, "benchimport:", err)
		os.Exit(1)
	}
}

// run makes the list, and measures both in turns, since a machine is not always as fast.
func run(program, folder string, rows, rounds int) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(folder, "benchimport")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := writeList(filepath.Join(dir, "list.csv"), rows); err != nil {
		return err
	}
	if err := writeSite(dir); err != nil {
		return err
	}
	var ours, again, theirs []spent
	var ratios, processor []float64
	for range rounds {
		if err := removeAll(dir, "publisher.db*", "peer.db*"); err != nil {
			return err
		}
		o, err := timed(dir, program, "subscribers", "import", "list.csv")
		if err != nil {
			return err
		}
		a, err := timed(dir, program, "subscribers", "import", "list.csv")
		if err != nil {
			return err
		}
		ours, again = append(ours, o), append(again, a)
		t, err := timed(dir, "sqlite3", "peer.db", ".read schema.sql", ".import --csv --skip 1 list.csv subscriber")
		if errors.Is(err, exec.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		theirs, ratios = append(theirs, t), append(ratios, t.wall.Seconds()/o.wall.Seconds())
		processor = append(processor, t.processor.Seconds()/o.processor.Seconds())
	}
	median(ours).print("publisher", rows)
	median(again).print("once more", rows)
	if len(theirs) == 0 {
		fmt.Println("sqlite3       not installed (Debian's package sqlite3)")
		return nil
	}
	median(theirs).print("sqlite3", rows)
	slices.Sort(ratios)
	slices.Sort(processor)
	fmt.Printf("ratio         %8.2f (median of %d; %.2f to %.2f; of processor time %.2f)\n", ratios[len(ratios)/2], len(ratios), ratios[0], ratios[len(ratios)-1], processor[len(processor)/2])
	return nil
}

// spent is what one process took.
type spent struct {
	wall, processor time.Duration
	memory          int64 // octets, at most
}

func (s spent) print(name string, rows int) {
	fmt.Printf("%-13s %8.0f rows/s; %.1f s (%.1f s of a processor), at most %d MB\n", name, float64(rows)/s.wall.Seconds(), s.wall.Seconds(), s.processor.Seconds(), s.memory>>20)
}

func median(all []spent) spent {
	slices.SortFunc(all, func(a, b spent) int { return cmp.Compare(a.wall, b.wall) })
	return all[len(all)/2]
}

// timed runs a process to its end.
func timed(dir, program string, args ...string) (spent, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	started := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return spent{}, fmt.Errorf("%s %q: %w\n%s", program, args, err, out)
	}
	s := spent{wall: time.Since(started), processor: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = usage.Maxrss << 10 // Linux counts in kilobytes
	}
	return s, nil
}

// schema is a table with the columns of the list, and with the ledger's indexes of
// subscribers as far as they hold rows of a list.
const schema = `
CREATE TABLE subscriber (email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, status TEXT NOT NULL, cadence TEXT NOT NULL,
	tags TEXT NOT NULL, created TEXT, confirmed TEXT);
CREATE INDEX subscriber_audience ON subscriber (cadence, status);
`

func writeSite(dir string) error {
	for name, text := range map[string]string{"config.yaml": "site: {url: https://example.com}\ncontent: {dir: posts}\n", "schema.sql": schema} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return os.Mkdir(filepath.Join(dir, "posts"), 0o700)
}

// writeList writes a list in no order, in the form of an export.
func writeList(file string, rows int) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	fmt.Fprintln(out, "email,name,status,cadence,tags,created,confirmed")
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		created := start.Add(time.Duration(random.Int64N(int64(10 * 365 * 24 * time.Hour)))).Truncate(time.Second)
		status, tags := "active", ""
		if i%10 == 0 {
			status = "unsubscribed"
		}
		if i%4 == 0 {
			tags = "mail;feeds"
		}
		fmt.Fprintf(out, "%08x.reader%d@mail%d.example.com,Reader %d,%s,,%s,%s,%s\n", random.Uint32(), i, i%7, i, status, tags,
			created.Format(time.RFC3339), created.Add(time.Hour).Format(time.RFC3339))
	}
	return errors.Join(out.Flush(), f.Close())
}

func removeAll(dir string, patterns ...string) error {
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}
