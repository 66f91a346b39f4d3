package outbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"
)

// What a catcher that died was writing is removed by the next one; what another one
// writes at the moment, and what is not a catcher's, stays.
func TestCatcherSweeps(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".incoming-1", ".incoming-2", "1.2-ada@example.com.eml", ".hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writing := flock.New(filepath.Join(dir, ".incoming-2"))
	if taken, err := writing.TryLock(); !taken || err != nil {
		t.Fatal(taken, err)
	}
	defer writing.Unlock()
	startTestCatcher(t, dir)
	got := emls(t, dir)
	for name, want := range map[string]bool{".incoming-1": false, ".incoming-2": true, "1.2-ada@example.com.eml": true, ".hidden": true} {
		if _, there := got[name]; there != want {
			t.Errorf("%s is there: %v, want %v", name, there, want)
		}
	}
}
