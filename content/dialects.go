package content

import (
	"os"
	"path/filepath"

	"publisher/internal/config"
)

// newEngine builds a dialect's rules over the settings that its own config gives.
func newEngine(d config.Dialect, s *site, own *ownConfig) engine {
	switch d {
	case config.Hugo:
		return newHugo(s, own)
	case config.Jekyll:
		return newJekyll(s, own)
	case config.Pelican:
		return newPelican(s, own)
	case config.Zola:
		return newZola(s, own)
	case config.Eleventy:
		return newEleventy(s, own)
	}
	return newMarkdown(s)
}

// autoEngine is for a tree in which no engine's own config was found: each file
// is read by the rules that its own form shows.
type autoEngine struct {
	*markdown
	pelican *pelican
	jekyll  *jekyll
}

func newAuto(s *site) *autoEngine {
	return &autoEngine{newMarkdown(s), newPelican(s, nil), newJekyll(s, nil)}
}

// of is the engine whose rules a file shows.
func (e *autoEngine) of(src *source) engine {
	switch {
	case src.front.form == blockForm:
		return e.pelican
	case e.jekyll.covers(src.path):
		return e.jekyll
	}
	return e.markdown
}

// findOwnConfig looks for an engine's config in dir and up to three folders
// above it. ours is config.yaml, which Hugo once used the name of. It returns
// nil where there is none.
func findOwnConfig(dir, ours string, want config.Dialect) (*ownConfig, error) {
	var bare *ownConfig
	for range 4 {
		for _, look := range []func(string, string) (*ownConfig, error){hugoConfig, jekyllConfig, pelicanConfig, zolaConfig, hugoConfigTOML, eleventyConfig} {
			own, err := look(dir, ours)
			if err != nil {
				return nil, err
			}
			if own != nil && (want == config.Auto || want == own.dialect) {
				return own, nil
			}
		}
		if bare == nil && (want == config.Auto || want == config.Jekyll) {
			bare = bareJekyll(dir)
		}
		parent := filepath.Dir(dir)
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || parent == dir {
			break
		}
		dir = parent
	}
	return bare, nil
}
