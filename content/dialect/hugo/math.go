package hugo

import (
	"cmp"
	"publisher/content/frontmatter"
	"slices"
	"strings"
)

// readPassthrough takes over the delimiters between which Hugo leaves a text as it
// is: pairs of lines, so that markdownOptions can be compared; "" where that is off.
func readPassthrough(markup any) string {
	table, _ := frontmatter.Lookup(markup, "goldmark.extensions.passthrough")
	if on, _ := frontmatter.Lookup(table, "enable"); on != "true" {
		return ""
	}
	var pairs [][2]string
	for _, kind := range []string{"block", "inline"} {
		list, _ := frontmatter.Lookup(table, "delimiters."+kind)
		items, _ := list.([]any)
		for _, item := range items {
			if pair := frontmatter.Strings(item, frontmatter.NoSplit); len(pair) == 2 && pair[0] != "" && pair[1] != "" && !strings.Contains(pair[0]+pair[1], "\n") {
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
