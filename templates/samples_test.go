package templates_test

import (
	"html/template"
	"strings"
	"time"

	"publisher/templates"
)

var day = time.Date(2026, time.November, 22, 8, 0, 0, 0, time.UTC)

func site(language string) templates.Site {
	return templates.Site{
		Title: "Notes on feeds & mail", URL: "https://blog.example", Description: "Small things about publishing.",
		Author: "Ada Writer", Language: language, Location: time.UTC,
	}
}

var richExcerpt = template.HTML(`<p>A feed is a promise: <em>when I write</em>, you will hear of it. The <code>guid</code> keeps it, and <a href="https://blog.example/guid/">a stable one</a> keeps it for years.</p>
<h3>What has to stay the same</h3>
<ul><li>the address,</li><li>the date, unless it was <strong>wrong</strong>,</li><li>the order.</li></ul>
<ol><li>First, write.</li><li>Then, send.</li></ol>
<blockquote><p>Be conservative in what you do, be liberal in what you accept from others.</p></blockquote>
<pre style="color:#1f2328;background-color:#f7f7f7;"><code><span style="color:#0550ae">func</span> main() { fmt.Println(<span style="color:#0a3069">"a line of code that is so long that it does not fit a telephone held upright"</span>) }
</code></pre>
<table><thead><tr><th>Format</th><th>Media type</th><th align="right">Year</th></tr></thead><tbody><tr><td>RSS 2.0</td><td>application/rss+xml</td><td align="right">2002</td></tr><tr><td>Atom</td><td>application/atom+xml</td><td align="right">2005</td></tr></tbody></table>
<p><img src="https://blog.example/wide.png" alt="A diagram" width="1184" height="400"></p>
<hr><p>AnUnbrokenWordThatIsLongerThanAnyTelephoneIsWideAndThatMustNotMakeThePageScrollSideways.</p>`)

const richText = `A feed is a promise: when I write, you will hear of it. The guid keeps
it, and a stable one [1] keeps it for years.

    func main() { fmt.Println("a line of code") }

[1] https://blog.example/guid/`

func post(title, slug string) templates.Post {
	return templates.Post{
		Title: title, URL: "https://blog.example/" + slug + "/", Date: day.AddDate(0, 0, -1),
		Excerpt: "<p>Short, and to the point.</p>", ExcerptText: "Short, and to the point.", Minutes: 3, Language: "en",
	}
}

func one() *templates.Digest {
	p := post(`Why a feed's <guid> & address "never" change`, "guid")
	p.Excerpt, p.ExcerptText, p.Minutes = richExcerpt, richText, 7
	p.Image = &templates.Image{URL: "https://blog.example/cover.png", Alt: "A paper aeroplane", Width: 1200, Height: 500}
	return &templates.Digest{
		Site: site("en"), Number: 12, Cadence: "immediate", Date: day, Posts: []templates.Post{p},
		WebURL: "https://news.example/archive/12", UnsubscribeURL: "https://unsubscribe.invalid/R-1",
		PreferencesURL: "https://preferences.invalid/R-1", PostalAddress: "Notes, 1 Example Street, 12345 Town",
	}
}

func several() *templates.Digest {
	d := one()
	second := post("Digests that people are glad to open", "digests")
	second.Authors = []string{"Ada Writer", "Ben Reader"}
	d.Cadence = "weekly"
	d.Posts = append(d.Posts, second, post("Résumé of a year 🎉", "resume"))
	d.Brief = []templates.Post{post("A one-line post", "brief-1"), post("Another one", "brief-2")}
	d.More, d.MoreURL = 4, "https://blog.example/archive/"
	return d
}

