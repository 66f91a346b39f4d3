package subscribers

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"publisher/internal/ledger"
)

// foldHeader returns the form in which names of columns are compared.
func foldHeader(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("_-./:()[]\"'?\u00a0", r)
	}), "_")
}

func isAddressName(folded string) bool {
	switch folded {
	case "email", "e_mail", "email_address", "e_mail_address", "emailaddress", "mail_address":
		return true
	}
	return false
}

// statusWords returns the words for a status that mean the same in every list.
func statusWords() map[string]ledger.Status {
	return map[string]ledger.Status{
		"active": ledger.Active, "subscribed": ledger.Active, "confirmed": ledger.Active, "enabled": ledger.Active,
		"pending": ledger.Pending, "unconfirmed": ledger.Pending, "unverified": ledger.Pending,
		"unsubscribed": ledger.Unsubscribed, "cancelled": ledger.Unsubscribed, "canceled": ledger.Unsubscribed,
		"opted_out": ledger.Unsubscribed, "opt_out": ledger.Unsubscribed, "blocklisted": ledger.Unsubscribed, "blacklisted": ledger.Unsubscribed,
		"removed": ledger.Removed,
		"bounced": ledger.Bounced, "cleaned": ledger.Bounced, "undeliverable": ledger.Bounced, "hard_bounced": ledger.Bounced,
		"complained": ledger.Complained, "junk": ledger.Complained, "spam": ledger.Complained,
	}
}

// looksLikeConsent reports whether a column seems to say who may be mailed, by its folded name
// or by values, some of its cells: a column named "state" is often a place, but not if they are
// among statuses (onlyStatuses).
func looksLikeConsent(folded string, values []string, statuses map[string]bool) bool {
	parts := []string{"subscri", "unsub", "optin", "optout", "opted", "consent", "gdpr", "dsgvo", "rgpd", "permission", "permitted",
		"bounc", "complain", "complaint", "blocklist", "blacklist", "suppress", "unconfirm", "confirm", "verifi",
		"abgemeldet", "abmeld", "abbestell", "einwillig", "zustimm", "bestätig", "abonn", "inscri", "suscri", "consens",
		"iscri", "cancell", "einverst", "afgemeld", "uitgeschreven", "toestemming", "statut",
		"отпис", "подпис", "соглас", "同意", "配信", "停止", "订阅", "訂閱"}
	if slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(folded, part) }) {
		return true
	}
	words := strings.Split(folded, "_")
	if strings.Contains("_"+folded+"_", "_opt_in_") || strings.Contains("_"+folded+"_", "_opt_out_") || strings.HasPrefix(folded, "do_not_") {
		return true
	}
	whole := []string{"status", "active", "inactive", "enabled", "disabled", "deleted", "removed", "cancelled", "canceled", "cancel",
		"churned", "cleaned", "banned", "blocked", "spam", "junk", "muted", "newsletter", "marketing", "mailable", "accepts", "dnc", "left", "baja"}
	if slices.ContainsFunc(whole, func(word string) bool { return slices.Contains(words, word) }) {
		return true
	}
	return slices.ContainsFunc(values, func(value string) bool { return statuses[foldHeader(value)] })
}

// saysUnsubscribed reports whether the name of a file says that its subscribers are not to be
// mailed.
func saysUnsubscribed(base string) bool {
	folded := foldHeader(base)
	if strings.HasPrefix(folded, "cleaned_") {
		return true
	}
	return slices.ContainsFunc([]string{"unsub", "nonsub", "bounced", "complain", "opted_out", "optout", "blocklist", "blacklist", "suppress",
		"cancelled", "canceled", "unconfirmed", "unverified", "unactivated", "inactive"},
		func(part string) bool { return strings.Contains(folded, part) })
}

// parseFlag parses a cell that says yes or no.
func parseFlag(text string) (yes, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "1", "t", "y":
		return true, true
	case "false", "no", "0", "f", "n":
		return false, true
	}
	return false, false
}

// SplitTags splits tags at semicolons.
func SplitTags(s string) []string {
	var tags []string
	for tag := range strings.SplitSeq(s, ";") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// splitServiceTags splits tags as services write them: `a,b`, `"a","b"` and `["a", "b"]`.
func splitServiceTags(s string) []string {
	if s == "" {
		return nil
	}
	var parts []string
	if json.Unmarshal([]byte(s), &parts) != nil {
		r := csv.NewReader(strings.NewReader(s))
		r.LazyQuotes, r.TrimLeadingSpace = true, true
		if parts, _ = r.Read(); parts == nil {
			parts = []string{s}
		}
	}
	var tags []string
	for _, part := range parts {
		tags = append(tags, SplitTags(part)...) // a tag of ours has no semicolon
	}
	return tags
}

// timeParser parses the times in lists.
type timeParser struct {
	layouts []string
	zone    *time.Location // of times without one
	last    string         // the layout of the time before, which the next one most often has too
}

func newTimeParser(zone *time.Location, layouts ...string) *timeParser {
	return &timeParser{zone: zone, layouts: append(slices.Clone(layouts), time.RFC3339, time.DateOnly, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 UTC")}
}

func (p *timeParser) parse(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if p.last != "" {
		if t, ok := p.parseAs(p.last, text); ok {
			return t, nil
		}
	}
	// Go's own form ends with the zone's name, which is not always one.
	if parts := strings.Fields(text); len(parts) == 4 && strings.ContainsAny(parts[2][:1], "+-") {
		text = strings.Join(parts[:3], " ")
	}
	for _, layout := range p.layouts {
		if t, ok := p.parseAs(layout, text); ok {
			p.last = layout
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time; write it like 2026-01-31 or 2026-01-31T08:00:00Z", shownCell(text))
}

func (p *timeParser) parseAs(layout, text string) (time.Time, bool) {
	zone := p.zone
	if strings.HasSuffix(layout, "UTC") {
		zone = time.UTC
	}
	t, err := time.ParseInLocation(layout, text, zone)
	return t, err == nil
}

// formulaStarts are what formulas begin with in spreadsheets, so that an address could run a
// program there; in some, the wide forms do too. Services and this program put an apostrophe
// before such a cell.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

func isFormula(cell string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, "'"))
	return strings.ContainsRune(formulaStarts, r)
}

// escapeFormula makes a cell plain text for spreadsheets, and so each part between semicolons,
// at which spreadsheets in many countries split. unescapeFormula undoes it.
func escapeFormula(cell string) string {
	return eachPart(cell, func(part string) string {
		if isFormula(part) {
			return "'" + part
		}
		return part
	})
}

func unescapeFormula(cell string) string {
	return eachPart(cell, func(part string) string {
		if strings.HasPrefix(part, "'") && isFormula(part) {
			return part[1:]
		}
		return part
	})
}

func eachPart(cell string, change func(string) string) string {
	if !strings.Contains(cell, ";") {
		return change(cell)
	}
	parts := strings.Split(cell, ";")
	for i, part := range parts {
		parts[i] = change(part)
	}
	return strings.Join(parts, ";")
}
