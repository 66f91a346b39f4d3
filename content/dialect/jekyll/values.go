package jekyll

import (
	"maps"
	"net/url"
	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/liquid"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// rubyYAML reads settings or front matter with the types that Ruby's YAML gives to values; nil where
// they are no table.
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

// rubyScalar is what a value without quotes means in YAML 1.1, as Ruby has it.
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

// typed gives the texts of front matter or settings their types, where nobody knows any more which of them
// stood in quotes.
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

// siteSettings are the settings of _config.yml as Liquid has them.
func (j *Engine) siteSettings() map[string]any {
	j.read.settings.Do(func() {
		j.read.site = map[string]any{}
		if j.own == nil {
			return
		}
		if table, ok := typed(j.own.Values).(map[string]any); ok {
			maps.Copy(j.read.site, table)
		}
		for _, f := range j.own.Files {
			maps.Copy(j.read.site, rubyYAML(f.Text, maxDataNodes))
		}
	})
	return j.read.site
}

// page are the variables of a post: its front matter, what the settings say of it, and what Jekyll knows.
func (j *Engine) page(a *dialect.Page) map[string]any {
	page := a.PageVariables()
	for key, v := range a.Front.Values {
		page[key] = typed(v)
	}
	if a.Front.Form == frontmatter.YAML {
		maps.Copy(page, rubyYAML(a.Front.Text, maxDataNodes/10))
	}
	p := a.Post
	id := j.withoutBase(p.URL)
	page["title"], page["date"], page["categories"], page["url"] = p.Title, p.Date, dialect.AnyList(j.categories(a)), id
	tags := a.Front.Strings("tag", frontmatter.NoSplit)
	if tags == nil {
		tags = a.Front.Strings("tags", spaceOrComma)
	}
	page["tags"] = dialect.AnyList(dialect.Distinct(dialect.Names(tags)))
	page["id"] = strings.TrimSuffix(strings.TrimSuffix(id, ".html"), "/")
	file := "_posts/" + p.Path
	if j.Below != "" || strings.Contains("/"+p.Path, "/_posts/") || strings.Contains("/"+p.Path, "/_drafts/") {
		file = strings.TrimPrefix(j.Below+"/"+p.Path, "/")
	}
	page["path"], page["relative_path"] = file, file
	page["slug"], page["ext"], page["collection"], page["draft"] = a.Name.Stem, a.Name.Ext, "posts", p.Draft
	if own := a.Front.Scalar("slug"); own != "" {
		page["slug"] = own
	}
	if own := a.Front.Scalar("permalink"); own != "" {
		page["permalink"] = own
	}
	return page
}

// withoutBase is an address as Jekyll's url: without the host and the folder that the blog is in.
func (j *Engine) withoutBase(address string) string {
	p := strings.TrimPrefix(j.WithoutHost(address), strings.TrimSuffix(j.Site.Url.Path, "/"))
	if plain, err := url.PathUnescape(p); err == nil {
		return plain
	}
	return p
}
