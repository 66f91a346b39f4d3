package shortcode

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"html/template"
	"maps"
	"net/url"
	"path"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"publisher/content/slug"
	"publisher/internal/htmldom"
	"regexp"
	"strings"
	"time"
)

// functions are those of Hugo's that need nothing but their arguments and the page.
func (h *HugoTemplates) functions() map[string]any {
	f := map[string]any{
		"site": func() hugoSite { return h.page.Site }, "page": func() *Page { return h.page },
		"print": func(v ...any) (string, error) { return h.sprint(fmt.Sprint, v) }, "println": func(v ...any) (string, error) { return h.sprint(fmt.Sprintln, v) }, "printf": h.printf,
		"markdownify": func(v any) (template.HTML, error) { return h.page.RenderString(v) },
		"safeHTML":    func(v any) (template.HTML, error) { s, err := h.text(v); return template.HTML(s), err },
		"safeURL":     func(v any) (template.URL, error) { s, err := h.text(v); return template.URL(s), err },
		"safeCSS":     func(v any) (template.CSS, error) { s, err := h.text(v); return template.CSS(s), err },
		"safeJS":      func(v any) (template.JS, error) { s, err := h.text(v); return template.JS(s), err },
		"safeAttr":    func(v any) (template.HTMLAttr, error) { s, err := h.text(v); return template.HTMLAttr(s), err },
		"highlight":   h.highlight, "plainify": h.one(htmldom.StripTags), "htmlEscape": h.one(html.EscapeString), "htmlUnescape": h.one(html.UnescapeString),
		"lower": h.one(strings.ToLower), "upper": h.one(strings.ToUpper), "chomp": h.one(func(s string) string { return strings.TrimRight(s, "\r\n") }),
		"trimSpace": h.one(strings.TrimSpace), "base64Encode": h.one(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
		"md5":    h.one(func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }),
		"sha1":   h.one(func(s string) string { sum := sha1.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }),
		"sha256": h.one(func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }),
		"trim":   h.two(strings.Trim), "trimLeft": h.two(swap(strings.TrimLeft)), "trimRight": h.two(swap(strings.TrimRight)),
		"trimPrefix": h.two(swap(strings.TrimPrefix)), "trimSuffix": h.two(swap(strings.TrimSuffix)),
		"hasPrefix": h.ask(strings.HasPrefix), "hasSuffix": h.ask(strings.HasSuffix), "contains": h.ask(strings.Contains), "containsAny": h.ask(strings.ContainsAny),
		"replace": h.replace, "replaceRE": h.replaceRE, "findRE": h.findRE, "split": h.split, "substr": h.substr, "string": h.text, "repeat": h.repeat,
		"countwords": func(v any) (int, error) { s, err := h.text(v); return len(strings.Fields(htmldom.StripTags(s))), err },
		"countrunes": func(v any) (int, error) {
			s, err := h.text(v)
			return len([]rune(strings.Join(strings.Fields(htmldom.StripTags(s)), ""))), err
		},
		"pathBase": h.one(path.Base), "pathDir": h.one(path.Dir), "pathExt": h.one(path.Ext), "pathJoin": h.pathJoin, "pathClean": h.one(path.Clean),
		"parse": h.parseURL, "urlize": h.one(h.urlize), "anchorize": h.one(slug.HugoElement), "relURL": h.one(func(s string) string { return h.address(s, false) }), "absURL": h.one(func(s string) string { return h.address(s, true) }),
		"relLangURL": h.one(func(s string) string { return h.address(h.inLanguage(s), false) }), "absLangURL": h.one(func(s string) string { return h.address(h.inLanguage(s), true) }),
		"ref": h.reference(false), "relref": h.reference(true), "dateFormat": h.dateFormat, "time": h.time,
	}
	h.addValueFunctions(f)
	maps.Copy(f, map[string]any{
		"partial": h.partial, "partialCached": func(name string, context any, _ ...any) (any, error) { return h.partial(name, context) }, "return": h.giveBack,
		"i18n": h.words, "T": h.words, "newScratch": h.newStore, "asset_": h.asset, "minify": same, "fingerprint": same, "toCSS": same, "safeHTMLAttr": f["safeAttr"],
		"canHighlight": func(lang string) bool {
			return h.Tree.Markdown.KnowsLanguage(strings.ToLower(lang), h.Article.Budget)
		}, "querify": h.querify, "title": h.one(titled),
		"hugo": func() hugoProgramInfo {
			return hugoProgramInfo{Version: "0.164.0", Environment: "production", IsProduction: true}
		},
		"errorf": func(...any) string { return "" }, "warnf": func(...any) string { return "" },
		"erroridf": func(...any) string { return "" }, "warnidf": func(...any) string { return "" },
	})
	return f
}

