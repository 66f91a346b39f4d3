package main

import (
	"context"
	"flag"
	"fmt"
	"mime"
	"net/mail"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"publisher/internal/ledger"
	"publisher/internal/ledger/engines"
	"publisher/internal/ledger/mailtoken"
	"publisher/internal/ledger/signups"
	"publisher/internal/ledger/subscription"
	"publisher/internal/racedetector"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain runs the tests, or, as a command of a script, the program with the script's clock.
func TestMain(m *testing.M) {
	// The programs that tests start must get SIGHUP, even if the tests run under nohup.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	// Most tests wait for disks, processes and pauses. The flag -parallel overrides this.
	if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"measured": measured, "publisher": func() {
		sys := system{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv, now: time.Now}
		if text := os.Getenv("NOW"); text != "" {
			now, err := time.Parse(time.RFC3339, text)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(99)
			}
			sys.now = func() time.Time { return now }
		}
		os.Exit(runWithSignals(sys))
	}})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	p := scriptParams()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for i, file := range files {
		// Under the race detector a command takes ten times as long, and one of three shows the
		// same goroutines at work.
		if !racedetector.Enabled || i%3 == 0 {
			p.Files = append(p.Files, file)
		}
	}
	testscript.Run(t, p)
}

// scriptParams are what scripts have besides the commands of testscript.
func scriptParams() testscript.Params {
	return testscript.Params{
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": runForCode, "outbox": outbox, "modified": modified, "smtpd": smtpd, "delivered": delivered, "received": received,
			"bytes": bytesFile, "repeated": repeatedFile, "mailed": mailed, "answer": answerTo, "signup": signUp, "acts": actAs,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("NOW", "2026-06-01T12:00:00Z")
			return nil
		},
	}
}

// code N publisher ARGS… runs the program and expects that exit code.
func runForCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command args…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		text := err.Error()
		n, convErr := strconv.Atoi(text[strings.LastIndexByte(text, ' ')+1:])
		if convErr != nil {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = n
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// outbox [N | ADDRESS SUBJECT] expects N messages in the outbox, or one to that address whose
// subject contains that text.
func outbox(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs("outbox/*.eml"))
	ts.Check(err)
	if len(args) == 1 {
		if got := strconv.Itoa(len(files)); (got == args[0]) == neg {
			ts.Fatalf("%s messages in the outbox, want %s: %q", got, args[0], files)
		}
		return
	}
	for _, file := range files {
		f, err := os.Open(file)
		ts.Check(err)
		m, err := mail.ReadMessage(f)
		f.Close()
		ts.Check(err)
		if strings.Contains(m.Header.Get("To"), args[0]) && strings.Contains(m.Header.Get("Subject"), args[1]) {
			if neg {
				ts.Fatalf("%s has subject %q to %s", file, m.Header.Get("Subject"), args[0])
			}
			return
		}
	}
	if !neg {
		ts.Fatalf("no message to %s with %q in its subject", args[0], args[1])
	}
}

// mailed SUBJECT TEXT expects text in the source of each message with that subject.
func mailed(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs("outbox/*.eml"))
	ts.Check(err)
	found := false
	for _, file := range files {
		source := ts.ReadFile(file)
		m, err := mail.ReadMessage(strings.NewReader(source))
		ts.Check(err)
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		ts.Check(err)
		if subject != args[0] {
			continue
		}
		found = true
		if strings.Contains(source, args[1]) == neg {
			ts.Fatalf("%s: %q in it: %v\n%s", file, args[1], neg, source)
		}
	}
	if !found {
		ts.Fatalf("no message has the subject %q", args[0])
	}
}

// answer ADDRESS FILE writes the answer to the message to that address that asks for one.
func answerTo(ts *testscript.TestScript, neg bool, args []string) {
	files, err := filepath.Glob(ts.MkAbs("outbox/*.eml"))
	ts.Check(err)
	for _, file := range files {
		m, err := mail.ReadMessage(strings.NewReader(ts.ReadFile(file)))
		ts.Check(err)
		if to := m.Header.Get("Reply-To"); strings.Contains(to, "+c.") && strings.Contains(m.Header.Get("To"), args[0]) {
			text := fmt.Sprintf("From: %s\nTo: %s\nSubject: Re: %s\nIn-Reply-To: %s\n\nYes\n", args[0], to, m.Header.Get("Subject"), m.Header.Get("Message-ID"))
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o644))
			return
		}
	}
	ts.Fatalf("no message to %s asks for an answer", args[0])
}

// signup ADDRESS… stores requests to subscribe, as the web server does.
func signUp(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	l := scriptLedger(ts)
	defer l.Close()
	now, err := time.Parse(time.RFC3339, ts.Getenv("NOW"))
	ts.Check(err)
	for _, address := range args {
		ts.Check(signups.Add(ctx, l, signups.Signup{Email: address, How: signups.ByForm, At: now, Request: mailtoken.NewSecret()}))
	}
}

// acts ADDRESS complaint|pause does what a subscriber can do from a mail; a pause is for a week.
func actAs(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	l := scriptLedger(ts)
	defer l.Close()
	now, err := time.Parse(time.RFC3339, ts.Getenv("NOW"))
	ts.Check(err)
	s, err := l.Subscriber(ctx, args[0])
	ts.Check(err)
	r := subscription.Request{Subscriber: s.ID, Proof: mailtoken.Preferences, Action: subscription.Pause, Until: now.Add(7 * 24 * time.Hour), At: now}
	if args[1] == "complaint" {
		r.Proof, r.Action = mailtoken.ReturnPath, subscription.Complain
	}
	_, changed, err := subscription.Do(ctx, l, r)
	ts.Check(err)
	if changed == neg {
		ts.Fatalf("%s: %s changes something: %v", args[0], args[1], changed)
	}
}

// scriptLedger opens the ledger of a script: $LEDGER, or the one beside the config.
func scriptLedger(ts *testscript.TestScript) *ledger.Ledger {
	dsn := ts.Getenv("LEDGER")
	if dsn == "" {
		dsn = "sqlite:" + ts.MkAbs("publisher.db")
	}
	l, err := openLedger(dsn, ts.MkAbs("state"))
	ts.Check(err)
	return l
}

func openLedger(dsn, stateDir string) (*ledger.Ledger, error) {
	return engines.Open(context.Background(), engines.Place{DSN: dsn, StateDir: stateDir})
}

// modified FILE TIME sets a file's modification time.
func modified(ts *testscript.TestScript, neg bool, args []string) {
	at, err := time.Parse(time.RFC3339, args[1])
	ts.Check(err)
	ts.Check(os.Chtimes(ts.MkAbs(args[0]), at, at))
}

// repeated FILE HEAD PIECE N writes a file of a head and N times a piece, both with the escapes of
// Go string literals.
func repeatedFile(ts *testscript.TestScript, neg bool, args []string) {
	head, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	piece, err := strconv.Unquote(`"` + args[2] + `"`)
	ts.Check(err)
	n, err := strconv.Atoi(args[3])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(head+strings.Repeat(piece, n)), 0o644))
}

// bytes FILE TEXT writes a file of bytes, with the escapes of Go string literals.
func bytesFile(ts *testscript.TestScript, neg bool, args []string) {
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}
