package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/sqlite"
	"publisher/internal/smtptest"
)

// webRequests is how many requests a second come while mail goes out.
const webRequests = 200

// besideWeb measures `publisher serve` with and without web requests, in turns: with the usual
// limit, beyond which sign-ups are asked for a proof of work, and with a confirmation for each.
func (b bench) besideWeb(recipients int) error {
	for _, mailsPerHour := range []int{usualMailsPerHour, 1_000_000} {
		if err := b.besideSignups(recipients, mailsPerHour); err != nil {
			return err
		}
	}
	return nil
}

// usualMailsPerHour is signup.mails_per_hour where the config has none.
const usualMailsPerHour = 300

// besideSignups measures with so many sign-ups an hour that lead to a mail.
func (b bench) besideSignups(recipients, mailsPerHour int) error {
	b.mailsPerHour = mailsPerHour
	var alone, ratios []float64
	var beside []visited
	for range max(1, b.rounds) {
		a, err := b.serve(recipients, 0)
		if err != nil {
			return err
		}
		w, err := b.serve(recipients, webRequests)
		if err != nil {
			return err
		}
		alone, beside, ratios = append(alone, a.perSecond), append(beside, w), append(ratios, w.perSecond/a.perSecond)
	}
	slices.SortFunc(beside, func(a, b visited) int { return cmp.Compare(a.perSecond, b.perSecond) })
	w := beside[len(beside)/2]
	fmt.Printf("beside web    %8.0f mails/s with %d sign-ups and unsubscribes a second (99 of 100 answered within %v; %d confirmations, %d asked for work), %.0f without\n",
		w.perSecond, webRequests, w.slowest.Round(time.Millisecond), w.confirmations, w.worked, middle(alone))
	fmt.Printf("ratio         %8.2f with %d mails an hour to sign-ups (median of %d; %.2f to %.2f)\n",
		middle(ratios), mailsPerHour, len(ratios), slices.Min(ratios), slices.Max(ratios))
	return nil
}

// visited is a measurement of the daemon.
type visited struct {
	perSecond     float64       // mails of the edition, from the first tenth to the ninth
	slowest       time.Duration // of 99 of 100 requests
	worked        int64         // requests that were asked for a proof of work
	confirmations int
}

// serve has the daemon send one edition while so many requests a second come. The number of
// recipients changes meanwhile.
func (b bench) serve(recipients, requests int) (v visited, err error) {
	dir, err := os.MkdirTemp(b.folder, "benchsend-")
	if err != nil {
		return v, err
	}
	defer os.RemoveAll(dir)
	server, err := smtptest.Listen("127.0.0.1:0", smtptest.Options{})
	if err != nil {
		return v, err
	}
	defer server.Close()
	if err := b.site(dir, recipients, server.Port(), ""); err != nil {
		return v, err
	}
	if err := b.command(dir, "subscribers", "import", "list.csv").Run(); err != nil {
		return v, fmt.Errorf("publisher subscribers import: %w", err)
	}
	visits := &visitors{recipients: recipients}
	if visits.tokens, err = tokens(dir); err != nil {
		return v, err
	}
	d, err := b.daemon(dir)
	if err != nil {
		return v, err
	}
	defer d.stop()
	stop := visits.start(d.base, requests)
	began, sent, _, err := d.await(server, recipients/10)
	if err != nil {
		return v, err
	}
	ended, all, others, err := d.await(server, recipients/10*9)
	if err != nil {
		return v, err
	}
	stop()
	v = visited{perSecond: float64(all-sent) / ended.Sub(began).Seconds(), worked: visits.worked.Load(), confirmations: others}
	v.slowest, err = visits.slowest()
	return v, err
}

func tokens(dir string) (*mailtoken.Codec, error) {
	ctx := context.Background()
	l, err := sqlite.Open(ctx, "sqlite:"+filepath.Join(dir, "publisher.db"))
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.Tokens(ctx)
}

// daemon is a running `publisher serve`.
type daemon struct {
	cmd  *exec.Cmd
	base string // the address of its web server
	over chan struct{}
}

