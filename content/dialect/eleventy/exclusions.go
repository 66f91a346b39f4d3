package eleventy

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"publisher/content/dialect"
	"publisher/content/frontmatter"
	"publisher/content/mdsource"
	"publisher/content/post"
)

// configRules decides which files become pages, and what all pages inherit from the config.
type configRules struct {
	ignores       []ignore
	preprocessors []preprocessor
	settings      []scriptSetting // global data of the config that decide about pages
	noMarkdown    *post.Omission  // templateFormats lacks md
	doubt         *post.Omission  // a computed glob, which may match any file
}

// readConfigRules reads ignore files and the config.
func readConfigRules(e *Engine) configRules {
	var r configRules
	if e.settings == nil {
		return r
	}
	input := InputFolder(e.settings)
	r.ignoreFile(e, ".", ".eleventyignore")
	if input != "." {
		r.ignoreFile(e, input, ".eleventyignore")
	}
	if !noGitIgnore.Match(e.settings.Text) {
		r.ignoreFile(e, ".", ".gitignore")
	}
	for _, f := range e.settings.Files {
		text := blankComments(f.Text)
		r.readIgnores(e, f.Name, text)
		r.readPreprocessors(e, f.Name, text)
		r.readGlobalSettings(e, f.Name, text)
		r.readFormats(e, f.Name, text)
	}
	if formats := e.settings.Scalar("formats"); formats != "" && !slices.Contains(strings.Split(formats, ","), "md") {
		r.noMarkdown = &post.Omission{Reason: "--formats=" + formats + " in package.json lacks md"}
	} else if formats != "" {
		r.noMarkdown = nil
	}
	return r
}

// at returns an omission that points at an offset in a script's text.
func (e *Engine) at(file, text string, offset int, reason string) post.Omission {
	o := post.Omission{Reason: reason, Line: dialect.LineAt(text, offset)}
	if rel, err := filepath.Rel(e.Dir, file); err == nil {
		o.Path = filepath.ToSlash(rel)
	}
	return o
}

var (
	templateFormats = regexp.MustCompile(`\b(?:setTemplateFormats\(\s*|templateFormats["']?\s*:\s*)(\[[^\]]*\]|["'\x60][^"'\x60\n]*["'\x60])`)
	markdownFormat  = regexp.MustCompile(`\bmd\b`)
	addedFormats    = regexp.MustCompile(`\baddTemplateFormats\([^)]*\bmd\b`)
)

// readFormats records a config whose templateFormats lack md.
func (r *configRules) readFormats(e *Engine, file, text string) {
	m := templateFormats.FindStringSubmatchIndex(text)
	if m == nil || addedFormats.MatchString(text) {
		return
	}
	formats := text[m[2]:m[3]]
	if markdownFormat.MatchString(formats) || strings.Contains(formats, "...") {
		return
	}
	o := e.at(file, text, m[0], "templateFormats lacks md")
	r.noMarkdown = &o
}

// PathOmission returns why Eleventy ignores a file; nil where it does not. A glob also matches what is
// below a folder that it matches.
func (e *Engine) PathOmission(file string) *post.Omission {
	if e.settings == nil {
		return nil
	}
	rel, err := filepath.Rel(e.Root, filepath.Join(e.Dir, filepath.FromSlash(file)))
	if err != nil {
		return nil
	}
	var doubt *post.Omission
	steps := dialect.PathPrefixes(strings.ToLower(filepath.ToSlash(rel)))
	for _, ignored := range e.rules.ignores {
		for _, step := range steps {
			if ok, _ := doublestar.Match(ignored.glob, step); !ok {
				continue
			}
			if !ignored.Held {
				return &ignored.Omission
			}
			doubt = dialect.PickOmission(doubt, &ignored.Omission)
		}
	}
	if e.rules.noMarkdown != nil && mdsource.IsMarkdownName(file) {
		return e.rules.noMarkdown
	}
	return dialect.PickOmission(doubt, e.rules.doubt)
}

// PageOmission returns why a page has no address or is in no collection, or that a preprocessor drops it.
func (e *Engine) PageOmission(p *dialect.Page) *post.Omission {
	switch link := p.Front.Values["permalink"].(type) {
	case string:
		if written, set := frontmatter.Bool(link); set && !written {
			return p.OmittedBy("permalink", "")
		} else if set {
			return p.HeldBy("permalink", "must be false or an address")
		}
	case map[string]any:
		if build, _ := link["build"].(string); build == "false" || link["build"] == nil {
			return p.OmittedBy("permalink", "builds nothing")
		}
	}
	doubt := p.FolderOmission
	if doubt != nil && !doubt.Held {
		return doubt
	}
	hidden, set := p.Front.Bool(excludeKey)
	_, isTable := p.Front.Values[excludeKey].(map[string]any)
	switch {
	case hidden:
		return p.OmittedBy(excludeKey, "")
	case !set && sharesTag(p, p.Front.Strings(excludeKey, frontmatter.SplitCommas)):
		return p.OmittedBy(excludeKey, "names its tag")
	case isTable:
		doubt = dialect.PickOmission(doubt, p.HeldBy(excludeKey, "neither true nor false"))
	}
	for _, pre := range e.rules.preprocessors {
		if !pre.all && !slices.Contains(pre.extensions, path.Ext(p.Path)) {
			continue
		}
		doubt = dialect.PickOmission(doubt, e.preprocessorOmission(pre, p))
	}
	return doubt
}

// sharesTag reports whether the page has one of the tags.
func sharesTag(p *dialect.Page, names []string) bool {
	return slices.ContainsFunc(p.Front.Strings("tags", frontmatter.NoSplit), func(tag string) bool { return slices.Contains(names, tag) })
}
