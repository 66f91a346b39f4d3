package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A short storm. `make storm` has the long one.
func TestStorm(t *testing.T) {
	program := filepath.Join(t.TempDir(), "publisher")
	if out, err := exec.Command("go", "build", "-o", program, "publisher/cmd/publisher").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := storm{program: program, recipients: 1_000, held: 1_100, polls: 50, signups: 10_000, lasts: 8 * time.Second, within: 500 * time.Millisecond}
	r, err := s.run()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", r)
	for _, fault := range r.faults(s) {
		t.Error(fault)
	}
	if len(r.signups) == 0 || r.others == 0 || r.reopened == 0 {
		t.Errorf("there was no storm: %d sign-ups, %d mails to them, %d connections opened again", len(r.signups), r.others, r.reopened)
	}
}
