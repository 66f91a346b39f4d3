package setup

import (
	"testing"

	"publisher/content/dialect"
	"publisher/content/dialects"
)

// TestEveryEngine checks that setup describes each engine whose posts are read.
func TestEveryEngine(t *testing.T) {
	for _, name := range dialects.Names() {
		if e := engineOf(&dialect.Settings{Dialect: name}); e.dialect != name || e.name == "" || e.output == "" {
			t.Errorf("%s: no description", name)
		}
	}
}
