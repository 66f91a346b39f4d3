//go:build postgres

package work_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/content"
	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/ledger/imports"
	"publisher/internal/postgrestest"
	"publisher/internal/publish/catalog"
	"publisher/internal/publish/delivery"
	"publisher/internal/publish/editions"
	"publisher/internal/publish/work"
	"publisher/internal/smtptest"
	"publisher/templates"
)

// The test binary runs itself as a process that works: the variable is the folder with its config.
const childVariable = "WORK_TEST_FOLDER"

// clockVariable is how far ahead the clock of such a process is.
const clockVariable = "WORK_TEST_CLOCK"

func TestMain(m *testing.M) {
	folder, ok := os.LookupEnv(childVariable)
	if !ok {
		// Most tests wait. The flag -parallel overrides this.
		if err := flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := runChild(ctx, folder); err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
}

func runChild(ctx context.Context, folder string) error {
	cfg, err := config.Load(filepath.Join(folder, "config.yaml"), os.LookupEnv)
	if err != nil {
		return err
	}
	ahead, err := time.ParseDuration(os.Getenv(clockVariable))
	if err != nil {
		return err
	}
	o := options(cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	o.Now = func() time.Time { return time.Now().Add(ahead) }
	o.Working = func() { fmt.Println("working") }
	return work.Run(ctx, o)
}

func options(cfg *config.Config, log *slog.Logger) work.Options {
	return work.Options{Config: cfg, DSN: cfg.Ledger, StateDir: cfg.Path(cfg.State.Dir), Version: "test", Log: log, Now: time.Now}
}

// process is a process that works.
type process struct {
	*exec.Cmd
	folder string
}

// start starts a process, in a folder that has only a config.
func (f *fleet) start() *process { return f.startAt(0) }

// startAt starts a process whose clock is ahead.
func (f *fleet) startAt(ahead time.Duration) *process {
	f.t.Helper()
	p := &process{exec.Command(os.Args[0]), f.t.TempDir()}
	f.write(p.folder)
	p.Env = append(os.Environ(), childVariable+"="+p.folder, clockVariable+"="+ahead.String())
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	f.check(err)
	f.check(p.Start())
	f.t.Cleanup(p.kill)
	line := make([]byte, len("working\n"))
	if _, err := io.ReadFull(out, line); err != nil {
		f.t.Fatalf("a process does not begin: %v", err)
	}
	go io.Copy(io.Discard, out)
	return p
}

// kill is kill -9.
func (p *process) kill() {
	p.Process.Kill()
	p.Wait()
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

const connections = 4

// fleet is a ledger with subscribers, a mail server, and the leader.
type fleet struct {
	t        *testing.T
	dsn      string
	sink     *smtptest.Server
	settings string
	cfg      *config.Config
	ledger   *ledger.Ledger
	leader   *work.Leader
	closed   []ledger.Edition
	compose  *editions.Composer
	tolerant bool // the leader goes on although it fails
}

func (f *fleet) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) write(folder string) {
	f.t.Helper()
	text := fmt.Sprintf(`site: {url: https://blog.example.com}
content: {dir: posts}
digest: {default: daily, settle: 0s}
ledger: %q
mail: {from: news@example.com, smtp: {host: 127.0.0.1, port: %d, tls: none, connections: %d%s}}
`, f.dsn, f.sink.Port(), connections, f.settings)
	f.check(os.WriteFile(filepath.Join(folder, "config.yaml"), []byte(text), 0o600))
}

// newFleet closes an edition that is due to so many. settings are of
// mail.smtp.
func newFleet(t *testing.T, subscribers int, settings string, sink smtptest.Options) *fleet {
	t.Helper()
	return newFleetIn(t, postgrestest.New(t), subscribers, settings, sink)
}

// newFleetIn is newFleet with a database.
func newFleetIn(t *testing.T, dsn string, subscribers int, settings string, sink smtptest.Options) *fleet {
	t.Helper()
	f := &fleet{t: t, dsn: dsn, sink: smtptest.Start(t, sink), settings: settings}
	dir := t.TempDir()
	f.write(dir)
	f.check(os.Mkdir(filepath.Join(dir, "posts"), 0o755))
	var err error
	f.cfg, err = config.Load(filepath.Join(dir, "config.yaml"), os.LookupEnv)
	f.check(err)
	f.openIn(dsn)
	l := f.ledger
	yesterday := time.Now().Add(-25 * time.Hour).Truncate(time.Microsecond)
	f.survey(yesterday)
	_, err = imports.Run(t.Context(), l, func(yield func(imports.Row, error) bool) {
		for i := range subscribers {
			if !yield(imports.Row{Email: fmt.Sprintf("s%d@example.com", i)}, nil) {
				return
			}
		}
	}, imports.Options{DefaultCadence: "daily", Now: yesterday})
	f.check(err)
	post := fmt.Sprintf("---\ntitle: New\ndate: %s\n---\nText.\n", yesterday.Add(time.Hour).UTC().Format(time.RFC3339))
	f.check(os.WriteFile(filepath.Join(dir, "posts", "new.md"), []byte(post), 0o644))
	f.survey(time.Now().Truncate(time.Microsecond))
	f.closed, _, err = editions.NewCloser(f.compose, true).CloseDue(t.Context(), nil)
	f.check(err)
	if len(f.closed) != 1 || f.closed[0].Recipients != subscribers {
		t.Fatalf("closed %+v", f.closed)
	}
	return f
}

// survey is what a pass does before its mail.
func (f *fleet) survey(at time.Time) {
	f.t.Helper()
	tree, err := content.Open(f.cfg)
	f.check(err)
	c := catalog.New(catalog.Source{Config: f.cfg, Tree: tree, Ledger: f.ledger, Log: slog.New(slog.DiscardHandler), Build: "test"}, at)
	f.check(c.Survey(f.t.Context(), catalog.Options{LoadAll: true}))
	f.check(c.Load(f.t.Context()))
	set, err := templates.Load(f.cfg.Path(f.cfg.Templates), f.cfg.Dir, f.cfg.Private())
	f.check(err)
	f.compose = editions.NewComposer(c, set)
}

// lead hands out until nothing is left, or the time is up.
func (f *fleet) lead(within time.Duration) {
	f.t.Helper()
	deadline := time.After(within)
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		open, err := editions.ListOpen(f.t.Context(), f.ledger)
		busy := true
		if err == nil {
			busy, err = f.leader.HandOut(f.t.Context(), f.compose, open)
		}
		if err != nil && !f.tolerant {
			f.t.Fatal(err)
		}
		if err == nil && !busy && len(open) == 0 {
			return
		}
		select {
		case <-look.C:
		case <-deadline:
			f.t.Fatalf("not done after %v: %d of the mails are there", within, len(f.sink.Accepted()))
		}
	}
}

// account compares what the mail server has with the ledger: nobody is missing, and whoever got the
// mail twice is a delivery that was sent again though it may have arrived. It returns how many.
func (f *fleet) account(subscribers int) (doubles int) {
	f.t.Helper()
	again := map[string]bool{}
	for d, err := range f.ledger.Deliveries(f.t.Context(), f.closed[0].Number, "") {
		f.check(err)
		s, err := f.ledger.SubscriberByID(f.t.Context(), d.Subscriber)
		f.check(err)
		if d.Status != ledger.Sent {
			f.t.Errorf("%s: %s %s", s.Email, d.Status, d.Reply)
		}
		if d.Resent > 0 {
			again[s.Email] = true
		}
	}
	accepted := f.sink.Accepted()
	for to, n := range accepted {
		if n > 2 || n == 2 && !again[strings.Trim(to, "<>")] {
			f.t.Errorf("%s got %d mails", to, n)
		}
		doubles += n - 1
	}
	if len(accepted) != subscribers {
		f.t.Errorf("%d subscribers got mail, want %d", len(accepted), subscribers)
	}
	if len(again) > 3*connections {
		f.t.Errorf("%d deliveries are uncertain", len(again))
	}
	f.t.Logf("%d uncertain, %d twice", len(again), doubles)
	return doubles
}

// waitForRow waits until a query has a row.
func (f *fleet) waitForRow(what, query string) {
	f.t.Helper()
	deadline := time.After(time.Minute)
	for look := time.Tick(100 * time.Millisecond); ; {
		var there bool
		f.check(f.ledger.Reader().QueryRowContext(f.t.Context(), "SELECT EXISTS ("+query+")").Scan(&there))
		if there {
			return
		}
		select {
		case <-look:
		case <-deadline:
			f.t.Fatalf("no %s", what)
		}
	}
}

// Three processes deliver an edition, each a part, nobody twice. One of them has River's own upkeep.
func TestSeveralProcesses(t *testing.T) {
	const subscribers = 3000
	f := newFleet(t, subscribers, "", smtptest.Options{})
	for range 3 {
		f.start()
	}
	f.waitForRow("leader of River's", "SELECT 1 FROM river_leader")
	f.lead(time.Minute)
	if n := f.account(subscribers); n > 0 {
		t.Errorf("%d doubles", n)
	}
}

// A process that is asked to end while it prepares a recipient's mail, and can read nothing any more, leaves the
// recipient to the next look at the edition.
func TestInterruptedBetweenTwoReads(t *testing.T) {
	f := newFleet(t, 3, "", smtptest.Options{})
	f.check(delivery.Prepare(t.Context(), f.compose, &f.closed[0]))
	posts, err := f.ledger.NumberedPosts(t.Context())
	f.check(err)
	ctx, stop := context.WithCancel(t.Context())
	looks := 0
	o := delivery.Options{Config: f.cfg, Ledger: f.ledger, Log: slog.New(slog.DiscardHandler), Progress: func(delivery.Progress) {}, Now: func() time.Time {
		if looks++; looks == 3 { // the first two are at the beginning, and at the recipients
			stop()
		}
		return time.Now()
	}}
	from := &delivery.Stored{Stored: editions.NewStored(f.cfg, f.ledger), Posts: posts}
	b, err := delivery.NewBatch(t.Context(), o, from, delivery.Part{Edition: f.closed[0], Upto: 1000}, func(int64, delivery.Reply) {})
	f.check(err)
	if job, err := b.Next(ctx); job != nil || !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, %v", job, err)
	}
	b.Close()
	rest, more, err := b.Finish(t.Context())
	f.check(err)
	if missed, _ := b.Missed(); missed == 0 && rest.After > 0 {
		t.Errorf("the recipient is forgotten; what is left begins after %d (%v)", rest.After, more)
	}
}