// wide has what would not fit a phone: long words, wide tables, pictures with
// and without a size, and elements that mail programs do not know.
func wide() *templates.Digest {
	p := post("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk", "wide")
	p.Excerpt = `<p>At <a href="https://blog.example/a">https://blog.example/a/long/address/that/somebody/wrote/out/in/full</a>, or 0123456789012345678901234567890123456789.</p>
<table><tr><th>Format</th><th>Media type</th><th>Where</th></tr><tr><td>RSS</td><td>application/rss+xml</td><td>blog.example.with.a.long.name.example</td></tr></table>
<pre style="overflow:auto;white-space:pre-wrap"><code>if x  {
    y = averyveryverylongidentifierthatdoesnotfitanything

	tab()
}
</code></pre>
<p>` + template.HTML(strings.Repeat("TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQ", 9)) + `</p>
<ul><li><ul><li><blockquote><p>THE_NAME_OF_A_CONSTANT_IN_SOME_OTHER_LANGUAGE</p></blockquote></li></ul></li></ul>
<table><tr><td>1</td><td><code>a_function_with_a_name_that_nobody_can_say()</code></td></tr></table>
<table><tr><td>ภาษาไทยไม่มีช่องว่างระหว่างคำในประโยคนี้ครับผมภาษาไทยไม่มีช่องว่าง</td><td>2<br>` + template.HTML(strings.Repeat("0", 60)) + `</td></tr></table>
<figure><picture><source srcset="/w.webp"><img src="https://blog.example/w.png" srcset="/w2.png 2x" alt="Wide" width="2400" height="1200"></picture><figcaption>A caption</figcaption></figure>
<p><img src="https://blog.example/i.png" alt="Icon" width="16" height="16"> <img src="https://blog.example/chart.svg" alt="A chart"> <a href="https://blog.example/p/"><img src="https://blog.example/p.png"></a></p>
<details><summary>More</summary><p style="float:left">Inside, <mark>marked</mark>, <ruby>漢字<rt>かんじ</rt></ruby> and <abbr title="x">HTML</abbr>.</p></details>`
	return &templates.Digest{Site: site("en"), Date: day, Posts: []templates.Post{p}}
}

// letters has the owner's words, and letters with a web version and without one.
func letters() *templates.Digest {
	d := several()
	d.Intro, d.IntroText = `<h1>This week</h1><p>I was on the road, so it is <a href="https://blog.example/short/">a short one</a>.</p><h2>Next week</h2><p>More.</p>`,
		"This week\n\nI was on the road, so it is a short one [1].\n\n[1] https://blog.example/short/"
	d.Posts[1].URL, d.Posts[1].Anchor = "https://news.example/archive/12#digests", "digests"
	d.Posts[2].URL, d.Posts[2].Whole, d.Posts[2].Image = "", true, d.Posts[0].Image
	d.Brief[1].URL = ""
	return d
}

func bare() *templates.Digest {
	p := post("Only a title", "title")
	p.Excerpt, p.ExcerptText, p.Minutes = "", "", 0
	return &templates.Digest{Site: site("en"), Date: day, Posts: []templates.Post{p}}
}

func arabic() *templates.Digest {
	d := several()
	d.Site = site("ar")
	d.Site.Title = "دفتر النشر"
	for i := range d.Posts {
		d.Posts[i].Language = "ar"
	}
	d.Posts[1].Title = "كيف تعمل خلاصات RSS"
	d.Posts[1].Authors = []string{"ليلى", "سامر"}
	d.Posts[1].Excerpt = `<p>الخلاصة وعد: عندما أكتب سيصلك الخبر. العنصر <code>guid</code> هو ما يحفظ هذا الوعد.</p><ul><li>العنوان</li><li>التاريخ</li></ul><blockquote><p>اقتباس قصير.</p></blockquote><pre><code>go run ./cmd/publisher run</code></pre><table><tr><th>الصيغة</th><th>السنة</th></tr><tr><td>RSS</td><td>2002</td></tr></table>`
	d.Posts[1].ExcerptText = "الخلاصة وعد: عندما أكتب سيصلك الخبر."
	d.Posts[0] = d.Posts[1]
	d.Posts[0].Title = "لماذا لا يتغير العنوان"
	d.Posts[2].Language = "en"
	d.PostalAddress = "شارع المثال 1"
	return d
}

