package mailbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"publisher/mailer/mailbox"
)

// scripted is an IMAP server that answers each command with what answer returns, in which %s
// is the command's tag; "" closes the connection.
func scripted(t *testing.T, greeting string, answer func(w io.Writer, tag, command string)) mailbox.Options {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				w := bufio.NewWriter(conn)
				fmt.Fprint(w, greeting)
				w.Flush()
				for lines := bufio.NewScanner(conn); lines.Scan(); w.Flush() {
					tag, command, _ := strings.Cut(lines.Text(), " ")
					answer(w, tag, command)
				}
			}()
		}
	}()
	return optionsFor(l.Addr().(*net.TCPAddr))
}

const hello = "* OK [CAPABILITY IMAP4rev1 MOVE] ready\r\n"

// polite answers like a server with two mails, except for what a test answers itself.
func polite(w io.Writer, tag, command string) {
	name, _, _ := strings.Cut(command, " ")
	switch name {
	case "CAPABILITY":
		fmt.Fprint(w, "* CAPABILITY IMAP4rev1 MOVE\r\n")
	case "SELECT":
		fmt.Fprintf(w, "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n")
	case "FETCH":
		fmt.Fprint(w, "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n")
	case "UID":
		if strings.HasPrefix(command, "UID FETCH") {
			for uid := 1; uid <= 2; uid++ {
				fmt.Fprintf(w, "* %d FETCH (UID %d BODY[]<0> {18}\r\nSubject: one\r\n\r\nx\r)\r\n", uid, uid)
			}
		}
	}
	fmt.Fprintf(w, "%s OK done\r\n", tag)
}

// instead returns polite with another answer to a command.
func instead(command, answer string) func(io.Writer, string, string) {
	return func(w io.Writer, tag, line string) {
		if strings.HasPrefix(line, command) {
			fmt.Fprint(w, strings.ReplaceAll(answer, "TAG", tag))
			return
		}
		polite(w, tag, line)
	}
}

func TestPoliteServer(t *testing.T) {
	k := &taker{}
	n, err := mailbox.Read(t.Context(), scripted(t, hello, polite), &memory{}, k.take)
	if n != 2 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
}

