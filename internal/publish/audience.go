package publish

import (
	"context"
	"slices"

	"publisher/internal/ledger"
	"publisher/internal/publish/report"
)

// shareOut notes which languages have digests of their own. Where these are others
// than in the last pass nothing that was mailed by then is mailed once more:
// see ledger.SetDigestLanguages.
func (s *pass) shareOut(ctx context.Context) error {
	if s.feedsOnly {
		return nil
	}
	tags := slices.Clone(s.cfg.AllLanguages())
	if len(tags) > 0 {
		slices.Sort(tags[1:]) // their order in the config says nothing
	}
	var cadences []ledger.Audience
	for _, c := range s.cfg.Digest.Cadences {
		cadences = append(cadences, s.audience(c.Name, ""))
	}
	return s.ledger.SetDigestLanguages(ctx, tags, cadences, s.start)
}

// silentLanguages warns of those that no post is in: the tag may be another than the
// posts have.
func (s *pass) silentLanguages() []report.Warning {
	var warnings []report.Warning
	for _, l := range s.cfg.Languages {
		if !slices.ContainsFunc(s.entries, func(e entry) bool { return s.cfg.LanguageOf(e.post.Language) == l.Tag }) {
			warnings = append(warnings, report.Warning{Path: s.cfg.File, Message: "languages." + l.Folder + ": no post is in it, so its feeds are empty; `publisher posts --json` tells each post's language"})
		}
	}
	return warnings
}

// digestLanguages are those that digests are made in: "" is the site's own.
func (p *Publisher) digestLanguages() []string {
	tags := []string{""}
	for _, l := range p.cfg.Languages {
		tags = append(tags, l.Tag)
	}
	return tags
}
