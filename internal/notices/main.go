// Notices prints the licenses of the modules that are built into the program, as
// these licenses ask of whoever passes a binary on.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A module is what `go list` says of a module.
type module struct {
	Path, Version, Dir string
	Main               bool
}

// platforms are those that the program is built for; each has dependencies of its own.
var platforms = []string{"linux/amd64", "darwin/arm64", "windows/amd64", "freebsd/amd64"}

var licenseName = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying|^notice|^patents`)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func run(w io.Writer) error {
	modules, err := builtIn()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "publisher contains the following software. `make notices` writes this file.\n")
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	modules = append([]module{{Path: "The Go standard library", Dir: strings.TrimSpace(string(goroot))}}, modules...)
	for _, m := range modules {
		texts, err := licenses(m.Dir)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Path, err)
		}
		fmt.Fprintf(out, "\n%s\n%s\n", strings.Repeat("=", 80), strings.TrimSpace(m.Path+" "+m.Version))
		for _, text := range texts {
			fmt.Fprintf(out, "%s\n%s\n", strings.Repeat("-", 80), text)
		}
	}
	return out.Flush()
}

// builtIn returns the modules with a package in the program on any platform, by path.
func builtIn() ([]module, error) {
	found := map[string]module{}
	for _, platform := range platforms {
		system, arch, _ := strings.Cut(platform, "/")
		list := exec.Command("go", "list", "-deps", "-json=Module", "./cmd/publisher")
		list.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch)
		list.Stderr = os.Stderr
		data, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("go list for %s: %w", platform, err)
		}
		for dec := json.NewDecoder(bytes.NewReader(data)); ; {
			var pkg struct{ Module *module }
			if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, fmt.Errorf("go list for %s: %w", platform, err)
			}
			if m := pkg.Module; m != nil && !m.Main {
				found[m.Path] = *m
			}
		}
	}
	var modules []module
	for _, m := range found {
		modules = append(modules, m)
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return modules, nil
}

// licenses returns the license texts in a module's folder.
func licenses(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, e := range entries {
		if !e.Type().IsRegular() || !licenseName.MatchString(e.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(data), "\r\n", "\n"))+"\n")
	}
	if len(texts) == 0 {
		return nil, errors.New("no license found in " + dir)
	}
	return texts, nil
}
