package main

import (
	"bufio"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Untrusted text cannot control the terminal, wherever it is and whatever command prints it.
func TestTerminalIsNotDriven(t *testing.T) {
	b := newHostileBlog(t)
	t.Chdir(b.dir)
	for _, config := range []string{"broken.yaml", "keys.yaml", "cadence.yaml", "nowhere.yaml", "own.yaml", hostile, hostile + ".yaml"} {
		for _, command := range [][]string{{"check"}, {"check", "--json", "--online"}, {"run"}, {"plan", "--json"}, {"posts"}, {"work"}, {"subscribers", "list"}, {"templates", "list"}, {"preview"}, {"dkim", "generate"}, {"backup", hostile + ".bak"}} {
			b.do(append([]string{"--config", config}, command...)...)
		}
	}
	b.do("--config", "listen.yaml", "serve")
	b.do("work", hostile)
	b.do("--config", "nowhere.yaml", "work")
	b.do("plan")
	b.do("plan", "--json")
	b.do("feeds", "--verbose")
	b.do("posts")
	b.do("posts", "--json")
	b.do("run", "--verbose")
	b.do("release", hostile)
	b.do("release")
	b.do("run")
	b.do("run", "--json", "--verbose")
	b.do("check", "--verbose")
	b.do("check", "--json")
	b.do("editions")
	b.do("editions", "list", "--json")
	b.do("editions", "show", "1")
	b.do("editions", "show", "1", "--json")
	b.do("editions", "show", hostile)
	b.do("editions", "retry", hostile)
	b.do("editions", "retry", "1")
	b.do("editions", "cancel", "1")
	b.do("explain", hostile)
	b.do("explain", "posts/named.md")
	b.do("explain", "posts/named.md", "--json")
	b.do("explain", "posts/"+hostile+".md")
	b.do("explain", "refused@example.net")
	b.do("explain", "refused@example.net", "--json")
	b.do("explain", hostile+"@example.net")
	b.do("preview", "--format", "text", "--cadence", hostile)
	b.do("preview", "--format", hostile)
	b.do("preview", "--to", hostile+"@example.net")
	b.do("preview", "--to", "refused@example.net")
	b.do("preview", "--language", hostile)
	b.do("preview", "--out", hostile+".html")
	b.do("preview", "--out", "/nowhere/"+hostile)
	b.do("subscribers", hostile)
	b.do("subscribers", "add", hostile+"@example.net")
	b.do("subscribers", "add", "dan@example.net", "--name", hostile)
	b.do("subscribers", "add", "dan@example.net", "--name", hostileLine)
	b.do("subscribers", "add", "dan@example.net", "--tags", hostile)
	b.do("subscribers", "add", "dan@example.net", "--name", "Dan\u202e", "--tags", "a\u200b;b")
	b.do("subscribers", "add", "dan@example.net", "--cadence", hostile)
	b.do("subscribers", "add", "dan@example.net", "--language", hostile)
	b.do("subscribers", "import", "--dry-run", "members.csv")
	b.do("subscribers", "import", "--dry-run", "--json", "members.csv")
	b.do("subscribers", "import", "members.csv")
	b.do("subscribers", "import", "members.csv", "--json")
	b.do("subscribers", "import", "faulty.csv")
	b.do("subscribers", "import", "two.csv")
	b.do("subscribers", "import", hostile)
	b.do("subscribers", "import", "--lines", "named/"+hostileLine+".csv", "packed.zip")
	b.do("subscribers", "import", "--dry-run", "--json", "named/"+hostileLine+".csv", "packed.zip")
	b.do("subscribers", "imports")
	b.do("subscribers", "imports", "--json")
	b.do("subscribers", "add", "zed@example.net", "--name", "Zed\u202e")
	b.do("subscribers", "undo", "1", "--json")
	b.do("subscribers", "undo", "2")
	b.do("subscribers", "undo", hostile)
	b.do("subscribers", "import", "members.csv", "--from", hostile)
	b.do("subscribers", "import", "list.csv", "--prune", "--dry-run")
	b.do("subscribers", "list")
	b.do("subscribers", "list", "--json", "--status", hostile)
	b.do("subscribers", "list", "--json")
	b.do("subscribers", "remove", hostile)
	b.do("subscribers", "erase", hostile)
	b.do("subscribers", "erase", "zed@example.net", hostileLine+"@example.net", "--json")
	b.do("stats")
	b.do("stats", "--by", hostile)
	b.do("stats", "--json")
	b.do("status")
	b.do("status", "--json")
	b.do("ledger", "copy", "sqlite:publisher.db", hostile)
	b.do("ledger", "copy", "sqlite:"+hostileLine, "postgres://127.0.0.1:1/"+hostileLine)
	b.do("ledger", "copy", "sqlite:publisher.db", "sqlite:publisher.db", "--json", hostile)
	b.do("form")
	b.do("form", "--engine", hostile)
	b.do("subscribers", "restore", hostile)
	b.do("subscribers", "restore", "refused@example.net", "--json")
	b.do("subscribers", "restore", "--since", hostile)
	b.do("subscribers", "restore", "--since", "48h", "--status", hostile)
	b.do("subscribers", "export", hostile+".csv")
	b.do("subscribers", "export", "--json")
	mail, err := os.Open(filepath.Join(b.dir, "mail.eml"))
	if err != nil {
		t.Fatal(err)
	}
	defer mail.Close()
	b.doWith(mail, "bounce")
	b.doWith(strings.NewReader(hostile), "bounce")
	b.do("reconcile", "--maillog", "mail.log")
	b.do("reconcile", "--maillog", hostile)
	b.do("adopt")
	b.do("adopt", hostile)
	b.do("backup", hostile+".db")
	b.do("backup", "/nowhere/"+hostile)
	b.do("restore", hostile)
	b.do("restore", hostile+".db")
	b.do("dkim", "generate", "--algorithm", hostile)
	b.do("dkim", "generate", "--domain", hostile)
	b.do("dkim", "generate", "--selector", hostile)
	b.do("dkim", "generate", "--out", hostile+".pem")
	b.do("dkim")
	b.do("templates")
	b.do("templates", "list", "--json")
	b.do("templates", "show", hostile)
	b.do("templates", "eject", hostile)
	b.do("--config", "own.yaml", "templates", "list")
	b.do("init", hostile)
	b.do("init", "jekyll")
	b.do("init", "hugo")
	b.do("init", hostileLine)
	b.do("--config", hostile+".yaml", "init", "jekyll")
	b.do("version")
	b.do("version", hostile)
	b.do("man", "config.yaml/"+hostile)
	b.do("help", hostile)
	b.do("help", hostileLine)
	b.do("help", "\u009b2J\u202e")
	b.do(hostile)
	b.do("--" + hostile)
	b.do("-" + hostile)
	b.do("run", "--"+hostile+"="+hostile)
	b.do("serve", "--log-level", hostile)
	b.do("serve", "--log-format", hostile)
	if b.server.Total() == 0 {
		t.Error("nothing was mailed: too little was tried")
	}
	b.wantAll()
}

// Control characters in names and tags on the command line are refused.
func TestControlsAreRefused(t *testing.T) {
	b := newHostileBlog(t)
	t.Chdir(b.dir)
	for _, args := range [][]string{
		{"--name", "Fay\x1b[2J"}, {"--name", "Fay\nforged"}, {"--name", "Fay\u0085"}, {"--name", "Fay\u2028"}, {"--name", "\tFay"}, {"--name", "Fay\x7f"},
		{"--tags", "a\x1bb"}, {"--tags", "a;b\u009b"}, {"--tags", "a\r;b"}, {"--tags", "\a"},
	} {
		code, _, stderr := b.run(nil, append([]string{"subscribers", "add", "fay@example.net"}, args...)...)
		if code != exitUsage || !strings.Contains(string(stderr), "--name or --tags contains control characters") {
			t.Errorf("%q: exit code %d\n%s", args, code, stderr)
		}
	}
	if code, stdout, stderr := b.run(nil, "subscribers", "list"); code != exitDone || strings.Contains(string(stdout), "fay") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// The daemon's log is safe, in both formats and with everything that it logs.
func TestLogIsNotDriven(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			b := newHostileBlog(t)
			b.write("config.yaml", b.read("config.yaml")+"server: {listen: 127.0.0.1:0, url: http://news.example.com}\n")
			cmd := b.command("serve", "--log-format", format, "--log-level", "debug")
			logged := startLogged(t, cmd)
			_, address, _ := strings.Cut(logged.await("serving"), "http://")
			address = address[:strings.IndexAny(address, "\" ")]
			for _, request := range []string{
				"GET /" + hostileLine + " HTTP/1.1\r\nHost: x\r\n\r\n",
				"GET /%1b%5b2J%9b%0aforged HTTP/1.1\r\nHost: x\r\nUser-Agent: " + hostileLine + "\r\nReferer: " + hostileLine + "\r\n\r\n",
				"POST /unsubscribe/%1b%5b2J%0d%0aforged HTTP/1.1\r\nHost: " + "x" + "\r\nX-Forwarded-For: " + hostileLine + "\r\nContent-Length: 0\r\n\r\n",
				"GET /preferences/\u202e HTTP/1.1\r\nHost: x\r\n\r\n",
				hostile + "\r\n\r\n",
				"GET / HTTP/1.1\r\nHost: x\r\n" + hostile + ": x\r\n\r\n",
			} {
				conn, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.WriteString(conn, request) // the server may hang up first
				_ = conn.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, conn)
				conn.Close()
			}
			logged.await("delivery")
			b.write("config.yaml", hostileLine)
			if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			logged.await("the new config is invalid")
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			logged.await("stopped")
			_ = cmd.Wait() // it was stopped
			wantSafe(t, "the log", []byte(logged.seen.String()))
		})
	}
}