func (b bench) daemon(dir string) (*daemon, error) {
	d := &daemon{cmd: b.command(dir, "serve", "--log-format", "json"), over: make(chan struct{})}
	d.cmd.Stderr = nil
	logs, err := d.cmd.StderrPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	lines := bufio.NewReader(logs)
	for d.base == "" {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			d.stop()
			return nil, fmt.Errorf("publisher serve: no address in its log: %w", err)
		}
		var line struct{ Msg, Address string }
		if json.Unmarshal(text, &line) == nil && line.Msg == "serving" {
			d.base = line.Address
		}
	}
	go func() {
		defer close(d.over)
		io.Copy(io.Discard, lines)
	}()
	return d, nil
}

// await waits until the sink has taken so many mails. It returns when that was, how many of
// them were of the edition, and how many went to those who signed up.
func (d *daemon) await(server *smtptest.Server, mails int) (at time.Time, edition, others int, err error) {
	for deadline := time.Now().Add(10 * time.Minute); server.Total() < mails; time.Sleep(time.Millisecond) {
		select {
		case <-d.over:
			return at, 0, 0, fmt.Errorf("publisher serve ended after %d mails", server.Total())
		default:
		}
		if time.Now().After(deadline) {
			return at, 0, 0, fmt.Errorf("the sink took %d of %d mails in ten minutes", server.Total(), mails)
		}
	}
	at = time.Now()
	for to, n := range server.Accepted() {
		if strings.HasSuffix(to, newcomers) {
			others += n
		} else {
			edition += n
		}
	}
	return at, edition, others, nil
}

func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(os.Interrupt)
	_ = d.cmd.Wait() // it was interrupted
}

// visitors send requests to the daemon.
type visitors struct {
	recipients int
	tokens     *mailtoken.Codec
	proxy      *proxy

	mu     sync.Mutex
	took   []time.Duration
	failed error
	next   atomic.Int64
	worked atomic.Int64 // see visited
}

// start sends so many requests a second until stop is called, whether or not earlier ones are
// answered. stop waits for the answers.
func (v *visitors) start(base string, perSecond int) (stop func()) {
	v.proxy = &proxy{to: strings.TrimPrefix(base, "http://")}
	if perSecond == 0 {
		return func() {}
	}
	ended, all := make(chan struct{}), sync.WaitGroup{}
	ticker := time.NewTicker(time.Second / time.Duration(perSecond))
	all.Go(func() {
		for {
			select {
			case <-ticker.C:
				all.Go(v.visit)
			case <-ended:
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(ended)
		all.Wait()
		v.proxy.close()
	}
}

// newcomers is the domain of those who sign up.
const newcomers = "@gmail.com"

// visit is one request: half of them sign up, half unsubscribe.
func (v *visitors) visit() {
	n := v.next.Add(1)
	path, form := "/unsubscribe/"+v.tokens.Link(mailtoken.Unsubscribe, 1+rand.Int64N(int64(v.recipients))), "List-Unsubscribe=One-Click"
	if n%2 == 0 {
		path, form = "/subscribe", fmt.Sprintf("email=new%d%%40gmail.com&page=https://example.com/", n)
	}
	started := time.Now()
	status, err := v.proxy.post(path, form, fmt.Sprintf("%d.%d.%d.1", 11+n>>16, n>>8&0xff, n&0xff))
	switch {
	case status == http.StatusPreconditionRequired:
		v.worked.Add(1)
	case err == nil && status >= 300:
		kind, _, _ := strings.Cut(path[1:], "/")
		err = fmt.Errorf("/%s: status %d", kind, status)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.took = append(v.took, time.Since(started))
	v.failed = cmp.Or(v.failed, err)
}

// slowest returns how long 99 of 100 requests took at most.
func (v *visitors) slowest() (time.Duration, error) {
	if len(v.took) == 0 || v.failed != nil {
		return 0, v.failed
	}
	slices.Sort(v.took)
	return v.took[len(v.took)*99/100], nil
}
