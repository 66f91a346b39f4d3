package feed

import "testing"

func TestHeadline(t *testing.T) {
	for title, want := range map[string]string{
		"<i></i>":                            "<i></i>",
		"How <b>bold</b> works":              "How bold works",
		"<em>All <code>of</code> it</em>":    "All of it",
		"<a href=\"/x/\">Linked</a>  words":  "Linked words",
		"The <b> element":                    "The <b> element",
		"The <script></script> element":      "The <script></script> element",
		"List<String> and </b> alone":        "List<String> and </b> alone",
		"x < y and y > z, AT&T, &lt;b&gt;":   "x < y and y > z, AT&T, &lt;b&gt;",
		"<b>crossed <i>over</b> there</i>":   "<b>crossed over</b> there",
		"An <b>open end</b> and <b":          "An open end and <b",
		"<B CLASS=\"x\">Large</B> letters</": "Large letters</",
	} {
		if got := headline(title); got != want {
			t.Errorf("%q: got %q, want %q", title, got, want)
		}
	}
}