// shortNames are the functions whose long names are not their short ones after a dot.
var shortNames = map[string]string{
	"safe.HTMLAttr": "safeAttr", "transform.CanHighlight": "canHighlight", "collections.Querify": "querify", "urls.URLize": "urlize", "urls.RelURL": "relURL", "urls.AbsURL": "absURL", "urls.RelLangURL": "relLangURL", "urls.AbsLangURL": "absLangURL",
	"urls.RelRef": "relref", "strings.ToLower": "lower", "strings.ToUpper": "upper", "strings.FindRE": "findRE", "strings.ReplaceRE": "replaceRE", "strings.CountWords": "countwords",
	"strings.CountRunes": "countrunes", "collections.Dictionary": "dict", "collections.IsSet": "isset", "compare.Conditional": "cond", "transform.HTMLEscape": "htmlEscape",
	"transform.HTMLUnescape": "htmlUnescape", "cast.ToString": "string", "cast.ToInt": "int", "cast.ToFloat": "float", "time.Format": "dateFormat", "time.AsTime": "time",
	"partials.Include": "partial", "partials.IncludeCached": "partialCached", "lang.Translate": "i18n", "collections.NewScratch": "newScratch",
	"resources.Get": "asset_", "resources.Minify": "minify", "resources.Fingerprint": "fingerprint", "resources.ToCSS": "toCSS", "css.Sass": "toCSS",
	"fmt.Errorf": "errorf", "fmt.Warnf": "warnf", "fmt.Erroridf": "erroridf", "fmt.Warnidf": "warnidf", "crypto.MD5": "md5", "crypto.SHA1": "sha1", "crypto.SHA256": "sha256", "encoding.Base64Encode": "base64Encode",
}

// shortName is the function that a long name such as strings.Trim means.
func shortName(space, name string) (string, bool) {
	if short, ok := shortNames[space+"."+name]; ok {
		return short, true
	}
	switch space {
	case "strings", "collections", "compare", "fmt", "math", "transform", "urls":
		return strings.ToLower(name[:1]) + name[1:], true
	case "safe", "path":
		return space + name, true
	}
	return "", false
}

// text is a value that is no list and no table, as it is printed. All texts that
// functions work on pass here and are counted.
func (h *HugoTemplates) text(v any) (string, error) {
	var s string
	switch v := v.(type) {
	case nil:
	case string:
		s = v
	case template.HTML:
		s = string(v)
	case template.URL:
		s = string(v)
	case template.CSS:
		s = string(v)
	case template.JS:
		s = string(v)
	case template.HTMLAttr:
		s = string(v)
	case bool, int, int64, float64, time.Time, time.Month, time.Weekday, time.Duration:
		s = fmt.Sprint(v)
	default:
		return "", errTemplate
	}
	return s, h.charge(len(s) + 16)
}

func (h *HugoTemplates) charge(n int) error {
	if h.bytes += n; n > maxTemplateBytes || h.bytes > maxTemplateBytes {
		return errTooMuch
	}
	h.Article.Budget.Scan(n)
	return nil
}

