package report

import "testing"

func TestGroupWarnings(t *testing.T) {
	same := [][2]string{
		{"unknown shortcode gallery; kept its inner text", "unknown shortcode figure2; kept its inner text"},
		{"{{ page.version }} cannot be evaluated here and was left out", "{% for x in site.data.y… cannot be evaluated here and was left out"},
		{"a link leads to a/b.md, which is not in the content folder; kept its text without the link", "a link leads to c.md, which is not in the content folder; kept its text without the link"},
		{`image: "[[a b.png]]" is a wiki link`, `image: "[[\"c\"]]" is a wiki link`},
		{"has the same address as posts/a.md (https://x.example/a/) and is left out", "has the same address as posts/b c.md (https://x.example/b/) and is left out"},
		{"a control character (U+0007), which feeds cannot contain, was left out; delete it", "a control character (U+0013), which feeds cannot contain, was left out; delete it"},
	}
	for _, pair := range same[:4] {
		if groups := GroupWarnings([]Warning{{Path: "a.md", Message: pair[0]}, {Path: "b.md", Line: 2, Message: pair[1]}}); len(groups) != 1 || len(groups[0]) != 2 {
			t.Errorf("%q and %q are of one kind, but came as %v", pair[0], pair[1], groups)
		}
	}
	var all []Warning
	for _, pair := range same {
		all = append(all, Warning{Message: pair[0]})
	}
	if groups := GroupWarnings(all); len(groups) != len(same) || groups[1][0] != all[1] {
		t.Errorf("%d kinds in %v, want %d in their order", len(groups), groups, len(same))
	}
}
