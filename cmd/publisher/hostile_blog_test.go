package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"publisher/internal/smtptest"
)

// hostile is untrusted text that clears the screen, rings the bell, moves back, reverses the line,
// is invisible, and starts a new line.
const hostile = "\x1b[2J\x1b]0;x\a\u009b1m\x9b\b\u202e\u2066\u200f\u2028\u2029\u200b\ufeff\U000e0041\x7f\r\nforged\tx"

// hostileLine is the same without line ends.
var hostileLine = strings.NewReplacer("\r", "", "\n", "").Replace(hostile)

// hostileYAML is the same as a YAML string.
var hostileYAML, hostileLineYAML = asYAML(hostile), asYAML(hostileLine)

func asYAML(text string) string {
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, `\U%08x`, r)
	}
	return `"` + b.String() + `"`
}

// wantSafe fails if output would do anything to a terminal but print our own lines.
func wantSafe(t *testing.T, what string, out []byte) {
	t.Helper()
	for line := range strings.SplitSeq(string(out), "\n") {
		bad := strings.IndexFunc(line, func(r rune) bool {
			return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
		})
		if bad >= 0 || !utf8.ValidString(line) {
			t.Errorf("%s: %+q", what, line)
		}
		if strings.HasPrefix(strings.TrimPrefix(line, "publisher: "), "forged") {
			t.Errorf("%s: a stranger began the line %+q", what, line)
		}
	}
}

// hostileBlog is a blog whose posts, list, mails and mail server are hostile.
type hostileBlog struct {
	*crash
	ran map[string]bool // commands
}

