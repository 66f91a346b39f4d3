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

	"publisher/config"
	"publisher/content"
)

// format is one of the three ways to say the same.
type format struct {
	file      string // its name as configured, in every folder of feeds
	mediaType string
	lay       func(*model, format) layout
	between   string // items of a document
	// parse tells why a reader could not read the document.
	parse func([]byte) error
}

func formats(cfg *config.Config) []format {
	all := []format{
		{file: cfg.Feeds.RSS, mediaType: "application/rss+xml", lay: newRSS, parse: parseXML},
		{file: cfg.Feeds.Atom, mediaType: "application/atom+xml", lay: newAtom, parse: parseXML},
		{file: cfg.Feeds.JSON, mediaType: "application/feed+json", lay: newJSON, between: ",", parse: parseJSON},
	}
	var wanted []format
	for _, f := range all {
		if f.file != "" {
			wanted = append(wanted, f)
		}
	}
	return wanted
}

// press makes documents of outlines and brings them to the disk.
type press struct {
	cfg        *config.Config
	formats    []format
	outlines   []*outline
	shelf      *shelf
	inputs     *inputs // nil: every feed is made
	stock      *stock  // nil: every post is rendered
	rested     func(*content.Post) Basis
	disk       disk
	stylesheet string         // path as in Result
	wanted     map[string]int // how many documents want each path
	buffers    sync.Pool

	mu      sync.Mutex
	leftOut map[string]LeftOut // by path
}

func newPress(cfg *config.Config, outlines []*outline, d disk) *press {
	p := &press{
		cfg: cfg, formats: formats(cfg), outlines: outlines, disk: d,
		wanted:  map[string]int{},
		leftOut: map[string]LeftOut{},
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
	p.stylesheet = p.path(stylesheetFile)
	p.wanted[p.stylesheet]++
	for _, o := range outlines {
		for _, f := range p.formats {
			p.wanted[p.path(o.dir, f.file)]++
		}
	}
	return p
}

// outcome is what became of one document.
type outcome struct {
	Document
	written bool
	err     error
}

// run makes all documents, as many outlines at a time as there are processors.
// Where ctx ends it stops between documents.
func (p *press) run(ctx context.Context) []outcome {
	done := make([][]outcome, len(p.outlines)+1)
	if p.cfg.Feeds.RSS != "" || p.cfg.Feeds.Atom != "" {
		done[0] = []outcome{p.writeStylesheet()}
	}
	for _, o := range p.outlines {
		p.disk.sweepAll(p.path(o.dir))
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, o := range p.outlines {
		group.Go(func() error {
			done[i+1] = p.print(ctx, o)
			return nil
		})
	}
	group.Wait() // no function fails: faults are outcomes
	var all []outcome
	for _, outcomes := range done {
		all = append(all, outcomes...)
	}
	return all
}

// print makes one outline in every format.
func (p *press) print(ctx context.Context, o *outline) []outcome {
	m := p.model(ctx, o)
	var inputs string
	if p.inputs != nil {
		inputs = p.inputs.of(o, p.shelf.bases.of)
	}
	outcomes := make([]outcome, len(p.formats))
	for i, f := range p.formats {
		out := &outcomes[i]
		out.Path = p.path(o.dir, f.file)
		if ctx.Err() != nil {
			continue // told once, for all
		}
		switch {
		case p.wanted[out.Path] > 1:
			out.err = &Error{Feed: out.Path, Err: errors.New("two documents want to be this file; choose another name in feeds.rss, feeds.atom or feeds.json")}
		default:
			p.store(out, m, f, i)
			if out.err == nil {
				out.Inputs = inputs
			}
		}
	}
	return outcomes
}

func (p *press) store(out *outcome, m *model, f format, nth int) {
	buf := p.buffers.Get().(*bytes.Buffer)
	defer p.buffers.Put(buf)
	buf.Reset()
	parts, err := m.encode(buf, f, nth)
	if err == nil && p.disk.dry {
		err = f.parse(buf.Bytes())
	}
	if err == nil {
		out.written, err = p.disk.write(out.Path, buf.Bytes())
	}
	if err != nil {
		out.err = &Error{Feed: out.Path, Err: err}
		return
	}
	out.SHA256 = digest(buf.Bytes())
	if p.inputs != nil {
		out.Items = p.pack(m, f, parts)
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// path is where a document lies, as Result has it.
func (p *press) path(elem ...string) string {
	return documentPath(p.cfg, path.Join(elem...))
}

func documentPath(cfg *config.Config, below string) string {
	abs := filepath.Join(cfg.Path(cfg.Feeds.Dir), filepath.FromSlash(below))
	rel, err := filepath.Rel(cfg.Dir, abs)
	if err != nil {
		rel = abs // another volume than config.yaml's
	}
	return filepath.ToSlash(rel)
}

// address is where the world finds a document.
func (p *press) address(elem ...string) string { return address(p.cfg, path.Join(elem...)) }

func address(cfg *config.Config, below string) string {
	return under(cfg.Site.URL, below)
}

func under(site *url.URL, below string) string {
	u := url.URL{Path: "/" + below}
	return strings.TrimSuffix(uri(site.String()), "/") + u.EscapedPath()
}

// homeOf is the front page for those who read in a collection's language.
func homeOf(c *collection) string { return under(c.site.URL, "") }

// Topic is the public address of a document of a Result, if people subscribe to
// it; "" for archives and the style sheet.
func Topic(cfg *config.Config, document string) string {
	below, err := filepath.Rel(cfg.Path(cfg.Feeds.Dir), disk{root: cfg.Dir}.abs(document))
	below = filepath.ToSlash(below)
	if err != nil || below == stylesheetFile || isArchive(cfg, below) {
		return ""
	}
	return address(cfg, below)
}
