package dialecttest_test

import (
	"os"
	"path/filepath"
	"testing"

	"publisher/content/dialect/dialecttest"
	"publisher/content/dialects"
)

// TestEngines runs the suite for each engine that there is.
func TestEngines(t *testing.T) {
	folders, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) != len(dialects.Names()) {
		t.Errorf("%d folders in testdata, but %d engines", len(folders), len(dialects.Names()))
	}
	for _, name := range dialects.Names() {
		t.Run(string(name), func(t *testing.T) { dialecttest.Run(t, filepath.Join("testdata", string(name))) })
	}
}
