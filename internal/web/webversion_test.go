package web_test

import (
	"strings"
	"testing"

	"publisher/internal/web"
)

// The web version of an edition is its mail without what only mail programs need. Text about
// that stays.
func TestWebVersionIsForBrowsers(t *testing.T) {
	const mail = `<!DOCTYPE html><html lang="en"><head><title>A</title><style>td{color:red}</style></head><body class="frame">
<div style="height:0;mso-hide:all">Hidden <div>more</div> ͏ &nbsp;</div>
<div role="main"><table role="presentation" class="page" width="100%" border="0" cellpadding="0" cellspacing="0" style="color:#123"><tbody><tr><td align="center">
<!--[if mso]><table><tr><td><![endif]--><!-- a comment -->
<table role="presentation" border="0" cellpadding="0"><tbody><tr><td style="mso-padding-alt:11px 22px;color:#456">Button &amp; more</td></tr></tbody></table>
<p>In CSS, <code>mso-hide:all</code> &lt;hides&gt;.</p><table border="1"><tbody><tr><td align="right">1</td></tr></tbody></table>
</td></tr></tbody></table></div></body></html>`
	w := start(t, settings, func(o *web.Options) { o.Archive = &editions{html: mail} })
	page := w.get("/archive/7").body
	wantAll(t, page, `<table role="presentation" class="page" style="border-spacing:0;width:100%;color:#123">`, `<table role="presentation" style="border-spacing:0">`,
		`<td style="color:#456">Button &amp; more</td>`, `<code>mso-hide:all</code> &lt;hides&gt;.`, `<table border="1"><tbody><tr><td align="right">1`,
		"<!-- a comment -->", "<style>td{color:red}</style>", `<nav class="editions"`)
	for _, unwanted := range []string{"Hidden", "more</div>", "[if mso]", "mso-padding", "cellpadding"} {
		if strings.Contains(page, unwanted) {
			t.Errorf("%s is in\n%s", unwanted, page)
		}
	}
}