// loggedLines is the log of a program, line by line.
type loggedLines struct {
	t     *testing.T
	lines chan string
	seen  strings.Builder
}

func startLogged(t *testing.T, cmd *exec.Cmd) *loggedLines {
	t.Helper()
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	l := &loggedLines{t: t, lines: make(chan string, 10_000)}
	go func() {
		defer close(l.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			l.lines <- scanner.Text()
		}
	}()
	return l
}

// await returns the next line that contains the text.
func (l *loggedLines) await(text string) string {
	l.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, more := <-l.lines:
			if !more {
				l.t.Fatalf("no %q in the log:\n%s", text, l.seen.String())
			}
			l.seen.WriteString(line + "\n")
			if strings.Contains(line, text) {
				return line
			}
		case <-timeout:
			l.t.Fatalf("no %q in the log:\n%s", text, l.seen.String())
		}
	}
}

// All output goes through the writers that run creates.
func TestOneWayOut(t *testing.T) {
	t.Parallel()
	direct := regexp.MustCompile(`os\.Std(out|err)|\bfmt\.Print(f|ln)?\(|\bprintln\(|\blog\.(Print|Fatal|Panic|Default)|slog\.(Default|Info|Warn|Error|Debug)\(|\.raw\.std(out|err)`)
	allowed := map[string]int{
		"cmd/publisher/main.go":  1, // gives them to run
		"cmd/publisher/voice.go": 6, // document and progressLine
	}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if entry.IsDir() {
			if rel == "internal" || strings.HasPrefix(entry.Name(), ".") && rel != "." {
				return fs.SkipDir // programs of their own, for measurements
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n := 0
		for line := range strings.SplitSeq(string(source), "\n") {
			if direct.MatchString(line) {
				n++
			}
		}
		if n > allowed[filepath.ToSlash(rel)] {
			t.Errorf("%s prints directly in %d lines; say, hint, fail, printJSON and table escape what strangers wrote", rel, n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
