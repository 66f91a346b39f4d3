package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/racedetector"
)

// Whenever an import, or undoing one, is killed, it is done or not: no part of it, and none
// twice.
func TestKilledWhileImporting(t *testing.T) {
	t.Parallel()
	kills := 6
	if racedetector.Enabled {
		kills = 2
	}
	if text := os.Getenv("PUBLISHER_TORTURE"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("PUBLISHER_TORTURE: %v", err)
		}
	}
	c := newImportCrash(t, 3_000)
	for range kills {
		c.step(rand.N(c.takes))
	}
	c.step(time.Hour)
	c.step(time.Hour)
}

// importCrash is a site whose imports are killed again and again.
type importCrash struct {
	t     *testing.T
	dir   string
	rows  int
	takes time.Duration // an import that is not killed
	last  imports.Record
}

func newImportCrash(t *testing.T, rows int) *importCrash {
	c := &importCrash{t: t, dir: t.TempDir(), rows: rows}
	var list strings.Builder
	list.WriteString("email,name,confirmed\nold@example.net,Old,2020-01-01\n")
	for i := range rows {
		fmt.Fprintf(&list, "reader%d@example.net,Reader,2020-01-01\n", i)
	}
	for name, text := range map[string]string{"config.yaml": "site: {url: https://example.com}\ncontent: {dir: posts}\n", "list.csv": list.String()} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(c.dir, "posts"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := c.command("subscribers", "add", "old@example.net").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	started := time.Now()
	c.step(time.Hour)
	c.takes = time.Since(started)
	return c
}

func (c *importCrash) command(args ...string) *exec.Cmd {
	cmd := exec.Command("publisher", args...)
	cmd.Dir = c.dir
	return cmd
}

// step imports the list, or undoes the import if there is one, and kills that after a time.
func (c *importCrash) step(after time.Duration) {
	c.t.Helper()
	undoes := c.last.Number > 0 && c.last.Undone.IsZero()
	cmd := c.command("subscribers", "import", "list.csv")
	if undoes {
		cmd = c.command("subscribers", "undo", strconv.FormatInt(c.last.Number, 10))
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case err := <-ended:
		if err != nil {
			c.t.Fatalf("%v\n%s", err, out.String())
		}
		c.check(undoes, true)
	case <-timer.C:
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			c.t.Fatal(err)
		}
		<-ended
		c.check(undoes, false)
	}
}

// check compares the list with the imports.
func (c *importCrash) check(undoes, finished bool) {
	c.t.Helper()
	l, err := sqlite.Open(c.t.Context(), "sqlite:"+filepath.Join(c.dir, "publisher.db"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer l.Close()
	all, err := imports.All(c.t.Context(), l)
	if err != nil {
		c.t.Fatal(err)
	}
	last := imports.Record{}
	if len(all) > 0 {
		last = all[0]
	}
	for _, r := range all[min(1, len(all)):] {
		if r.Undone.IsZero() {
			c.t.Errorf("imports %d and %d both stand", r.Number, last.Number)
		}
	}
	stands := last.Number > 0 && last.Undone.IsZero()
	if finished && stands == undoes {
		c.t.Errorf("undone: %t; the last import is %+v, and was %+v", undoes, last, c.last)
	}
	want, name := 1, ""
	if stands {
		want, name = 1+c.rows, "Old"
	}
	count, err := l.CountSubscribers(c.t.Context(), ledger.Active)
	if err != nil {
		c.t.Fatal(err)
	}
	old, err := l.Subscriber(c.t.Context(), "old@example.net")
	if err != nil || old == nil || count != want || old.Name != name {
		c.t.Errorf("%d subscribers, want %d; %+v, %v", count, want, old, err)
	}
	c.last = last
}
