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
	"regexp"
	"strings"
	"time"

	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"publisher/content/slug"
	"publisher/internal/htmldom"
)

// functions returns Hugo's functions that need only their arguments and the page.
func (e *Evaluator) functions() map[string]any {
	f := map[string]any{
		"site": func() siteContext { return e.context.Site }, "page": func() *PageContext { return e.context },
		"print": func(v ...any) (string, error) { return e.sprint(fmt.Sprint, v) }, "println": func(v ...any) (string, error) { return e.sprint(fmt.Sprintln, v) }, "printf": e.printf,
		"markdownify": func(v any) (template.HTML, error) { return e.context.RenderString(v) },
		"safeHTML":    func(v any) (template.HTML, error) { s, err := e.text(v); return template.HTML(s), err },
		"safeURL":     func(v any) (template.URL, error) { s, err := e.text(v); return template.URL(s), err },
		"safeCSS":     func(v any) (template.CSS, error) { s, err := e.text(v); return template.CSS(s), err },
		"safeJS":      func(v any) (template.JS, error) { s, err := e.text(v); return template.JS(s), err },
		"safeAttr":    func(v any) (template.HTMLAttr, error) { s, err := e.text(v); return template.HTMLAttr(s), err },
		"highlight":   e.highlight, "plainify": e.one(htmldom.StripTags), "htmlEscape": e.one(html.EscapeString), "htmlUnescape": e.one(html.UnescapeString),
		"lower": e.one(strings.ToLower), "upper": e.one(strings.ToUpper), "chomp": e.one(func(s string) string { return strings.TrimRight(s, "\r\n") }),
		"trimSpace": e.one(strings.TrimSpace), "base64Encode": e.one(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
		"md5":    e.one(func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }),
		"sha1":   e.one(func(s string) string { sum := sha1.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }),
		"sha256": e.one(func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }),
		"trim":   e.two(strings.Trim), "trimLeft": e.two(swap(strings.TrimLeft)), "trimRight": e.two(swap(strings.TrimRight)),
		"trimPrefix": e.two(swap(strings.TrimPrefix)), "trimSuffix": e.two(swap(strings.TrimSuffix)),
		"hasPrefix": e.ask(strings.HasPrefix), "hasSuffix": e.ask(strings.HasSuffix), "contains": e.ask(strings.Contains), "containsAny": e.ask(strings.ContainsAny),
		"replace": e.replace, "replaceRE": e.replaceRE, "findRE": e.findRE, "split": e.split, "substr": e.substr, "string": e.text, "repeat": e.repeat,
		"countwords": func(v any) (int, error) { s, err := e.text(v); return len(strings.Fields(htmldom.StripTags(s))), err },
		"countrunes": func(v any) (int, error) {
			s, err := e.text(v)
			return len([]rune(strings.Join(strings.Fields(htmldom.StripTags(s)), ""))), err
		},
		"pathBase": e.one(path.Base), "pathDir": e.one(path.Dir), "pathExt": e.one(path.Ext), "pathJoin": e.pathJoin, "pathClean": e.one(path.Clean),
		"parse": e.parseURL, "urlize": e.one(e.urlize), "anchorize": e.one(slug.HugoElement), "relURL": e.one(func(s string) string { return e.address(s, false) }), "absURL": e.one(func(s string) string { return e.address(s, true) }),
		"relLangURL": e.one(func(s string) string { return e.address(e.inLanguage(s), false) }), "absLangURL": e.one(func(s string) string { return e.address(e.inLanguage(s), true) }),
		"ref": e.reference(false), "relref": e.reference(true), "dateFormat": e.dateFormat, "time": e.time,
	}
	e.addValueFunctions(f)
	maps.Copy(f, map[string]any{
		"partial": e.partial, "partialCached": func(name string, context any, _ ...any) (any, error) { return e.partial(name, context) }, "return": e.returnValue,
		"i18n": e.translate, "T": e.translate, "newScratch": e.newStore, "asset_": e.asset, "minify": same, "fingerprint": same, "toCSS": same, "safeHTMLAttr": f["safeAttr"],
		"canHighlight": func(lang string) bool {
			return e.Blog.Markdown.KnowsLanguage(strings.ToLower(lang), e.Page.Budget)
		}, "querify": e.querify, "title": e.one(titleCase),
		"hugo": func() hugoInfo {
			return hugoInfo{Version: "0.164.0", Environment: "production", IsProduction: true}
		},
		"errorf": func(...any) string { return "" }, "warnf": func(...any) string { return "" },
		"erroridf": func(...any) string { return "" }, "warnidf": func(...any) string { return "" },
	})
	return f
}

// shortNames are the functions whose long name is not the short one after a dot.
var shortNames = map[string]string{
	"safe.HTMLAttr": "safeAttr", "transform.CanHighlight": "canHighlight", "collections.Querify": "querify", "urls.URLize": "urlize", "urls.RelURL": "relURL", "urls.AbsURL": "absURL", "urls.RelLangURL": "relLangURL", "urls.AbsLangURL": "absLangURL",
	"urls.RelRef": "relref", "strings.ToLower": "lower", "strings.ToUpper": "upper", "strings.FindRE": "findRE", "strings.ReplaceRE": "replaceRE", "strings.CountWords": "countwords",
	"strings.CountRunes": "countrunes", "collections.Dictionary": "dict", "collections.IsSet": "isset", "compare.Conditional": "cond", "transform.HTMLEscape": "htmlEscape",
	"transform.HTMLUnescape": "htmlUnescape", "cast.ToString": "string", "cast.ToInt": "int", "cast.ToFloat": "float", "time.Format": "dateFormat", "time.AsTime": "time",
	"partials.Include": "partial", "partials.IncludeCached": "partialCached", "lang.Translate": "i18n", "collections.NewScratch": "newScratch",
	"resources.Get": "asset_", "resources.Minify": "minify", "resources.Fingerprint": "fingerprint", "resources.ToCSS": "toCSS", "css.Sass": "toCSS",
	"fmt.Errorf": "errorf", "fmt.Warnf": "warnf", "fmt.Erroridf": "erroridf", "fmt.Warnidf": "warnidf", "crypto.MD5": "md5", "crypto.SHA1": "sha1", "crypto.SHA256": "sha256", "encoding.Base64Encode": "base64Encode",
}