func japanese() *templates.Digest {
	d := several()
	d.Site = site("ja")
	d.Site.Title = "配信ノート"
	d.Posts = d.Posts[:2]
	d.Posts[0].Language, d.Posts[1].Language = "ja", "ja"
	d.Posts[0].Title = "フィードのアドレスはなぜ決して変えてはいけないのか、そして変えてしまったときに読者に何が起きるのか"
	d.Posts[0].Excerpt = "<p>フィードは約束です。書いたら、届きます。<code>guid</code> がその約束を守ります。長い文章もきちんと折り返されます。</p>"
	d.Posts[0].ExcerptText = "フィードは約束です。書いたら、届きます。"
	d.Posts[1].Title = "喜んで開いてもらえるメール"
	d.PostalAddress = ""
	return d
}

func notice() *templates.Notice {
	return &templates.Notice{
		Site: site("en"), Cadence: "weekly", ActionURL: "https://news.example/confirm/abc", Expires: day.AddDate(0, 0, 2),
		PostalAddress: "Notes, 1 Example Street, 12345 Town",
	}
}

// sampleNotice is one of the other mails.
type sampleNotice struct {
	kind templates.Kind
	*templates.Notice
}

// notices are the other mails as the program sends them, by name.
func notices() map[string]sampleNotice {
	with := func(kind templates.Kind, language string, change func(*templates.Notice)) sampleNotice {
		n := notice()
		n.Site, n.ActionURL, n.Expires = site(language), "https://news.example/"+string(kind)+"/abc", time.Time{}
		change(n)
		return sampleNotice{kind, n}
	}
	confirm := func(n *templates.Notice) { n.Code, n.Replies, n.Expires = "482913", true, day.AddDate(0, 0, 7) }
	links := func(n *templates.Notice) {
		n.UnsubscribeURL, n.PreferencesURL = "https://news.example/unsubscribe/abc", "https://news.example/preferences/abc"
	}
	welcome := func(n *templates.Notice) {
		links(n)
		n.Next, n.LatestMail = day.AddDate(0, 0, 3), true
		n.Latest = []templates.Link{{Title: "Why a feed's <guid> & address \"never\" change", URL: "https://news.example/archive/12"}}
	}
	expires := func(n *templates.Notice) { n.Expires = day.Add(time.Hour) }
	return map[string]sampleNotice{
		"confirm":    with(templates.Confirm, "en", confirm),
		"confirm-ar": with(templates.Confirm, "ar", confirm),
		"confirm-ja": with(templates.Confirm, "ja", confirm),
		"confirm-reply": with(templates.Confirm, "en", func(n *templates.Notice) {
			n.Replies, n.ActionURL, n.Expires = true, "", day.AddDate(0, 0, 7)
		}),
		"already": with(templates.Already, "en", func(n *templates.Notice) {
			links(n)
			n.ActionURL = n.PreferencesURL
		}),
		"welcome": with(templates.Welcome, "en", welcome),
		"welcome-posts": with(templates.Welcome, "de", func(n *templates.Notice) {
			n.UnsubscribeURL, n.ActionURL, n.Cadence = "mailto:bounces@blog.example?subject=unsubscribe%20abc", "", "immediate"
			n.Latest = []templates.Link{{Title: "Zwei", URL: "https://blog.example/2/"}, {Title: "Eins", URL: "https://blog.example/1/"}}
		}),
		"goodbye": with(templates.Goodbye, "en", func(*templates.Notice) {}),
		"manage":  with(templates.Manage, "en", expires),
		"address": with(templates.Address, "en", expires),
		"moved": with(templates.Moved, "en", func(n *templates.Notice) {
			n.Address, n.Expires = "a…@new.example", day.AddDate(0, 0, 7)
		}),
		"alarm": with(templates.Alarm, "en", func(n *templates.Notice) { n.Limit, n.ActionURL = 300, "" }),
	}
}
