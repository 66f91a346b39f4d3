package script

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// sindresorhusSlug is the function of @sindresorhus/slugify.
func (e *evaluator) sindresorhusSlug(s string, options any) any {
	decamelize := true
	if o, ok := options.(*Object); ok {
		for _, key := range o.keys {
			if key != "decamelize" {
				fail("unsupported option " + key)
			}
			decamelize = toBoolean(o.values[key])
		}
	}
	if e.host.Slug == nil {
		fail("unsupported slug")
	}
	return e.host.Slug(s, decamelize)
}

var (
	slugReplacements = strings.NewReplacer("&", "and", "$", "dollar", "%", "percent", "<", "less", ">", "greater", "|", "or", "€", "euro", "£", "pound", "¥", "yen", "©", "(c)", "®", "(r)", "™", "tm", "…", "...", "“", `"`, "”", `"`, "‘", "'", "’", "'", "–", "-", "—", "-", "ß", "ss", "æ", "ae", "Æ", "AE", "ø", "o", "Ø", "O", "å", "a", "ð", "d", "þ", "th", "đ", "dj", "ł", "l", "Ł", "L", "œ", "oe", "º", "o", "ª", "a")
	slugUnsafe       = regexp.MustCompile(`[^\w\s$*_+~.()'"!\-:@]+`)
	slugNotStrict    = regexp.MustCompile(`[^A-Za-z0-9\s]`)
	slugSpaces       = regexp.MustCompile(`\s+`)
)

// Slugify returns what the package slugify makes of s with its option lower.
func Slugify(s string) (slug string, err error) {
	defer recoverError(&err)
	o := NewObject()
	o.Set("lower", true)
	return slugify(s, o).(string), nil
}

func slugify(s string, options any) any {
	if isNullish(options) {
		options = NewObject()
	}
	between := "-"
	if text, ok := options.(string); ok {
		between, options = text, NewObject()
	}
	o, ok := options.(*Object)
	if !ok || o.Lookup != nil {
		fail("unsupported options of slugify")
	}
	if r, ok := o.values["replacement"].(string); ok {
		between = r
	}
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		c := slugReplacements.Replace(string(r))
		if c == string(r) && r >= 0x80 {
			c = withoutAccent(r)
		}
		if c == between {
			c = " "
		}
		b.WriteString(removeUnsafe(c, o))
	}
	out := b.String()
	if toBoolean(o.get("strict")) {
		out = slugNotStrict.ReplaceAllString(out, "")
	}
	if _, set := o.values["trim"]; !set || toBoolean(o.values["trim"]) {
		out = strings.TrimSpace(out)
	}
	out = slugSpaces.ReplaceAllLiteralString(out, between)
	if toBoolean(o.get("lower")) {
		out = strings.ToLower(out)
	}
	return out
}

func removeUnsafe(c string, o *Object) string {
	if re, ok := o.values["remove"].(*regex); ok {
		return re.re.ReplaceAllString(c, "")
	}
	return slugUnsafe.ReplaceAllString(c, "")
}

// withoutAccent returns a letter without its accent.
func withoutAccent(r rune) string {
	base := []rune(norm.NFD.String(string(r)))
	switch {
	case len(base) > 1 && base[0] < 0x80 && r < 0x250:
		return string(base[0])
	case unicode.IsLetter(r) && (r < 0x1100):
		fail("unsupported character in a slug: " + string(r))
	}
	return string(r)
}