// shortName returns the function that a long name such as strings.Trim means.
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

// text returns a value that is not a list or table as it is printed. All texts that functions
// work on pass here and are counted.
func (e *Evaluator) text(v any) (string, error) {
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
		return "", errUnsupported
	}
	return s, e.charge(len(s) + 16)
}

func (e *Evaluator) charge(n int) error {
	if e.bytes += n; n > maxTemplateBytes || e.bytes > maxTemplateBytes {
		return errLimit
	}
	e.Page.Budget.Scan(n)
	return nil
}

func (e *Evaluator) texts(values ...any) ([]string, error) {
	out := make([]string, len(values))
	for i, v := range values {
		var err error
		if out[i], err = e.text(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func swap(f func(s, other string) string) func(other, s string) string {
	return func(other, s string) string { return f(s, other) }
}

func (e *Evaluator) one(f func(string) string) func(any) (string, error) {
	return func(v any) (string, error) {
		s, err := e.text(v)
		if err != nil {
			return "", err
		}
		return f(s), nil
	}
}

func (e *Evaluator) two(f func(a, b string) string) func(a, b any) (string, error) {
	return func(a, b any) (string, error) {
		s, err := e.texts(a, b)
		if err != nil {
			return "", err
		}
		return f(s[0], s[1]), nil
	}
}

func (e *Evaluator) ask(f func(a, b string) bool) func(a, b any) (bool, error) {
	return func(a, b any) (bool, error) {
		s, err := e.texts(a, b)
		return err == nil && f(s[0], s[1]), err
	}
}

func (e *Evaluator) sprint(f func(...any) string, values []any) (string, error) {
	if _, err := e.texts(values...); err != nil {
		return "", err
	}
	return f(values...), nil
}

// wideVerb is a printf verb that asks for more room than a shortcode can need.
var wideVerb = regexp.MustCompile(`%[^%a-zA-Z]*(?:\*|[0-9]{3})`)

func (e *Evaluator) printf(format any, values ...any) (string, error) {
	f, err := e.text(format)
	if err != nil {
		return "", err
	}
	if wideVerb.MatchString(f) {
		return "", errUnsupported
	}
	if strings.Contains(f, "[") && e.charge(len(f)*len(f)) != nil {
		return "", errLimit
	}
	if _, err := e.texts(values...); err != nil {
		return "", err
	}
	return fmt.Sprintf(f, values...), nil
}

// markdown renders a text; a single paragraph, unless a block is asked for, loses its element.
func (e *Evaluator) markdown(source string, block bool) (template.HTML, error) {
	if err := e.charge(4 * len(source)); err != nil {
		return "", err
	}
	w := e.Page.MarkdownOptions()
	w.DropHTML = false
	out, err := e.Blog.Markdown.HTML(source, w)
	if err != nil {
		return "", err
	}
	out = strings.TrimSpace(out)
	if inner, ok := strings.CutPrefix(out, "<p>"); ok && !block && strings.Count(out, "<p>") == 1 && strings.HasSuffix(out, "</p>") {
		out = strings.TrimSuffix(inner, "</p>")
	}
	return template.HTML(out), nil
}

// render renders the text within a nested shortcode.
func (e *Evaluator) render(inner string) string {
	out, err := e.markdown(inner, strings.Contains(inner, "\n"))
	if err != nil {
		return inner
	}
	return string(out)
}

func (e *Evaluator) highlight(code, lang any, _ ...any) (template.HTML, error) {
	s, err := e.texts(code, lang)
	if err != nil {
		return "", err
	}
	return e.markdown(mdsource.FencedCode(s[0], mdsource.CodeLanguage(s[1])), true)
}

func (e *Evaluator) urlize(s string) string {
	return strings.TrimPrefix(e.host.SlugPath(s), "/")
}

// address counts from the blog's address, or from its host's after a leading slash.
func (e *Evaluator) address(s string, absolute bool) string {
	base := *e.Page.Site.URL
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

func (e *Evaluator) inLanguage(s string) string {
	if strings.HasPrefix(s, "/") || strings.Contains(s, "://") {
		return s
	}
	return strings.TrimPrefix(e.host.InLanguage(e.Page, "/"+s), "/")
}

func (e *Evaluator) time(v any, _ ...any) (time.Time, error) {
	if t, ok := v.(time.Time); ok {
		return t, nil
	}
	s, err := e.text(v)
	if err != nil {
		return time.Time{}, err
	}
	t, ok := frontmatter.ParseDate(s, e.Page.Site.Location)
	if !ok {
		return t, errUnsupported
	}
	return t, nil
}

func (e *Evaluator) dateFormat(layout, v any) (string, error) {
	s, err := e.text(layout)
	if err != nil {
		return "", err
	}
	t, err := e.time(v)
	if err != nil || strings.HasPrefix(s, ":") {
		return "", errUnsupported
	}
	return t.Format(s), nil
}

// parseURL is urls.Parse, by which hooks ask whether a link leads elsewhere.
func (e *Evaluator) parseURL(v any) (*url.URL, error) {
	address, err := e.text(v)
	if err != nil {
		return nil, err
	}
	return url.Parse(address)
}
