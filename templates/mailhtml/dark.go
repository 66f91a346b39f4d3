package mailhtml

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"publisher/internal/htmldom"
)

// darkCode gives the colored words of code a class and returns rules that make their colors,
// chosen for a light background, readable on a dark one: mixed with white until the contrast
// exceeds WCAG AA, and black ones replaced by the default color. Without a dark background for
// code nothing changes.
func (s *Stylesheet) darkCode(doc *html.Node) string {
	paper, ok := parseColor(s.dark["--code-background"])
	if !ok {
		return ""
	}
	classes := map[string]string{} // by rule
	var rules strings.Builder
	for n := range doc.Descendants() {
		style, ok := htmldom.LookupAttr(n, "style")
		if !ok || htmldom.Ancestor(n, atom.Pre) == nil {
			continue
		}
		rule := darkRule(style, paper)
		if rule == "" {
			continue
		}
		class, ok := classes[rule]
		if !ok {
			class = "c" + strconv.Itoa(len(classes))
			classes[rule] = class
			rules.WriteString("." + class + rule + "\n")
		}
		htmldom.SetAttr(n, "class", class)
	}
	if rules.Len() == 0 {
		return ""
	}
	return "@media " + darkQuery + "{\n" + rules.String() + "}\n"
}

// darkRule returns the declarations for the colors of a style attribute on a dark background, or
// "" if it has none.
func darkRule(style string, paper color) string {
	var text, below string
	for declaration := range strings.SplitSeq(style, ";") {
		property, value, _ := strings.Cut(declaration, ":")
		switch strings.TrimSpace(property) {
		case "color":
			text = strings.TrimSpace(value)
		case "background-color":
			below = strings.TrimSpace(value)
		}
	}
	var rule []string
	if below != "" {
		if c, ok := parseColor(below); ok {
			paper = c.mixed(paper, 0.88)
		}
		rule = append(rule, "background-color:"+paper.String()+"!important")
	}
	if text != "" {
		shown := "inherit"
		if c, ok := parseColor(text); ok && !c.nearBlack() {
			shown = c.readable(paper).String()
		}
		rule = append(rule, "color:"+shown+"!important")
	}
	if len(rule) == 0 {
		return ""
	}
	return "{" + strings.Join(rule, ";") + "}"
}

// color is red, green and blue, each from 0 to 1.
type color [3]float64

// parseColor parses #rgb and #rrggbb.
func parseColor(s string) (color, bool) {
	digits, ok := strings.CutPrefix(s, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if !ok || err != nil || len(digits) != 6 {
		return color{}, false
	}
	return color{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}.scaled(1.0 / 255), true
}

func (c color) scaled(by float64) color { return color{c[0] * by, c[1] * by, c[2] * by} }

// mixed returns c mixed with a share of another color.
func (c color) mixed(other color, share float64) color {
	for i := range c {
		c[i] += (other[i] - c[i]) * share
	}
	return c
}

// readable returns the color with as much white as it needs to be readable on a dark background.
func (c color) readable(paper color) color {
	light := c
	for share := 0.0; share < 1 && light.contrast(paper) < 6; share += 0.05 {
		light = c.mixed(color{1, 1, 1}, share)
	}
	return light
}

// nearBlack reports whether a color is that of plain text.
func (c color) nearBlack() bool {
	return c.luminance() < 0.05 && max(c[0], c[1], c[2])-min(c[0], c[1], c[2]) < 0.08
}

// contrast returns the contrast ratio of WCAG 2.1.
func (c color) contrast(other color) float64 {
	a, b := c.luminance(), other.luminance()
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// luminance returns the relative luminance of WCAG 2.1.
func (c color) luminance() float64 {
	for i, v := range c {
		if v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
}

func (c color) String() string {
	c = c.scaled(255)
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0])), int(math.Round(c[1])), int(math.Round(c[2])))
}
