package ledger

import (
	"strings"

	"publisher/internal/ledger/sqlutil"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NormalTags trims tags and drops those that stood before in other case.
func NormalTags(tags []string) sqlutil.Strings {
	var kept sqlutil.Strings
	seen := make(map[string]bool, len(tags))
	for _, tag := range tags {
		tag = strings.TrimSpace(tag)
		if key := fold(tag); tag != "" && !seen[key] {
			seen[key] = true
			kept = append(kept, tag)
		}
	}
	return kept
}

// fold returns the form in which texts that differ in case alone are equal.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return norm.NFC.String(cases.Fold().String(s))
		}
	}
	return strings.ToLower(s)
}
