package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// spent is what one process took.
type spent struct {
	wall, processor time.Duration
	maxRSS          int64  // octets
	report          string // what it says it did
}

func (s spent) String() string {
	return fmt.Sprintf("%6.0f ms (%5.0f ms), %3d MB", ms(s.wall), ms(s.processor), s.maxRSS>>20)
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

func (s spent) ratio(other spent) float64 { return s.wall.Seconds() / other.wall.Seconds() }

// compare takes the measures in turns, so that what else the machine does slows all
// of them alike, and returns the median of each.
func (b bench) compare(measures ...func() (spent, error)) ([]spent, error) {
	took := make([][]spent, len(measures))
	for range b.rounds {
		for i, measure := range measures {
			s, err := measure()
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], s)
		}
	}
	medians := make([]spent, len(measures))
	for i := range took {
		slices.SortFunc(took[i], func(a, b spent) int { return cmp.Compare(a.wall, b.wall) })
		medians[i] = took[i][len(took[i])/2]
		for _, s := range took[i] {
			medians[i].maxRSS = max(medians[i].maxRSS, s.maxRSS)
		}
	}
	return medians, nil
}

// timed runs a process to its end.
func timed(dir, program string, args ...string) (spent, []byte, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return spent{}, nil, fmt.Errorf("%s %v: %w\n%s%s", program, args, err, errs.Bytes(), out.Bytes())
	}
	s := spent{wall: time.Since(started), processor: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.maxRSS = usage.Maxrss << 10 // Linux counts in kilobytes
	}
	return s, out.Bytes(), nil
}

func (b bench) find() (spent, error) {
	s, _, err := timed(b.dir, "find", "content", "-printf", `%s %T@ %p\n`)
	return s, err
}

// pass is one `publisher run`.
func (b bench) pass(site string) (spent, error) {
	s, out, err := timed(b.dir, b.program, "run", "--json", "--config", site+".yaml")
	if err != nil {
		return s, err
	}
	var report struct {
		Posts struct{ New, Changed int }
		Feeds struct {
			Written   []string
			Unchanged int
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return s, err
	}
	s.report = fmt.Sprintf("%d changed, %d files written, %d unchanged", report.Posts.Changed, len(report.Feeds.Written), report.Feeds.Unchanged)
	return s, nil
}

// fresh is the first pass of all.
func (b bench) fresh(site string) (spent, error) {
	files, err := filepath.Glob(filepath.Join(b.dir, site+".db*"))
	if err != nil {
		return spent{}, err
	}
	for _, file := range append(files, filepath.Join(b.dir, site)) {
		if err := os.RemoveAll(file); err != nil {
			return spent{}, err
		}
	}
	return b.pass(site)
}

// hugoRSS builds with one of Hugo's configs, into an empty folder.
func (b bench) hugoRSS(config string) (spent, error) {
	if b.hugo == "" {
		return spent{}, nil
	}
	public := filepath.Join(b.dir, config)
	if err := os.RemoveAll(public); err != nil {
		return spent{}, err
	}
	s, _, err := timed(b.dir, b.hugo, "--quiet", "--config", config+".toml", "--destination", public)
	if err != nil {
		return s, err
	}
	if _, err := os.Stat(filepath.Join(public, "index.xml")); config == hugoHome && err != nil {
		return s, err
	}
	return s, nil
}

func hugo() string {
	path, err := exec.LookPath(cmp.Or(os.Getenv("HUGO"), "hugo"))
	if err != nil {
		return ""
	}
	return path
}
