// Package dialects lists the blog engines, and finds which of them a folder belongs to.
package dialects

import (
	"os"
	"path/filepath"

	"publisher/content/dialect"
	"publisher/content/dialect/eleventy"
	"publisher/content/dialect/hugo"
	"publisher/content/dialect/jekyll"
	"publisher/content/dialect/pelican"
	"publisher/content/dialect/plain"
	"publisher/content/dialect/zola"
	"publisher/internal/config"
)

// lookup returns the settings of an engine's config in a folder, or nil. ours is our own
// config.yaml, a name that Hugo once used.
type lookup func(dir, ours string) (*dialect.Settings, error)

// descriptor is one engine. A lookup that an engine does not have is nil.
type descriptor struct {
	name config.Dialect
	// engine returns the engine; settings are nil without a config.
	engine func(site *dialect.Site, settings *dialect.Settings) dialect.Engine
	// settings reads the config that is surely the engine's; shared one that could be
	// another program's, and comes after those of all engines.
	settings, shared lookup
	// bare returns the settings of a folder that is the engine's though it has no config.
	bare func(dir string) *dialect.Settings
	// claims reports whether a file is the engine's by its own form, if no engine's config was found.
	claims func(e dialect.Engine, src *dialect.Source) bool
}

// list returns all engines. Where a folder has configs of several, the first one wins.
func list() []descriptor {
	return []descriptor{
		{name: config.Hugo, engine: engine(hugo.New), settings: hugo.ReadSettings, shared: hugo.ReadConfigTOML},
		{name: config.Jekyll, engine: engine(jekyll.New), settings: jekyll.ReadSettings, bare: jekyll.BareSettings, claims: jekyll.Claims},
		{name: config.Pelican, engine: engine(pelican.New), settings: pelican.ReadSettings, claims: pelican.Claims},
		{name: config.Zola, engine: engine(zola.New), settings: zola.ReadSettings},
		{name: config.Eleventy, engine: engine(eleventy.New), shared: eleventy.ReadSettings},
	}
}

// Names returns the dialects that New knows.
func Names() []config.Dialect {
	var names []config.Dialect
	for _, d := range list() {
		names = append(names, d.name)
	}
	return append(names, config.Markdown)
}

// engine adapts the constructor of a concrete engine.
func engine[E dialect.Engine](create func(*dialect.Site, *dialect.Settings) E) func(*dialect.Site, *dialect.Settings) dialect.Engine {
	return func(site *dialect.Site, settings *dialect.Settings) dialect.Engine { return create(site, settings) }
}

// New returns the engine of a blog: that of its settings, else the one that content.dialect
// names. A name without an engine means plain Markdown.
func New(want config.Dialect, site *dialect.Site, settings *dialect.Settings) dialect.Engine {
	if settings != nil {
		want = settings.Dialect
	}
	if want == config.Auto {
		return newAuto(site)
	}
	for _, d := range list() {
		if d.name == want {
			return d.engine(site, settings)
		}
	}
	return plain.New(site)
}

// auto is for a tree without any engine's config: each file is read by the rules that its
// own form shows.
type auto struct {
	*plain.Engine
	engines []claimant
}

type claimant struct {
	engine dialect.Engine
	claims func(e dialect.Engine, src *dialect.Source) bool
}

func newAuto(site *dialect.Site) *auto {
	a := &auto{Engine: plain.New(site)}
	for _, d := range list() {
		if d.claims != nil {
			a.engines = append(a.engines, claimant{d.engine(site, nil), d.claims})
		}
	}
	return a
}

// EngineFor implements [dialect.PerFile].
func (a *auto) EngineFor(src *dialect.Source) dialect.Engine {
	for _, c := range a.engines {
		if c.claims(c.engine, src) {
			return c.engine
		}
	}
	return a.Engine
}

// Find returns the settings of the engine's config in dir, or in the nearest of up to three
// folders above it within the repository, or nil. A wanted dialect of [config.Auto] takes any
// engine's. ours is our own config.yaml.
func Find(dir, ours string, want config.Dialect) (*dialect.Settings, error) {
	var bare *dialect.Settings
	for range 4 {
		found, err := findIn(dir, ours, want)
		if found != nil || err != nil {
			return found, err
		}
		if bare == nil {
			bare = bareIn(dir, want)
		}
		parent := filepath.Dir(dir)
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || parent == dir {
			break
		}
		dir = parent
	}
	return bare, nil
}

func findIn(dir, ours string, want config.Dialect) (*dialect.Settings, error) {
	var lookups []lookup
	for _, d := range list() {
		lookups = append(lookups, d.settings)
	}
	for _, d := range list() {
		lookups = append(lookups, d.shared)
	}
	for _, look := range lookups {
		if look == nil {
			continue
		}
		settings, err := look(dir, ours)
		if err != nil {
			return nil, err
		}
		if settings != nil && (want == config.Auto || want == settings.Dialect) {
			return settings, nil
		}
	}
	return nil, nil
}

func bareIn(dir string, want config.Dialect) *dialect.Settings {
	for _, d := range list() {
		if d.bare == nil || want != config.Auto && want != d.name {
			continue
		}
		if settings := d.bare(dir); settings != nil {
			return settings
		}
	}
	return nil
}