// Whatever a server does ends with an error that does not contain the password, soon, and
// without much memory.
func TestHostileServers(t *testing.T) {
	endless := func(piece string) string { return strings.Repeat(piece, 20<<20/len(piece)) }
	for name, c := range map[string]struct {
		greeting string
		answer   func(io.Writer, string, string)
		want     string
	}{
		"goes away":             {"* BYE no\r\n", polite, "greeting"},
		"no IMAP":               {"220 mx ESMTP\r\n", polite, "greeting"},
		"endless greeting":      {"* OK " + endless("x"), polite, "greeting"},
		"silent":                {"", polite, "greeting"},
		"refuses":               {hello, instead("LOGIN", "TAG NO no such user news with correct-horse\r\n"), "login"},
		"echoes":                {hello, instead("LOGIN", "TAG BAD cannot parse \"LOGIN news correct-horse\"\r\n"), "login"},
		"endless refusal":       {hello, instead("LOGIN", "TAG NO "+endless("no ")+"\r\n"), "login"},
		"silent later":          {hello, instead("SELECT", ""), "opening the folder"},
		"no folder":             {hello, instead("SELECT", "TAG NO no such folder\r\n"), "check the folder"},
		"endless flags":         {hello, instead("SELECT", "* FLAGS ("+endless("\\A ")), "opening the folder"},
		"deep list":             {hello, instead("FETCH", "* 1 FETCH (BODYSTRUCTURE "+endless("(")), "listing"},
		"endless list":          {hello, instead("FETCH", endless("* 1 FETCH (UID 1)\r\n")), "listing"},
		"another tag":           {hello, instead("FETCH", "T999 OK\r\n"), "listing"},
		"no number":             {hello, instead("FETCH", "* 99999999999999999999 FETCH (UID 1)\r\n"), "listing"},
		"a mail of 1 TB":        {hello, instead("UID FETCH", "* 1 FETCH (UID 1 BODY[]<0> {1099511627776}\r\n"+endless("x")), "reading"},
		"a quoted mail":         {hello, instead("UID FETCH", "* 1 FETCH (UID 1 BODY[]<0> \""+endless("x")), "reading"},
		"a mail that breaks":    {hello, instead("UID FETCH", "* 1 FETCH (UID 1 BODY[]<0> {100}\r\nSubject: on"), "reading"},
		"a mail and no more":    {hello, instead("UID FETCH", "TAG OK\r\n"), "did not send 2 of the mails"},
		"mails without text":    {hello, instead("UID FETCH", "* 1 FETCH (UID 1 BODY[]<0> NIL)\r\n* 2 FETCH (UID 2)\r\nTAG OK\r\n"), "did not send 2 of the mails"},
		"another's mails":       {hello, instead("UID FETCH", "* 1 FETCH (UID 9 BODY[]<0> {1}\r\nx)\r\nTAG OK\r\n"), "did not send 2 of the mails"},
		"no folder to move to":  {hello, instead("CREATE", "TAG NO [NOPERM] no\r\n"), "making the folder publisher"},
		"moves nothing":         {hello, instead("UID MOVE", "TAG NO [OVERQUOTA] full\r\n"), "moving mails"},
		"breaks in the middle":  {hello, instead("UID MOVE", "* 1 EXP"), "moving mails"},
		"control characters":    {hello, instead("SELECT", "TAG NO \x1b]0;PWNED\x07\r\n"), "opening the folder"},
		"a panic in the parser": {hello, instead("FETCH", "* \r\n*  \r\n"), "listing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := scripted(t, c.greeting, c.answer)
			o.Silence = 300 * time.Millisecond
			began := time.Now()
			_, err := mailbox.Read(t.Context(), o, &memory{}, (&taker{}).take)
			var failed *mailbox.Error
			if err == nil || !errors.As(err, &failed) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("the error is %v, want %q", err, c.want)
			}
			if text := err.Error(); strings.Contains(text, password) || len(text) > 700 || strings.Contains(text, "\n") {
				t.Errorf("the error is %q", text)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// A reading that is to stop does not wait for the server.
func TestReadIsCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := scripted(t, hello, func(w io.Writer, tag, command string) {
		if strings.HasPrefix(command, "UID FETCH") {
			cancel()
			return
		}
		polite(w, tag, command)
	})
	if _, err := mailbox.Read(ctx, o, &memory{}, (&taker{}).take); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// A server without UIDVALIDITY gives its mails numbers that mean nothing later.
func TestNoValidity(t *testing.T) {
	at, k := &memory{at: mailbox.Position{UID: 9}}, &taker{}
	o := scripted(t, hello, instead("SELECT", "* 2 EXISTS\r\nTAG OK\r\n"))
	if n, err := mailbox.Read(t.Context(), o, at, k.take); n != 2 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
}

var ranges = regexp.MustCompile(`(\d+)(?::(\d+))?`)

// span returns the bounds of the first range in a command.
func span(command string) (from, to int) {
	m := ranges.FindStringSubmatch(command)
	from, _ = strconv.Atoi(m[1])
	if to, _ = strconv.Atoi(m[2]); to == 0 {
		to = from
	}
	return from, to
}

// A mailbox of 100,000 mails costs the memory of one.
func TestLongMailbox(t *testing.T) {
	const mails = 100_000
	first := 1 // UID of the first that is left
	text := "Subject: one\r\n\r\n" + strings.Repeat("Words and more words.\r\n", 100)
	o := scripted(t, hello, func(w io.Writer, tag, command string) {
		from, to := 0, 0
		if strings.Contains(command, "FETCH") || strings.Contains(command, "MOVE") {
			from, to = span(command)
		}
		switch {
		case command == "CAPABILITY":
			fmt.Fprint(w, "* CAPABILITY IMAP4rev1 MOVE\r\n")
		case strings.HasPrefix(command, "SELECT"):
			fmt.Fprintf(w, "* %d EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n", mails+1-first)
		case strings.HasPrefix(command, "FETCH"):
			for n := from; n <= to; n++ {
				fmt.Fprintf(w, "* %d FETCH (UID %d)\r\n", n, first+n-1)
			}
		case strings.HasPrefix(command, "UID FETCH"):
			for uid := from; uid <= to; uid++ {
				fmt.Fprintf(w, "* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n", uid-first+1, uid, len(text), text)
			}
		case strings.HasPrefix(command, "UID MOVE"):
			for n := from; n <= to; n++ {
				fmt.Fprint(w, "* 1 EXPUNGE\r\n")
			}
			first = to + 1
		}
		fmt.Fprintf(w, "%s OK done\r\n", tag)
	})
	var peak uint64
	taken := 0
	n, err := mailbox.Read(t.Context(), o, &memory{}, func(_ context.Context, r io.Reader) (bool, error) {
		if taken++; taken%5000 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
		_, err := io.Copy(io.Discard, r)
		return false, err
	})
	if n != mails || err != nil {
		t.Errorf("read %d of %d, %v", n, mails, err)
	}
	if peak > 32<<20 {
		t.Errorf("%d MB in use", peak>>20)
	}
}

// FuzzServer lets a server say anything, and go away.
func FuzzServer(f *testing.F) {
	f.Add("* OK [CAPABILITY IMAP4rev1 MOVE] ready\r\n", "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\nTAG OK\r\n")
	f.Add("* OK hi\r\n", "* 1 FETCH (UID 1 BODY[]<0> {18}\r\nSubject: one\r\n\r\nx\r)\r\nTAG OK\r\n")
	f.Add("* PREAUTH hi\r\n", "* LIST () \"/\" INBOX\r\n+ go\r\nTAG NO [TRYCREATE] no\r\n")
	f.Add("* OK \"((((\\\"{3}\r\n", "* 1 FETCH (BODYSTRUCTURE ((((({1}\r\nx\r\n")
	f.Fuzz(func(t *testing.T, greeting, answer string) {
		o := scripted(t, greeting, func(w io.Writer, tag, command string) {
			fmt.Fprint(w, strings.ReplaceAll(answer, "TAG", tag))
		})
		o.Silence = 50 * time.Millisecond
		if _, err := mailbox.Read(t.Context(), o, &memory{}, (&taker{}).take); err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the error has the password: %v", err)
		}
	})
}