func newHostileBlog(t *testing.T) *hostileBlog {
	server := smtptest.Start(t, smtptest.Options{Script: func(e smtptest.Event) string {
		if e.Verb == "RCPT" && strings.HasPrefix(e.Arg, "refused") {
			return "550 5.7.1 " + hostileLine
		}
		return ""
	}})
	b := &hostileBlog{crash: &crash{t: t, server: server, dir: t.TempDir()}, ran: map[string]bool{}}
	b.write("config.yaml", fmt.Sprintf(`site: {title: %[3]s, url: "https://example.com", description: %[1]s, author: {name: %[3]s}}
content: {dir: posts}
digest: {cadences: {immediate: "", daily: "0 8 * * *"}, default: immediate, start: 2020-01-01, settle: 0s, hold_above: 3}
mail: {from: news@example.com, postal_address: %[1]s, smtp: {host: 127.0.0.1, port: %[2]d, tls: none}}
subscribers: {file: list.csv}
`, hostileYAML, server.Port(), hostileLineYAML))
	front := "---\ntitle: " + hostileYAML + "\ndate: 2024-01-01\ntags: [" + hostileYAML + "]\nauthor: " + hostileYAML + "\nslug: " + hostileYAML + "\n---\n"
	b.write("posts/named.md", front+"Words "+hostile+" [link]("+hostileLine+") {{< "+hostileLine+" >}} {% include "+hostileLine+" %} ![picture](./"+hostileLine+".png)\n")
	b.write("posts/"+hostile+".md", front+"Words.\n")
	b.write("posts/date.md", "---\ntitle: x\ndate: "+hostileYAML+"\n---\n")
	b.write("posts/draft.md", "---\ntitle: x\ndate: 2024-01-01\ndraft: "+hostileYAML+"\n---\n")
	b.write("posts/yaml.md", "---\ntitle: x\n"+hostileLine+": [\n---\n")
	b.write("posts/key.md", "---\ndate: 2024-01-01\n? "+hostileYAML+"\n: "+hostileYAML+"\n---\n")
	b.write("posts/plain.md", "---\ntitle: Plain\ndate: 2024-01-02\n---\n<iframe src=\""+hostileLine+"\"></iframe>\n")
	b.write("list.csv", "email,name,tags,"+hostileLine+"\nann@example.net,Ann,,\nrefused@example.net,Ref,,\nbad@example.net,"+hostileLine+",,\n"+
		"refused2@example.net,\u202egnp,\u200b,\n\""+hostile+"@example.net\",x,,\n"+hostileLine+"@example.net,x,,\n")
	b.write("members.csv", "email,name,status\nbo@example.net,\"Bo\u202e\u200b\",active\nca@example.net,x,\""+hostile+"\"\n\""+hostile+"\",x,active\n")
	b.write("faulty.csv", "\""+hostile+"\",\""+hostile+"\"\na,b\n")
	b.write("named/"+hostileLine+".csv", "email\nzed@example.net\nbad@@"+hostileLine+"\n")
	var archive bytes.Buffer
	pack := zip.NewWriter(&archive)
	for _, name := range []string{hostileLine + ".csv", hostileLine + "2.csv"} {
		f, err := pack.Create(name)
		if err == nil {
			_, err = io.WriteString(f, "email,name\nzip@example.net,\""+hostile+"\"\n")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := pack.Close(); err != nil {
		t.Fatal(err)
	}
	b.write("packed.zip", archive.String())
	b.write("two.csv", "email,\"opt-in "+hostile+"\"\na@example.net,yes\n")
	b.write("mail.eml", "From: "+hostileLine+"\nTo: "+hostileLine+"\nSubject: "+hostileLine+"\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n"+
		hostile+"\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; "+hostileLine+"\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; "+hostileLine+"\n--b--\n")
	b.write("mail.log", hostile+"\nJan  1 00:00:00 x postfix/smtp[1]: "+hostileLine+": to=<"+hostileLine+">, status=sent\n")
	b.write("broken.yaml", hostileLine+": [\n")
	b.write("keys.yaml", "site: {url: "+hostileYAML+", "+hostileYAML+": 1, timezone: "+hostileYAML+", language: "+hostileYAML+"}\n"+
		"content: {dialect: "+hostileYAML+", permalink: "+hostileYAML+"}\ndigest: {cadences: {"+hostileYAML+": "+hostileYAML+"}, default: "+hostileYAML+", settle: "+hostileYAML+"}\n"+
		"mail: {from: "+hostileYAML+", smtp: {host: "+hostileYAML+", tls: "+hostileYAML+", rate: "+hostileYAML+"}}\nledger: "+hostileYAML+"\nserver: {listen: "+hostileYAML+", url: "+hostileYAML+"}\n")
	b.write("cadence.yaml", "site: {url: https://example.com}\ncontent: {dir: "+hostileYAML+"}\nfeeds: {rss: "+hostileYAML+"}\ntemplates: "+hostileYAML+"\nsubscribers: {file: "+hostileYAML+"}\n")
	b.write("nowhere.yaml", "site: {url: https://example.com}\ncontent: {dir: posts}\nledger: "+strings.Replace(hostileYAML, `"`, `"sqlite:/nowhere/`, 1)+"\n")
	b.write("listen.yaml", "site: {url: https://example.com}\ncontent: {dir: posts}\nledger: sqlite:listen.db\nserver: {listen: "+hostileYAML+"}\n")
	b.write("own.yaml", "site: {url: https://example.com}\ncontent: {dir: posts}\nledger: sqlite:own.db\ntemplates: own\n")
	b.write("own/post.html", "{{ "+hostileLine+" }}")
	b.write("own/i18n/de.yaml", hostileLine+": "+hostileYAML+"\n")
	b.write("jekyll/_config.yml", "title: "+hostileYAML+"\nurl: "+hostileYAML+"\nlang: "+hostileYAML+"\ncollections_dir: "+hostileYAML+"\n")
	b.write("jekyll/_posts/2024-01-01-"+hostileLine+".md", front)
	b.write("hugo/hugo.toml", "title = "+hostileYAML+"\nbaseURL = "+hostileYAML+"\n")
	b.write(hostileLine+"/hugo.toml", "title = 'x'\nbaseURL = 'https://x.example'\n")
	return b
}

// do runs a command line and checks everything it prints.
func (b *hostileBlog) do(args ...string) {
	b.t.Helper()
	b.doWith(strings.NewReader(""), args...)
}

func (b *hostileBlog) doWith(stdin io.Reader, args ...string) {
	b.t.Helper()
	code, stdout, stderr := b.run(stdin, args...)
	wrong := slices.ContainsFunc(args, func(arg string) bool {
		return arg == "--config" || strings.ContainsAny(arg, hostile[:1]+"\u202e") || strings.HasSuffix(arg, ".csv")
	})
	if code > exitHeld || code == exitUsage && !wrong {
		b.t.Errorf("%q: exit code %d\n%s", args, code, stderr)
	}
	wantSafe(b.t, fmt.Sprintf("%q, stdout", args), stdout)
	wantSafe(b.t, fmt.Sprintf("%q, stderr", args), stderr)
	if slices.Contains(args, "--json") && len(stdout) > 0 && !json.Valid(stdout) {
		b.t.Errorf("%q does not print JSON: %.300s", args, stdout)
	}
	b.ran[commandOf(args)] = true
}

// run runs a command line in this process, which must be in the blog's folder.
func (b *hostileBlog) run(stdin io.Reader, args ...string) (code int, stdout, stderr []byte) {
	b.t.Helper()
	var out, errs bytes.Buffer
	code = run(b.t.Context(), args, system{stdin: stdin, stdout: &out, stderr: &errs, lookup: os.LookupEnv, now: time.Now})
	return code, out.Bytes(), errs.Bytes()
}

// commandOf returns the name of the command of a command line.
func commandOf(args []string) string {
	c, _, err := newRootCommand(&app{ui: new(ui)}).Find(args)
	if err != nil {
		return ""
	}
	return c.CommandPath()
}

// wantAll fails for commands that were not tried.
func (b *hostileBlog) wantAll() {
	// These print documents, which are unchanged for programs.
	documents := []string{"publisher completion"}
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			look(sub)
		}
		if path := c.CommandPath(); c.Runnable() && !b.ran[path] && !slices.ContainsFunc(documents, func(d string) bool { return strings.HasPrefix(path, d) }) {
			b.t.Errorf("%s is not tried; add what a stranger can make it print", path)
		}
	}
	look(newRootCommand(&app{ui: new(ui)}))
}
