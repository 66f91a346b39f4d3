package hugo

import (
	"cmp"
	"publisher/content/frontmatter"
	"slices"
	"strings"
)

// readPassthrough returns the delimiters between which Hugo leaves text alone, as pairs of lines
// so that markdown.Options can be compared; "" if that is off.
func readPassthrough(markup any) string {
	table, _ := frontmatter.Dig(markup, "goldmark.extensions.passthrough")
	if on, _ := frontmatter.Dig(table, "enable"); on != "true" {
		return ""
	}
	var pairs [][2]string
	for _, kind := range []string{"block", "inline"} {
		list, _ := frontmatter.Dig(table, "delimiters."+kind)
		items, _ := list.([]any)
		for _, item := range items {
			if pair := frontmatter.ListOf(item, frontmatter.Whole); len(pair) == 2 && pair[0] != "" && pair[1] != "" && !strings.Contains(pair[0]+pair[1], "\n") {
				pairs = append(pairs, [2]string{pair[0], pair[1]})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return cmp.Compare(len(b[0]), len(a[0])) }) // $$ before $
	var out strings.Builder
	for _, pair := range pairs {
		out.WriteString(pair[0] + "\n" + pair[1] + "\n")
	}
	return out.String()
}
