package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"publisher/internal/smtptest"
)

// site makes a blog of one post whose digest has about 4 kB of text and of HTML beyond the
// template, and its list.
func (b bench) site(dir, dsn string, recipients, port int) error {
	config := fmt.Sprintf(`site: {title: Blog, url: https://example.com}
digest: {cadences: {immediate: ""}, default: immediate, start: 2020-01-01, settle: 0s}
content: {excerpt_words: 1000}
server: {listen: 127.0.0.1:0, url: "http://127.0.0.1:8080"}
mail:
  from: Blog <news@example.com>
  bounce_to: bounces@example.com
  smtp: {host: 127.0.0.1, port: %d, tls: none, connections: %d}
ledger: %q
`, port, b.connections, dsn)
	text := "---\ntitle: A post\ndate: 2024-01-01\n---\n" + strings.Repeat(strings.Repeat("Some words of a sentence that goes on for a while.\n", 5)+"\n", 16)
	if err := os.MkdirAll(filepath.Join(dir, "content", "posts"), 0o755); err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(config), 0o600),
		os.WriteFile(filepath.Join(dir, "content", "posts", "a.md"), []byte(text), 0o644)); err != nil {
		return err
	}
	return writeList(filepath.Join(dir, "list.csv"), recipients)
}

// writeList streams the list to the file.
func writeList(file string, recipients int) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	list := bufio.NewWriter(f)
	fmt.Fprintln(list, "email")
	for i := range recipients {
		fmt.Fprintf(list, "reader%d@example%d.net\n", i, i%97)
	}
	return errors.Join(list.Flush(), f.Close())
}

// process is a running program.
type process struct {
	*exec.Cmd
	ended chan error // receives how it ended
}

func (b bench) start(dir string, args ...string) (*process, error) {
	cmd := exec.Command(b.program, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd, make(chan error, 1)}
	go func() { p.ended <- cmd.Wait() }()
	return p, nil
}

// finish waits for the program's end.
func (p *process) finish() (cost, error) {
	err := <-p.ended
	p.ended <- err
	return cost{cpu: p.ProcessState.UserTime() + p.ProcessState.SystemTime()}, err
}

// stop has the program end, and waits for that.
func (p *process) stop() (cost, error) {
	memory, err := p.memory()
	if err != nil {
		return cost{}, err
	}
	p.Process.Signal(syscall.SIGTERM)
	c, err := p.finish()
	c.memory = memory
	return c, err
}

// memory is the most that the program has had so far. What the system reports of it at its end is at
// least what its parent had when it was started.
func (p *process) memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes int64
	_, err = fmt.Sscan(rest, &kilobytes)
	return kilobytes << 10, err
}

// cost is what a process has used.
type cost struct {
	cpu    time.Duration
	memory int64 // octets, at its most; of a program that was stopped
}

// command runs the program to its end.
func (b bench) command(dir string, args ...string) (c cost, took time.Duration, err error) {
	began := time.Now()
	p, err := b.start(dir, args...)
	if err != nil {
		return c, 0, err
	}
	if c, err = p.finish(); err != nil {
		err = fmt.Errorf("publisher %s: %w", strings.Join(args, " "), err)
	}
	return c, time.Since(began), err
}

// await waits until the mail server has taken so many messages. It returns early if a program ends.
func await(sink *smtptest.Server, mails int, programs ...*process) error {
	for sink.Total() < mails {
		for _, p := range programs {
			select {
			case err := <-p.ended:
				p.ended <- err
				return fmt.Errorf("%s ended after %d of %d mails: %w", strings.Join(p.Args[1:], " "), sink.Total(), mails, errors.Join(err))
			default:
			}
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}
