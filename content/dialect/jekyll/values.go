package jekyll

import (
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
)

// rubyYAML reads settings or front matter with the types that Ruby's YAML gives to values; nil if they are
// not a table.
func rubyYAML(text string, nodes int) map[string]any {
	var root yaml.Node
	if yaml.Unmarshal([]byte(text), &root) != nil || len(root.Content) == 0 {
		return nil
	}
	r := &rubyReader{nodes: nodes}
	table, _ := r.value(root.Content[0], 0).(map[string]any)
	return table
}

type rubyReader struct{ nodes int }

func (r *rubyReader) value(n *yaml.Node, depth int) any {
	if r.nodes--; r.nodes < 0 || depth > maxDataDepth {
		return nil
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			out = append(out, r.value(item, depth+1))
		}
		return out
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			v := r.value(n.Content[i+1], depth+1)
			if merged, ok := v.(map[string]any); ok && n.Content[i].Tag == "!!merge" {
				for key, v := range merged {
					if _, own := out[key]; !own {
						out[key] = v
					}
				}
				continue
			}
			out[n.Content[i].Value] = v
		}
		return out
	}
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 || n.Tag == "!!str" && n.Style&yaml.TaggedStyle != 0 {
		return n.Value
	}
	return rubyScalar(n.Value)
}

var (
	wholeNumber = regexp.MustCompile(`^[-+]?(?:0|[1-9][0-9_,]*)$`)
	pointNumber = regexp.MustCompile(`^[-+]?(?:[0-9][0-9_,]*)\.[0-9]*(?:[eE][-+]?[0-9]+)?$`)
	yamlInstant = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|\s+)\d{1,2}:\d\d:\d\d(?:\.\d*)?(?:\s*(?:Z|[-+]\d{1,2}:?(?:\d\d)?))?$`)
	digitsApart = strings.NewReplacer("_", "", ",", "")
	rubyWords   = map[string]any{
		"": nil, "~": nil, "null": nil, "Null": nil, "NULL": nil,
		"true": true, "True": true, "TRUE": true, "yes": true, "Yes": true, "YES": true, "on": true, "On": true, "ON": true,
		"false": false, "False": false, "FALSE": false, "no": false, "No": false, "NO": false, "off": false, "Off": false, "OFF": false,
	}
)

// rubyScalar returns what an unquoted value means in YAML 1.1, as Ruby reads it.
func rubyScalar(s string) any {
	if v, ok := rubyWords[s]; ok {
		return v
	}
	if s == "" || !strings.ContainsRune("-+0123456789", rune(s[0])) || len(s) > 40 {
		return s
	}
	switch {
	case wholeNumber.MatchString(s):
		if n, err := strconv.ParseFloat(digitsApart.Replace(s), 64); err == nil {
			return n
		}
	case pointNumber.MatchString(s):
		if n, err := strconv.ParseFloat(digitsApart.Replace(s), 64); err == nil {
			return liquid.Decimal(n)
		}
	case yamlInstant.MatchString(s):
		if t, ok := liquid.RubyDate(s, time.UTC); ok {
			return t
		}
	}
	return s
}

// typed gives types to the strings of front matter or settings, of which it is no longer known which were
// quoted.
func typed(v any) any {
	switch v := v.(type) {
	case string:
		return rubyScalar(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = typed(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = typed(item)
		}
		return out
	}
	return v
}

// siteSettings returns the settings of _config.yml as values of Liquid.
func (e *Engine) siteSettings() map[string]any {
	e.read.settings.Do(func() {
		e.read.site = map[string]any{}
		if e.own == nil {
			return
		}
		if table, ok := typed(e.own.Values).(map[string]any); ok {
			maps.Copy(e.read.site, table)
		}
		for _, f := range e.own.Files {
			maps.Copy(e.read.site, rubyYAML(f.Text, maxDataNodes))
		}
	})
	return e.read.site
}

// page returns the variables of a post: its front matter, its defaults, and what Jekyll adds.
func (e *Engine) page(page *dialect.Page) map[string]any {
	vars := page.PageVariables()
	for key, v := range page.Front.Values {
		vars[key] = typed(v)
	}
	if page.Front.Form == frontmatter.YAML {
		maps.Copy(vars, rubyYAML(page.Front.Text, maxDataNodes/10))
	}
	p := page.Post
	id := e.withoutBase(p.URL)
	vars["title"], vars["date"], vars["categories"], vars["url"] = p.Title, p.Date, dialect.AnyList(e.categories(page)), id
	vars["tags"] = dialect.AnyList(dialect.Distinct(dialect.Names(tagsOf(page))))
	vars["id"] = strings.TrimSuffix(strings.TrimSuffix(id, ".html"), "/")
	file := "_posts/" + p.Path
	if e.Subdir != "" || strings.Contains("/"+p.Path, "/_posts/") || strings.Contains("/"+p.Path, "/_drafts/") {
		file = strings.TrimPrefix(e.Subdir+"/"+p.Path, "/")
	}
	vars["path"], vars["relative_path"] = file, file
	vars["slug"], vars["ext"], vars["collection"], vars["draft"] = page.Name.Stem, page.Name.Ext, "posts", p.Draft
	if own := page.Front.Scalar("slug"); own != "" {
		vars["slug"] = own
	}
	if own := page.Front.Scalar("permalink"); own != "" {
		vars["permalink"] = own
	}
	return vars
}

// withoutBase returns an address as Jekyll's url: without the host and the blog's folder.
func (e *Engine) withoutBase(address string) string {
	p := strings.TrimPrefix(e.WithoutHost(address), strings.TrimSuffix(e.Site.URL.Path, "/"))
	if plain, err := url.PathUnescape(p); err == nil {
		return plain
	}
	return p
}
