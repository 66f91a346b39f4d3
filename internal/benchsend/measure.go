package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"publisher/internal/ledger/passstate"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/smtptest"
	"publisher/mailer/dkim"
)

// outcome is one measurement.
type outcome struct {
	mails  int
	took   time.Duration
	sender usage
	sink   time.Duration // processor time
	octets int64         // that the sink took
	// Of ours alone:
	importing usage
	imported  time.Duration // how long that took
	commit    time.Duration
}

// usage is what a process has used.
type usage struct {
	cpu    time.Duration
	memory int64 // octets, at its most
}

func (o outcome) perSecond() float64 { return float64(o.mails) / o.took.Seconds() }

// cpu tells the processor time of one mail.
func (o outcome) cpu() string {
	a := func(d time.Duration) int64 { return (d / time.Duration(o.mails)).Microseconds() }
	return fmt.Sprintf("processor time a mail %d µs, and %d µs in the sink", a(o.sender.cpu), a(o.sink))
}

// ours sends one edition.
func (b bench) ours(recipients int, delay time.Duration, sign string) (o outcome, err error) {
	dir, err := os.MkdirTemp(b.folder, "benchsend-")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	server, err := smtptest.Listen("127.0.0.1:0", smtptest.Options{Delay: delay})
	if err != nil {
		return o, err
	}
	defer server.Close()
	if err := b.site(dir, recipients, server.Port(), sign); err != nil {
		return o, err
	}
	started := time.Now()
	importing := b.command(dir, "subscribers", "import", "list.csv")
	if err := importing.Run(); err != nil {
		return o, fmt.Errorf("publisher subscribers import: %w", err)
	}
	imported := time.Since(started)
	if o, err = measure(server, recipients, b.command(dir, "run")); err != nil {
		return o, fmt.Errorf("publisher run: %w", err)
	}
	o.importing, o.imported = used(importing), imported
	o.commit, err = commitTime(filepath.Join(dir, "publisher.db"))
	return o, err
}

// smtpSource sends as much, in messages of that size, over connections kept open
// like ours.
func (b bench) smtpSource(recipients int, size int64) (o outcome, err error) {
	path, err := exec.LookPath("smtp-source")
	if err != nil {
		return o, err
	}
	server, err := smtptest.Listen("127.0.0.1:0", smtptest.Options{})
	if err != nil {
		return o, err
	}
	defer server.Close()
	o, err = measure(server, recipients, exec.Command(path, "-d", "-s", strconv.Itoa(b.connections), "-m", strconv.Itoa(recipients),
		"-l", strconv.FormatInt(size, 10), "-f", "news@example.com", "-t", "reader@example.net", "127.0.0.1:"+strconv.Itoa(server.Port())))
	if err != nil {
		return o, fmt.Errorf("smtp-source: %w", err)
	}
	return o, nil
}

// measure runs what sends that many mails to the server.
func measure(server *smtptest.Server, mails int, cmd *exec.Cmd) (o outcome, err error) {
	before, started := ownTime(), time.Now()
	if err := cmd.Run(); err != nil {
		return o, err
	}
	o = outcome{mails: mails, took: time.Since(started), sender: used(cmd), sink: ownTime() - before, octets: server.Octets()}
	if n := server.Total(); n != mails {
		return o, fmt.Errorf("the sink took %d of %d", n, mails)
	}
	return o, nil
}

func used(cmd *exec.Cmd) usage {
	u := usage{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.memory = r.Maxrss << 10 // Linux counts in kilobytes
	}
	return u
}

// ownTime is the processor time of this process, which is the sink's.
func ownTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0 // it only informs
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// signaturesPerSecond is how many all processors make together with such a key.
func signaturesPerSecond(algorithm string) (float64, error) {
	key, err := dkim.GenerateKey(algorithm)
	if err != nil {
		return 0, err
	}
	digest, hash := sha256.Sum256(nil), crypto.SHA256
	if algorithm == "ed25519" {
		hash = 0 // RFC 8463 §3 signs the digest itself
	}
	const long = 2 * time.Second
	var made atomic.Int64
	var signers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		signers.Go(func() {
			for started := time.Now(); time.Since(started) < long; made.Add(1) {
				if _, failed := key.Sign(rand.Reader, digest[:], hash); failed != nil {
					return
				}
			}
		})
	}
	signers.Wait()
	return float64(made.Load()) / long.Seconds(), nil
}

// commitTime is the median of some commits to the ledger at rest.
func commitTime(file string) (time.Duration, error) {
	ctx := context.Background()
	l, err := sqlite.Open(ctx, "sqlite:"+file)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	var took []time.Duration
	for i := range 101 {
		started := time.Now()
		if err := passstate.SetSending(ctx, l, i%2 == 1); err != nil {
			return 0, err
		}
		took = append(took, time.Since(started))
	}
	return middle(took), nil
}

func (b bench) command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(b.program, args...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	return cmd
}
