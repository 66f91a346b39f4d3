package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Load reads and checks a config file. lookup provides the values of ${NAME}, like
// os.LookupEnv. Faults of the file are returned as an *Error.
func Load(file string, lookup func(string) (string, bool)) (*Config, error) {
	data, err := readBounded(file)
	switch {
	case err == nil && len(data) > maxFile:
		return nil, &Error{[]Fault{{File: file, Message: fmt.Sprintf("is larger than %d bytes, which is too much for a config", maxFile)}}}
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Error{[]Fault{{File: file, Message: "no such file; `publisher init` writes one, --config FILE or PUBLISHER_CONFIG names another"}}}
	case err != nil:
		return nil, &Error{[]Fault{{File: file, Message: fmt.Sprintf("cannot be read: %v", errors.Unwrap(err))}}}
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("finding the folder of %s: %w", file, err)
	}
	cfg, err := Parse(file, data, lookup)
	if err != nil {
		return nil, err
	}
	cfg.Dir = filepath.Dir(abs)
	if err := cfg.checkFeedsDir(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// maxFile is the maximum size of a config file in bytes.
const maxFile = 1 << 20

// readBounded reads at most one byte more than maxFile.
func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// Parse is like Load for a file already read. It leaves Dir to the caller.
func Parse(file string, data []byte, lookup func(string) (string, bool)) (*Config, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, &Error{[]Fault{syntaxFault(file, err)}}
	}
	cfg := Default()
	cfg.File = file
	d := &decoder{file: file, lookup: lookup, at: map[string]*yaml.Node{}, written: map[string]string{}}
	if len(doc.Content) > 0 {
		d.decode("", doc.Content[0], cfg)
	}
	if len(d.faults) == 0 {
		cfg.resolve(d)
	}
	if len(d.faults) > 0 {
		slices.SortStableFunc(d.faults, func(a, b Fault) int { return a.Line - b.Line })
		return nil, &Error{d.faults}
	}
	cfg.written = d.written
	cfg.places = make(map[string]place, len(d.at))
	for key, node := range d.at {
		cfg.places[key] = place{node.Line, node.Column}
	}
	return cfg, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxFault returns the parser's error with its line number extracted.
func syntaxFault(file string, err error) Fault {
	m := yamlLine.FindStringSubmatch(err.Error())
	fault := Fault{File: file, Message: "not YAML: " + err.Error()}
	if m != nil {
		fault.Line, _ = strconv.Atoi(m[1])
		fault.Message = "not YAML: " + err.Error()[len(m[0]):]
	}
	return fault
}
