package eleventy

import (
	"path"
	"regexp"
	"strings"

	"publisher/content/dialect"
)

var (
	datePrefix = regexp.MustCompile(`\d{4}-\d{2}-\d{2}-(.*)`)
	anyDate    = regexp.MustCompile(`\d{4}-\d{2}-\d{2}`)
)

// fileName parses a path from the input folder. Stem is page.fileSlug, which an index file takes from
// its folder; Full is what the address has, date included. The date may be anywhere in the path.
func fileName(p string) dialect.FileName {
	dir, base := path.Split(p)
	n := dialect.FileName{Dir: strings.TrimSuffix(dir, "/"), Ext: path.Ext(base), Date: anyDate.FindString(p)}
	n.Full = strings.TrimSuffix(base, n.Ext)
	if n.Stem = withoutDate(n.Full); n.Stem == "index" {
		n.Bundle = true
		n.Stem = strings.TrimPrefix(withoutDate(path.Base(n.Dir)), ".")
	}
	return n
}

// withoutDate returns a name without the date that it begins with.
func withoutDate(name string) string {
	if m := datePrefix.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return name
}

// defaultPath returns the path of a page without a permalink. A file with the name of its folder is
// the folder's own page.
func defaultPath(n dialect.FileName) string {
	where := path.Join("/", n.Dir)
	if n.Full != "index" && n.Full != path.Base(where) {
		where = path.Join(where, n.Full)
	}
	return strings.TrimSuffix(where, "/") + "/"
}

// outputURL returns the address of an output file.
func outputURL(file string) string {
	file = "/" + strings.TrimLeft(file, "/")
	if strings.HasSuffix(file, "/") {
		file += "index.html"
	}
	for _, ending := range []string{"/index.html", "/index/", "/index"} {
		if folder, ok := strings.CutSuffix(file, ending); ok {
			return folder + "/"
		}
	}
	return file
}
