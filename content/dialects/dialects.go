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
	"publisher/content/frontmatter"
	"publisher/internal/config"
)

// newEngine builds a dialect's rules over the settings that its own config gives.
func New(d config.Dialect, s *dialect.Site, own *dialect.Settings) dialect.Engine {
	switch d {
	case config.Hugo:
		return hugo.New(s, own)
	case config.Jekyll:
		return jekyll.New(s, own)
	case config.Pelican:
		return pelican.New(s, own)
	case config.Zola:
		return zola.New(s, own)
	case config.Eleventy:
		return eleventy.New(s, own)
	}
	return plain.New(s)
}

// autoEngine is for a tree in which no engine's own config was found: each file
// is read by the rules that its own form shows.
type autoEngine struct {
	*plain.Engine
	pelican *pelican.Engine
	jekyll  *jekyll.Engine
}

func NewAuto(s *dialect.Site) *autoEngine {
	return &autoEngine{plain.New(s), pelican.New(s, nil), jekyll.New(s, nil)}
}

// of is the engine whose rules a file shows.
func (e *autoEngine) Of(src *dialect.Source) dialect.Engine {
	switch {
	case src.Front.Form == frontmatter.Metadata:
		return e.pelican
	case e.jekyll.Covers(src.Path):
		return e.jekyll
	}
	return e.Engine
}

// findOwnConfig looks for an engine's config in dir and up to three folders
// above it. ours is config.yaml, which Hugo once used the name of. It returns
// nil where there is none.
func Find(dir, ours string, want config.Dialect) (*dialect.Settings, error) {
	var bare *dialect.Settings
	for range 4 {
		for _, look := range []func(string, string) (*dialect.Settings, error){hugo.ReadSettings, jekyll.ReadSettings, pelican.ReadSettings, zola.ReadSettings, hugo.ReadConfigTOML, eleventy.ReadSettings} {
			own, err := look(dir, ours)
			if err != nil {
				return nil, err
			}
			if own != nil && (want == config.Auto || want == own.Dialect) {
				return own, nil
			}
		}
		if bare == nil && (want == config.Auto || want == config.Jekyll) {
			bare = jekyll.BareSettings(dir)
		}
		parent := filepath.Dir(dir)
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || parent == dir {
			break
		}
		dir = parent
	}
	return bare, nil
}
