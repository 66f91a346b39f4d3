package zola

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"publisher/content/dialect"
	"publisher/content/liquid"
	"publisher/content/mdsource"
)

// readShortcodes reads the templates of the blog's shortcodes, then those of its theme.
func (f *folders) readShortcodes(settings *dialect.Settings) {
	if settings == nil {
		return
	}
	f.templates = map[string]shortcodeTemplate{}
	folders := []string{"templates/shortcodes"}
	if theme := settings.Scalar("theme"); theme != "" && filepath.IsLocal(theme) {
		folders = append(folders, path.Join("themes", theme, "templates/shortcodes"))
	}
	for _, folder := range folders {
		dir := f.site.ResolveFolder(filepath.Join(settings.Root, filepath.FromSlash(folder)))
		if dir == "" {
			continue
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries[:min(len(entries), dialect.MaxTemplates)] {
			name, ext := strings.TrimSuffix(e.Name(), path.Ext(e.Name())), path.Ext(e.Name())
			if _, taken := f.templates[name]; taken || !e.Type().IsRegular() || ext != ".html" && ext != ".md" {
				continue
			}
			if text, err := f.site.ReadFile(filepath.Join(dir, e.Name())); err == nil {
				f.templates[name] = shortcodeTemplate{string(text), ext == ".html"}
				f.AddSource(path.Join(folder, e.Name()), text)
			}
		}
	}
}

// shortcodeTemplate is a shortcode's template, in Tera.
type shortcodeTemplate struct {
	text string
	html bool
}

// Tera has more than is evaluated here. A test that is not known could hold, so
// that a template with one is left alone as a whole.
var (
	teraFalse   = regexp.MustCompile(`\|\s*default\(value=false\)`)
	teraDefined = regexp.MustCompile(`\s+is\s+defined\b`)
	teraBeyond  = regexp.MustCompile(`\{%-?\s*(?:(?:el)?if\b[^%]*(?:\s(?:is|in)\s|[|(~+*])|import\b|include\b|extends\b|macro\b|filter\b|block\b)`)
)

// template evaluates the shortcode's own template; ok is false if it has none, or one that uses
// what is not supported.
func (z *expansion) template(call invocation, body string) (string, bool) {
	f := foldersOf(z.Page)
	if f == nil {
		return "", false
	}
	t, ok := f.templates[call.name]
	if !ok || len(z.out)+len(body) > liquid.MaxOutput || len(z.open) > liquid.MaxDepth {
		return "", false
	}
	text := teraDefined.ReplaceAllString(teraFalse.ReplaceAllString(t.text, ""), "")
	if teraBeyond.MatchString(text) {
		return "", false
	}
	z.calls[call.name]++
	x := &dialect.Expansion{Page: z.Page, Blog: z.Blog, Links: z.Links, Text: text, Quiet: true}
	o := x.LiquidOptions()
	o.Nunjucks, o.Escapes = true, t.html
	out, ok := liquid.Expand(x, o, text, z.variables(call, body))
	if !ok {
		return "", false
	}
	out = strings.TrimSpace(out)
	if !t.html {
		return out, true
	}
	if out = oneBlock(out); strings.TrimSpace(mdsource.LineAfter(z.text, call.To)) == "" {
		out += "\n\n" // what follows is Markdown again
	}
	return out, true
}

// variables returns what a shortcode's template sees.
func (z *expansion) variables(call invocation, body string) map[string]any {
	vars := map[string]any{"nth": float64(z.calls[call.name]), "lang": z.Page.Post.Language, "body": body}
	for key, text := range call.params.Named {
		vars[key] = argumentValue(text)
	}
	page := z.Page.PageVariables()
	page["permalink"] = z.Page.Post.URL
	vars["page"] = page
	config := map[string]any{}
	if own := z.Blog; own != nil && own.Settings != nil {
		maps.Copy(config, own.Settings.Values)
	}
	config["base_url"] = strings.TrimSuffix(z.Page.Site.URL.String(), "/")
	vars["config"] = config
	return vars
}

// argumentValue returns an argument as a template sees it.
func argumentValue(text string) any {
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		items := []any{}
		for _, m := range itemPattern.FindAllStringSubmatch(text, 1000) {
			if m[4] != "" {
				items = append(items, argumentValue(m[4]))
			} else {
				items = append(items, m[1]+m[2]+m[3])
			}
		}
		return items
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n
	}
	return text
}

// oneBlock keeps Markdown from ending a block of HTML at a blank line, and from taking an
// indented line for code.
func oneBlock(out string) string {
	var b strings.Builder
	inside := false
	for line := range strings.SplitSeq(out, "\n") {
		blank := strings.TrimSpace(line) == ""
		switch {
		case blank && inside:
			b.WriteString("&#10;")
			continue
		case blank:
			continue
		case !inside:
			line = strings.TrimLeft(line, " \t")
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(line)
		if opened, closed := strings.LastIndex(line, "<pre"), strings.LastIndex(line, "</pre"); opened != closed {
			inside = opened > closed
		}
	}
	return b.String()
}
