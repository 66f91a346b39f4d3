package content

import (
	"path"
	"regexp"
	"strings"
	"time"
)

// fileName is what a post's path says.
type fileName struct {
	dir    string // slash-separated, "" at the top; of a bundle, the folder that it is in
	stem   string // without date, language and extension; of a bundle, its folder's name
	full   string // stem with its date
	ext    string // with the dot
	lang   string // post.de.md, or the language whose folder it is in
	inLang bool   // the file's own name says it
	root   string // that folder, from the content root; "" for none
	bundle bool   // index.md in a folder of its own
	date   string // 2025-01-29, "" for none
}

var datePrefix = regexp.MustCompile(`^(\d{4}-\d{1,2}-\d{1,2})(?:[-_ ]+|$)(.*)$`)

var langSuffix = regexp.MustCompile(`^(.+)\.([A-Za-z][\w-]+)$`)

// parseName reads a path relative to content.dir. langs are the languages that
// the blog has, so that `notes.to.md` is not taken for Tongan.
func parseName(p string, langs map[string]bool) fileName {
	dir, base := path.Split(p)
	n := fileName{dir: strings.TrimSuffix(dir, "/"), ext: path.Ext(base)}
	stem := strings.TrimSuffix(base, n.ext)
	if bare, ok := strings.CutSuffix(stem, ".html"); ok && langSuffix.MatchString(bare) && langs[strings.ToLower(path.Ext(bare)[1:])] {
		stem = bare // post.de.html.md, as Hugo has it
	}
	if m := langSuffix.FindStringSubmatch(stem); m != nil && langs[strings.ToLower(m[2])] {
		stem, n.lang, n.inLang = m[1], strings.ToLower(m[2]), true
	}
	if stem == "index" && n.dir != "" {
		n.bundle = true
		dir, stem = path.Split(n.dir)
		n.dir = strings.TrimSuffix(dir, "/")
	}
	n.full, n.stem = stem, stem
	if m := datePrefix.FindStringSubmatch(stem); m != nil {
		if _, ok := parseDate(m[1], time.UTC); ok {
			n.date = m[1]
			if m[2] != "" {
				n.stem = m[2]
			}
		}
	}
	return n
}
