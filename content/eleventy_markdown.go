package content

import "regexp"

// markdownItSettings are those of Eleventy's Markdown reader that change what is read.
type markdownItSettings struct {
	indented    bool // four spaces make code: Eleventy turns that off, whatever library is set
	breaks      bool // each line's end is a line break
	linkify     bool // a bare address is a link
	typographer bool // quotes and dashes become typographic
}

var (
	indentedOn  = regexp.MustCompile(`\.enable\(\s*(?:\[[^\]]*)?["'\x60]code["'\x60]`)
	breaksOn    = regexp.MustCompile(`\bbreaks["']?\s*:\s*true\b`)
	linkifyOn   = regexp.MustCompile(`\blinkify["']?\s*:\s*true\b`)
	typographOn = regexp.MustCompile(`\btypographer["']?\s*:\s*true\b`)
)

// readMarkdownIt takes the settings from the text of the config.
func readMarkdownIt(config []byte) markdownItSettings {
	return markdownItSettings{indentedOn.Match(config), breaksOn.Match(config), linkifyOn.Match(config), typographOn.Match(config)}
}
