package report

import (
	"time"

	"publisher/internal/config"
)

// Time returns a time of the ledger in RFC 3339 in a zone; "" for the zero time.
func Time(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zone).Format(time.RFC3339)
}

// Language returns a language of a config as people read it: "", the site's own, by its
// tag, unless the site has only one.
func Language(cfg *config.Config, tag string) string {
	if tag == "" && len(cfg.Languages) > 0 {
		return cfg.Site.Language
	}
	return tag
}
