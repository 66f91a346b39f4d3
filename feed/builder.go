package feed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"publisher/internal/config"
)

// format is RSS, Atom or JSON Feed.
type format struct {
	file       string // its configured name, in every folder of feeds
	mediaType  string
	newEncoder func(*model, format) encoder
	between    string // what separates the items of a document
	// parse returns an error if a reader could not read the document.
	parse func([]byte) error
}

func formats(cfg *config.Config) []format {
	all := []format{
		{file: cfg.Feeds.RSS, mediaType: "application/rss+xml", newEncoder: newRSS, parse: parseXML},
		{file: cfg.Feeds.Atom, mediaType: "application/atom+xml", newEncoder: newAtom, parse: parseXML},
		{file: cfg.Feeds.JSON, mediaType: "application/feed+json", newEncoder: newJSON, between: ",", parse: parseJSON},
	}
	var wanted []format
	for _, f := range all {
		if f.file != "" {
			wanted = append(wanted, f)
		}
	}
	return wanted
}

// builder turns plans into documents and writes them.
type builder struct {
	cfg          *config.Config
	formats      []format
	plans        []*plan
	cache        *renderCache
	inputs       *inputs        // nil: every feed is built
	previous     *previousItems // nil: every post is rendered
	dependencies *dependencies
	disk         disk
	stylesheet   string         // path as in Result
	wanted       map[string]int // how many documents would have each path
	buffers      sync.Pool

	mu      sync.Mutex
	leftOut map[string]LeftOut // by path
}

func newBuilder(cfg *config.Config, plans []*plan, dependencies *dependencies, d disk) *builder {
	p := &builder{
		cfg: cfg, formats: formats(cfg), plans: plans, dependencies: dependencies, disk: d,
		wanted:  map[string]int{},
		leftOut: map[string]LeftOut{},
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
	p.stylesheet = p.path(stylesheetFile)
	p.wanted[p.stylesheet]++
	for _, o := range plans {
		for _, f := range p.formats {
			p.wanted[p.path(o.dir, f.file)]++
		}
	}
	return p
}

// built is the result of one document.
type built struct {
	Document
	written bool
	err     error
}

// run builds all documents, as many plans at a time as there are processors. When ctx
// ends, it stops between documents.
func (b *builder) run(ctx context.Context) []built {
	done := make([][]built, len(b.plans)+1)
	if b.cfg.Feeds.RSS != "" || b.cfg.Feeds.Atom != "" {
		done[0] = []built{b.writeStylesheet()}
	}
	for _, o := range b.plans {
		b.disk.sweep(b.path(o.dir))
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, o := range b.plans {
		group.Go(func() error {
			done[i+1] = b.build(ctx, o)
			return nil
		})
	}
	group.Wait() // no function fails: faults are part of the results
	var all []built
	for _, outcomes := range done {
		all = append(all, outcomes...)
	}
	return all
}

// build builds one feed in every format.
func (b *builder) build(ctx context.Context, o *plan) []built {
	m := b.model(ctx, o)
	var inputs string
	if b.inputs != nil {
		inputs = b.inputs.of(o, b.dependencies.of)
	}
	outcomes := make([]built, len(b.formats))
	for i, f := range b.formats {
		out := &outcomes[i]
		out.Path = b.path(o.dir, f.file)
		if ctx.Err() != nil {
			continue // reported once for all
		}
		switch {
		case b.wanted[out.Path] > 1:
			out.err = &Error{Feed: out.Path, Err: errors.New("two feeds have this path; choose another name in feeds.rss, feeds.atom or feeds.json")}
		default:
			b.store(out, m, f, i)
			if out.err == nil {
				out.Inputs = inputs
			}
		}
	}
	return outcomes
}

func (b *builder) store(out *built, m *model, f format, nth int) {
	buf := b.buffers.Get().(*bytes.Buffer)
	defer b.buffers.Put(buf)
	buf.Reset()
	parts, err := m.encode(buf, f, nth)
	if err == nil && b.disk.dry {
		err = f.parse(buf.Bytes())
	}
	if err == nil {
		doc := Document{Path: out.Path, SHA256: digest(buf.Bytes())}
		if b.previous == nil { // the inputs of feeds are not known
			out.written, err = b.disk.write(doc.Path, buf.Bytes())
		} else {
			doc.Items = b.pack(m, f, parts)
			out.written, err = b.previous.write(doc, buf.Bytes())
		}
		out.Document = doc
	}
	if err != nil {
		out.Document = Document{Path: out.Path}
		out.err = &Error{Feed: out.Path, Err: err}
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// path returns where a document is, as in Result.
func (b *builder) path(elem ...string) string {
	return documentPath(b.cfg, path.Join(elem...))
}

func documentPath(cfg *config.Config, below string) string {
	abs := filepath.Join(cfg.Path(cfg.Feeds.Dir), filepath.FromSlash(below))
	rel, err := filepath.Rel(cfg.Dir, abs)
	if err != nil {
		rel = abs // on another volume than config.yaml
	}
	return filepath.ToSlash(rel)
}

// address returns the public address of a document.
func (b *builder) address(elem ...string) string { return address(b.cfg, path.Join(elem...)) }

func address(cfg *config.Config, below string) string {
	return under(cfg.Site.URL, below)
}

func under(site *url.URL, below string) string {
	u := url.URL{Path: "/" + below}
	return strings.TrimSuffix(asURI(site.String()), "/") + u.EscapedPath()
}

// homeOf returns the address of the front page in a collection's language.
func homeOf(c *collection) string { return under(c.site.URL, "") }

// Topic returns the public address of a document of a Result if people subscribe to it,
// and "" for archives and the style sheet.
func Topic(cfg *config.Config, document string) string {
	below, err := filepath.Rel(cfg.Path(cfg.Feeds.Dir), disk{root: cfg.Dir}.abs(document))
	below = filepath.ToSlash(below)
	if err != nil || below == stylesheetFile || isArchive(cfg, below) {
		return ""
	}
	return address(cfg, below)
}
