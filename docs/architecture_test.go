// Package docs checks that the documentation says what the code does.
package docs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "publisher/"

// goPackage is what `go list` says of a package.
type goPackage struct {
	Dir, ImportPath, Doc string
	Imports              []string
	GoFiles              []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-json=Dir,ImportPath,Doc,Imports,GoFiles", module+"...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) == 0 { // only tests
			continue
		}
		all = append(all, p)
		for _, name := range p.GoFiles {
			// go test keeps a result until a file that the test itself looked at
			// changes; it does not see those that go list reads.
			if _, err := os.Stat(filepath.Join(p.Dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// table returns the imports that architecture.md allows each package.
func table(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	rows := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.HasPrefix(line, "| `") {
			continue
		}
		name := quoted.FindStringSubmatch(cells[1])[1]
		if _, twice := rows[name]; twice {
			t.Errorf("architecture.md has two rows for %s", name)
		}
		rows[name] = []string{}
		for _, m := range quoted.FindAllStringSubmatch(cells[3], -1) {
			rows[name] = append(rows[name], m[1])
		}
	}
	return rows
}

// The packages and their imports are those that architecture.md lists.
func TestArchitecture(t *testing.T) {
	rows := table(t)
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, ok := rows[name]
		delete(rows, name)
		if !ok {
			t.Errorf("architecture.md has no row for %s", name)
			continue
		}
		if p.Doc == "" {
			t.Errorf("%s has no package comment", name)
		}
		var used []string
		for _, path := range p.Imports {
			if path, ours := strings.CutPrefix(path, module); ours {
				used = append(used, path)
			}
		}
		for _, path := range used {
			if !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s, which its row in architecture.md does not list", name, path)
			}
		}
		for _, path := range allowed {
			if !slices.Contains(used, path) {
				t.Errorf("architecture.md lists that %s imports %s, which it does not", name, path)
			}
		}
	}
	for name := range rows {
		t.Errorf("architecture.md has a row for %s, which does not exist", name)
	}
}

// SQL is the ledger's: no other package imports database/sql.
func TestSQL(t *testing.T) {
	for _, p := range packages(t) {
		if slices.Contains(p.Imports, "database/sql") && !strings.HasPrefix(p.ImportPath, module+"internal/ledger") {
			t.Errorf("%s imports database/sql", p.ImportPath)
		}
	}
}
