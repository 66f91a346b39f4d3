package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"publisher/internal/config"
	"publisher/mailer/smtp"
)

func startTestCatcher(t *testing.T, dir string) (*Catcher, *smtp.Sender) {
	t.Helper()
	c, err := Start(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	cfg := c.SMTP(config.SMTP{TLS: "starttls", Username: "ada", Connections: 3, Timeout: 5 * time.Second, Rate: []config.Rate{{Count: 1, Per: time.Hour}}})
	return c, testSender(t, cfg)
}

func emls(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(b)
	}
	return out
}

func TestCatcherFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	_, sender := startTestCatcher(t, dir)
	message := "Message-ID: <7.42@example.com>\r\nSubject: x\r\n\r\nbody\r\n"
	for range 2 { // the same delivery again
		if err := sender.Send(t.Context(), "bounces@example.com", "ada@example.com", []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sender.Send(t.Context(), "", "jörg/x@example.com", []byte(message)); err != nil {
		t.Fatal(err)
	}
	got := emls(t, dir)
	if len(got) != 2 {
		t.Errorf("%d files, want 2: %v", len(got), got)
	}
	want := "Return-Path: <bounces@example.com>\r\nDelivered-To: ada@example.com\r\n" + message
	if got["7.42-ada@example.com.eml"] != want {
		t.Errorf("got %q", got)
	}
	for _, path := range []string{dir, filepath.Join(dir, "7.42-ada@example.com.eml")} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
	}
}

func TestCatcherManyAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	_, sender := startTestCatcher(t, dir)
	q := &queue{n: 200}
	if err := sender.Deliver(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	got := emls(t, dir)
	if len(got) != 200 {
		t.Errorf("%d files", len(got))
	}
	for name, content := range got {
		if strings.HasPrefix(name, ".") || !strings.Contains(content, "\r\n.hidden dot\r\nbody of r") {
			t.Errorf("%s is %q", name, content)
		}
	}
}

// What cannot be filed is deferred, with the reason.
func TestCatcherOutboxNotWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "outbox")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, sender := startTestCatcher(t, file)
	var refused *smtp.RefusedError
	if err := sender.Send(t.Context(), "", "ada@example.com", []byte("x")); !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if refused.Verdict != smtp.Temporary || refused.Code != 451 || !strings.Contains(refused.Reply, "outbox") {
		t.Errorf("%v", refused)
	}
}

func testSender(t *testing.T, cfg config.SMTP) *smtp.Sender {
	t.Helper()
	s, err := smtp.NewSender(cfg, "client.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// queue hands out n messages.
type queue struct {
	mu      sync.Mutex
	n, next int
}

func (q *queue) Next(context.Context) (*smtp.Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == q.n {
		return nil, io.EOF
	}
	q.next++
	to := fmt.Sprintf("r%d@example.com", q.next)
	return &smtp.Job{To: to, Append: func(dst []byte) []byte {
		return append(dst, "Message-ID: <"+to+">\r\n\r\n.hidden dot\r\nbody of "+to+"\r\n"...)
	}}, nil
}

func (q *queue) Commit(_ context.Context, done *smtp.Outcome, _ *smtp.Job) (bool, error) {
	if done != nil && done.Verdict != smtp.Sent {
		return false, fmt.Errorf("%s: %s", done.Job.To, done.Reply)
	}
	return true, nil
}
