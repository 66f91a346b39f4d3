package dialect

import (
	"path"
	"regexp"
	"strings"
	"time"

	"publisher/content/frontmatter"
)

// FileName is what a post's path says.
type FileName struct {
	Dir        string // slash-separated, "" at the top; of a bundle, the folder that it is in
	Stem       string // without date, language and extension; of a bundle, its folder's name
	Full       string // stem with its date
	Ext        string // with the dot
	Lang       string // post.de.md, or the language whose folder it is in
	LangInName bool   // the file's own name says it
	LangFolder string // that folder, from the content root; "" for none
	Bundle     bool   // index.md in a folder of its own
	Date       string // 2025-01-29, "" for none
}

var datePrefix = regexp.MustCompile(`^(\d{4}-\d{1,2}-\d{1,2})(?:[-_ ]+|$)(.*)$`)

// LangSuffix matches a file name without its extension that ends in what may be a language, as in
// post.de.
var LangSuffix = regexp.MustCompile(`^(.+)\.([A-Za-z][\w-]+)$`)

// ParseFileName reads a path relative to content.dir. langs are the languages that the blog has,
// so that `notes.to.md` is not taken for Tongan.
func ParseFileName(p string, langs map[string]bool) FileName {
	dir, base := path.Split(p)
	n := FileName{Dir: strings.TrimSuffix(dir, "/"), Ext: path.Ext(base)}
	stem := strings.TrimSuffix(base, n.Ext)
	if bare, ok := strings.CutSuffix(stem, ".html"); ok && LangSuffix.MatchString(bare) && langs[strings.ToLower(path.Ext(bare)[1:])] {
		stem = bare // post.de.html.md, as Hugo has it
	}
	if m := LangSuffix.FindStringSubmatch(stem); m != nil && langs[strings.ToLower(m[2])] {
		stem, n.Lang, n.LangInName = m[1], strings.ToLower(m[2]), true
	}
	if stem == "index" && n.Dir != "" {
		n.Bundle = true
		dir, stem = path.Split(n.Dir)
		n.Dir = strings.TrimSuffix(dir, "/")
	}
	n.Full, n.Stem = stem, stem
	if m := datePrefix.FindStringSubmatch(stem); m != nil {
		if _, ok := frontmatter.ParseDate(m[1], time.UTC); ok {
			n.Date = m[1]
			if m[2] != "" {
				n.Stem = m[2]
			}
		}
	}
	return n
}
