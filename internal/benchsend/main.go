// Command benchsend measures how many mails a second the program sends, from a
// ledger on disk to a sink on this machine, beside Postfix's smtp-source, which
// keeps no record at all.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"publisher/internal/sink"
	"publisher/ledger"
)

func main() {
	recipients := flag.Int("recipients", 50_000, "how many get the mail")
	connections := flag.Int("connections", 20, "how many connections at once")
	folder := flag.String("dir", "", "where the ledger is made (default the system's temporary folder)")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: benchsend [flags] PROGRAM")
		os.Exit(2)
	}
	b := bench{program: flag.Arg(0), connections: *connections, folder: *folder}
	if err := b.run(*recipients); err != nil {
		fmt.Fprintln(os.Stderr, "benchsend:", err)
		os.Exit(1)
	}
}

type bench struct {
	program     string
	folder      string
	connections int
}

// outcome is one measurement.
type outcome struct {
	perSecond float64
	maxRSS    int64 // octets
}

// run prints each measurement as it is made.
func (b bench) run(recipients int) error {
	program, err := filepath.Abs(b.program)
	if err != nil {
		return err
	}
	b.program = program
	ours, commit, err := b.ours(recipients, 0, "")
	if err != nil {
		return err
	}
	fmt.Printf("publisher     %8.0f mails/s, %d recipients, %d connections, at most %d MB\n", ours.perSecond, recipients, b.connections, ours.maxRSS>>20)
	fmt.Printf("one commit    %8.2f ms (median, synchronous=FULL)\n", commit.Seconds()*1000)
	theirs, err := b.smtpSource(recipients, 0)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		fmt.Println("smtp-source   not installed (Debian's package postfix)")
	case err != nil:
		return err
	default:
		fmt.Printf("smtp-source   %8.0f mails/s; ratio %.2f\n", theirs, ours.perSecond/theirs)
	}
	const delay = 50 * time.Millisecond
	slow := min(recipients, 5_000)
	if ours, _, err = b.ours(slow, delay, ""); err != nil {
		return err
	}
	fmt.Printf("replies after %v: %.0f mails/s of %.0f possible\n", delay, ours.perSecond, float64(b.connections)/delay.Seconds())
	for _, algorithm := range []string{"rsa", "ed25519"} {
		if ours, _, err = b.ours(min(recipients, 10_000), 0, algorithm); err != nil {
			return err
		}
		fmt.Printf("signed (%s) %.0f mails/s\n", algorithm, ours.perSecond)
	}
	return nil
}

// ours sends one edition and tells how fast, and how long a commit takes there.
func (b bench) ours(recipients int, delay time.Duration, sign string) (outcome, time.Duration, error) {
	dir, err := os.MkdirTemp(b.folder, "benchsend-")
	if err != nil {
		return outcome{}, 0, err
	}
	defer os.RemoveAll(dir)
	server, err := sink.Start(sink.Options{Delay: delay})
	if err != nil {
		return outcome{}, 0, err
	}
	defer server.Close()
	if err := b.site(dir, recipients, server.Port(), sign); err != nil {
		return outcome{}, 0, err
	}
	run := b.command(dir, "run")
	started := time.Now()
	if err := run.Run(); err != nil {
		return outcome{}, 0, fmt.Errorf("publisher run: %w", err)
	}
	took := time.Since(started)
	if n := server.Total(); n != recipients {
		return outcome{}, 0, fmt.Errorf("the sink took %d of %d", n, recipients)
	}
	o := outcome{perSecond: float64(recipients) / took.Seconds()}
	if usage, ok := run.ProcessState.SysUsage().(*syscall.Rusage); ok {
		o.maxRSS = usage.Maxrss << 10 // Linux counts in kilobytes
	}
	commit, err := commitTime(filepath.Join(dir, "publisher.db"))
	return o, commit, err
}

func (b bench) command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(b.program, args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	return cmd
}

// site makes a blog of a few posts whose digest has about 4 kB of text and of HTML
// beyond the template, and its list.
func (b bench) site(dir string, recipients, port int, sign string) error {
	config := fmt.Sprintf(`site: {title: Blog, url: https://example.com}
digest: {cadences: {immediate: ""}, default: immediate, start: 2020-01-01, settle: 0s}
content: {excerpt_words: 600}
mail:
  from: Blog <news@example.com>
  bounce_to: bounces@example.com
  smtp: {host: 127.0.0.1, port: %d, tls: none, connections: %d}
`, port, b.connections)
	if sign != "" {
		config += "  dkim: [{domain: example.com, selector: s1, key_file: key.pem}]\n"
	}
	var list strings.Builder
	list.WriteString("email\n")
	for i := range recipients {
		fmt.Fprintf(&list, "reader%d@example.net\n", i)
	}
	post := "---\ntitle: A post\ndate: 2024-01-01\n---\n" + strings.Repeat("Some words of a sentence that goes on for a while.\n\n", 65)
	for name, text := range map[string]string{"config.yaml": config, "list.csv": list.String(), "content/posts/a.md": post} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	if sign != "" {
		if err := b.command(dir, "dkim", "generate", "--algorithm", sign, "--domain", "example.com", "--out", "key.pem").Run(); err != nil {
			return fmt.Errorf("publisher dkim generate: %w", err)
		}
	}
	if err := b.command(dir, "subscribers", "import", "list.csv").Run(); err != nil {
		return fmt.Errorf("publisher subscribers import: %w", err)
	}
	return nil
}

// smtpSource sends as much, kept on open connections like ours.
func (b bench) smtpSource(recipients int, delay time.Duration) (float64, error) {
	path, err := exec.LookPath("smtp-source")
	if err != nil {
		return 0, err
	}
	server, err := sink.Start(sink.Options{Delay: delay})
	if err != nil {
		return 0, err
	}
	defer server.Close()
	const size = 13_000 // octets, about what ours come to
	cmd := exec.Command(path, "-d", "-s", strconv.Itoa(b.connections), "-m", strconv.Itoa(recipients), "-l", strconv.Itoa(size),
		"-f", "news@example.com", "-t", "reader@example.net", "127.0.0.1:"+strconv.Itoa(server.Port()))
	started := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("smtp-source: %w\n%s", err, out)
	}
	return float64(recipients) / time.Since(started).Seconds(), nil
}

// commitTime is the median of some commits to the ledger at rest.
func commitTime(file string) (time.Duration, error) {
	ctx := context.Background()
	l, err := ledger.Open(ctx, "sqlite:"+file)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	var took []time.Duration
	for i := range 101 {
		started := time.Now()
		if err := l.SetMemo(ctx, "benchsend", []byte{byte(i)}); err != nil {
			return 0, err
		}
		took = append(took, time.Since(started))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
