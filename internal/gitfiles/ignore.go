package gitfiles

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// maxIgnore is larger than any file of patterns.
const maxIgnore = 1 << 20

// Ignores reports whether git ignores an untracked path, by the .gitignore files of the work
// tree and its info/exclude.
func (r *Repository) Ignores(name string) bool {
	rel := r.rel(name)
	if rel == "" {
		return false
	}
	rules := rulesOf("", filepath.Join(r.common, "info", "exclude"))
	folder := ""
	for part := range strings.SplitSeq(rel, "/") {
		rules = append(rules, rulesOf(folder, filepath.Join(r.Root, filepath.FromSlash(folder), ".gitignore"))...)
		folder = path.Join(folder, part)
		if ignored(rules, folder, folder != rel || isFolder(name)) {
			return true // and so is all that is in it
		}
	}
	return false
}

// rule is a line in a file of patterns.
type rule struct {
	folder  string // that the file is in, "" for the root
	pattern string
	not     bool // takes back what rules before it say
	folders bool // only folders match
	here    bool // the pattern is a path from the folder
}

func rulesOf(folder, file string) []rule {
	text, err := readBounded(file, maxIgnore)
	if err != nil {
		return nil
	}
	return parseRules(folder, string(text))
}

func parseRules(folder, text string) []rule {
	var rules []rule
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line = strings.TrimRight(line, "\r\n")
		for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
			line = line[:len(line)-1]
		}
		if line == "" || line[0] == '#' {
			continue
		}
		r := rule{folder: folder}
		line, r.not = strings.CutPrefix(line, "!")
		line, r.folders = strings.CutSuffix(line, "/")
		r.here = strings.Contains(line, "/")
		r.pattern = strings.TrimPrefix(line, "/")
		if strings.HasSuffix(r.pattern, "/**") { // what is in the folder, not itself
			r.pattern += "/*"
		}
		if r.pattern != "" && doublestar.ValidatePattern(r.pattern) {
			rules = append(rules, r)
		}
	}
	return rules
}

// ignored returns what the last matching rule says.
func ignored(rules []rule, rel string, isFolder bool) bool {
	out := false
	for _, r := range rules {
		if r.matches(rel, isFolder) {
			out = !r.not
		}
	}
	return out
}

func (r rule) matches(rel string, isFolder bool) bool {
	if r.folders && !isFolder {
		return false
	}
	if r.folder != "" {
		var below bool
		if rel, below = strings.CutPrefix(rel, r.folder+"/"); !below {
			return false
		}
	}
	if !r.here {
		rel = path.Base(rel)
	}
	matched, _ := doublestar.Match(r.pattern, rel)
	return matched
}

// isFolder reports whether a path is a folder.
func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