func (h *HugoTemplates) texts(values ...any) ([]string, error) {
	out := make([]string, len(values))
	for i, v := range values {
		var err error
		if out[i], err = h.text(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func swap(f func(s, other string) string) func(other, s string) string {
	return func(other, s string) string { return f(s, other) }
}

func (h *HugoTemplates) one(f func(string) string) func(any) (string, error) {
	return func(v any) (string, error) {
		s, err := h.text(v)
		if err != nil {
			return "", err
		}
		return f(s), nil
	}
}

func (h *HugoTemplates) two(f func(a, b string) string) func(a, b any) (string, error) {
	return func(a, b any) (string, error) {
		s, err := h.texts(a, b)
		if err != nil {
			return "", err
		}
		return f(s[0], s[1]), nil
	}
}

func (h *HugoTemplates) ask(f func(a, b string) bool) func(a, b any) (bool, error) {
	return func(a, b any) (bool, error) {
		s, err := h.texts(a, b)
		return err == nil && f(s[0], s[1]), err
	}
}

func (h *HugoTemplates) sprint(f func(...any) string, values []any) (string, error) {
	if _, err := h.texts(values...); err != nil {
		return "", err
	}
	return f(values...), nil
}

// wideVerb is a printf verb that asks for more room than a shortcode can need.
var wideVerb = regexp.MustCompile(`%[^%a-zA-Z]*(?:\*|[0-9]{3})`)

func (h *HugoTemplates) printf(format any, values ...any) (string, error) {
	f, err := h.text(format)
	if err != nil {
		return "", err
	}
	if wideVerb.MatchString(f) {
		return "", errTemplate
	}
	if strings.Contains(f, "[") && h.charge(len(f)*len(f)) != nil {
		return "", errTooMuch
	}
	if _, err := h.texts(values...); err != nil {
		return "", err
	}
	return fmt.Sprintf(f, values...), nil
}

// markdown renders a text; where it is one paragraph and no block is asked for,
// without the element around it.
func (h *HugoTemplates) markdown(source string, block bool) (template.HTML, error) {
	if err := h.charge(4 * len(source)); err != nil {
		return "", err
	}
	w := h.Article.MarkdownOptions()
	w.DropHTML = false
	out, err := h.Tree.Markdown.HTML(source, w)
	if err != nil {
		return "", err
	}
	out = strings.TrimSpace(out)
	if inner, ok := strings.CutPrefix(out, "<p>"); ok && !block && strings.Count(out, "<p>") == 1 && strings.HasSuffix(out, "</p>") {
		out = strings.TrimSuffix(inner, "</p>")
	}
	return template.HTML(out), nil
}

// render is what stands within a shortcode that stands within another.
func (h *HugoTemplates) render(inner string) string {
	out, err := h.markdown(inner, strings.Contains(inner, "\n"))
	if err != nil {
		return inner
	}
	return string(out)
}

func (h *HugoTemplates) highlight(code, lang any, _ ...any) (template.HTML, error) {
	s, err := h.texts(code, lang)
	if err != nil {
		return "", err
	}
	return h.markdown(mdsource.FencedCode(s[0], mdsource.CodeLanguage(s[1])), true)
}

func (h *HugoTemplates) urlize(s string) string {
	return strings.TrimPrefix(h.host.SlugPath(s), "/")
}

// address counts from the blog's, or from its host's where a slash begins it.
func (h *HugoTemplates) address(s string, absolute bool) string {
	base := *h.Article.Site.Url
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	to, err := url.Parse(s)
	if err != nil || to.IsAbs() || to.Host != "" {
		return s
	}
	if to = base.ResolveReference(to); absolute {
		return to.String()
	}
	return pathOf(to.String())
}

func (h *HugoTemplates) inLanguage(s string) string {
	if strings.HasPrefix(s, "/") || strings.Contains(s, "://") {
		return s
	}
	return strings.TrimPrefix(h.host.InLanguage(h.Article, "/"+s), "/")
}

func (h *HugoTemplates) time(v any, _ ...any) (time.Time, error) {
	if t, ok := v.(time.Time); ok {
		return t, nil
	}
	s, err := h.text(v)
	if err != nil {
		return time.Time{}, err
	}
	t, ok := frontmatter.ParseDate(s, h.Article.Site.Loc)
	if !ok {
		return t, errTemplate
	}
	return t, nil
}

func (h *HugoTemplates) dateFormat(layout, v any) (string, error) {
	s, err := h.text(layout)
	if err != nil {
		return "", err
	}
	t, err := h.time(v)
	if err != nil || strings.HasPrefix(s, ":") {
		return "", errTemplate
	}
	return t.Format(s), nil
}

// parseURL is urls.Parse, of which hooks ask whether a link leads elsewhere.
func (h *HugoTemplates) parseURL(v any) (*url.URL, error) {
	address, err := h.text(v)
	if err != nil {
		return nil, err
	}
	return url.Parse(address)
}
