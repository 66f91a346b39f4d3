package catalog

import (
	"context"
	"slices"

	"publisher/internal/config"
	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// Audience returns who receives the editions of a cadence in a language. That of the default
// cadence includes those who chose none, or one that is no longer configured.
func Audience(cfg *config.Config, cadence, language string) ledger.Audience {
	a := ledger.Audience{Cadence: cadence, Default: cadence == cfg.Digest.Default, Languages: cfg.AllLanguages(), Language: language}
	for _, c := range cfg.Digest.Cadences {
		a.Configured = append(a.Configured, c.Name)
	}
	return a
}

// setDigestLanguages records which languages have digests of their own. If they have changed
// since the last pass, nothing that was mailed before is mailed again: see
// ledger.SetDigestLanguages.
func (c *Catalog) setDigestLanguages(ctx context.Context) error {
	if c.options.FeedsOnly {
		return nil
	}
	tags := slices.Clone(c.Config.AllLanguages())
	if len(tags) > 0 {
		slices.Sort(tags[1:]) // their order in the config does not matter
	}
	var cadences []ledger.Audience
	for _, cadence := range c.Config.Digest.Cadences {
		cadences = append(cadences, Audience(c.Config, cadence.Name, ""))
	}
	return c.Ledger.SetDigestLanguages(ctx, tags, cadences, c.start)
}

// UnusedLanguages warns of configured languages without posts: the tag may differ from the
// one that the posts have.
func (c *Catalog) UnusedLanguages() []report.Warning {
	var warnings []report.Warning
	for _, l := range c.Config.Languages {
		if !slices.ContainsFunc(c.entries, func(e Entry) bool { return c.Config.LanguageOf(e.Post.Language) == l.Tag }) {
			warnings = append(warnings, report.Warning{Path: c.Config.File, Message: "languages." + l.Folder + ": no post is in it, so its feeds are empty; `publisher posts --json` shows the language of each post"})
		}
	}
	return warnings
}
