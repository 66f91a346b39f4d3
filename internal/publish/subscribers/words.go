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

// foldHeader is the form in which the names of columns are compared.
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

// statusWords are the words for a status that mean the same wherever they stand.
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

// looksLikeConsent reports whether a column's folded name says that it holds who may
// be mailed. values are some of its cells: a column named "state" is often a place, and
// where it is not, they are among statuses (onlyStatuses).
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

// nameSaysLeft reports whether the name of a file says that those in it are not to be
// mailed.
func nameSaysLeft(base string) bool {
	folded := foldHeader(base)
	if strings.HasPrefix(folded, "cleaned_") {
		return true
	}
	return slices.ContainsFunc([]string{"unsub", "nonsub", "bounced", "complain", "opted_out", "optout", "blocklist", "blacklist", "suppress",
		"cancelled", "canceled", "unconfirmed", "unverified", "unactivated", "inactive"},
		func(part string) bool { return strings.Contains(folded, part) })
}

// readFlag reads a cell that says yes or no.
func readFlag(text string) (yes, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "1", "t", "y":
		return true, true
	case "false", "no", "0", "f", "n":
		return false, true
	}
	return false, false
}

// SplitTags takes tags apart at semicolons.
func SplitTags(s string) []string {
	var tags []string
	for tag := range strings.SplitSeq(s, ";") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// splitServiceTags takes apart what services write: `a,b`, `"a","b"` and `["a", "b"]`.
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

// parseWhen reads the times that lists have. zone is for those that name none.
func parseWhen(text string, zone *time.Location, layouts ...string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	// Go's own form ends with the zone's name, which is not always one.
	if parts := strings.Fields(text); len(parts) == 4 && strings.ContainsAny(parts[2][:1], "+-") {
		text = strings.Join(parts[:3], " ")
	}
	layouts = append(layouts, time.RFC3339, time.DateOnly, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05",
		"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 UTC")
	for _, layout := range layouts {
		if strings.HasSuffix(layout, "UTC") {
			zone = time.UTC
		}
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time; write it like 2026-01-31 or 2026-01-31T08:00:00Z", shownCell(text))
}

// A spreadsheet takes a cell that begins with one of these for a formula, so that an
// address could run a program there; some take the wide forms, too. Services and this
// program put an apostrophe before.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

func isFormula(cell string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, "'"))
	return strings.ContainsRune(formulaStarts, r)
}

// escapeFormula makes a cell plain text for spreadsheets; unescapeFormula takes it back.
// So is each part between semicolons, at which spreadsheets of many countries cut.
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
