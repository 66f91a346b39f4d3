package sanitize

import (
	"regexp"
	"strconv"
	"strings"

	"publisher/internal/uri"
)

// candidate is one of the pictures of a srcset.
type candidate struct {
	url        string
	descriptor string  // such as 2x or 800w; "" for none
	density    float64 // of 2x; 1 where there is no descriptor
	width      int     // of 800w; 0 for none
}

const htmlSpace = " \t\n\f\r"

// parseSrcset parses a srcset as browsers do (HTML Living Standard, "parsing a srcset
// attribute"): an address ends at white space, and commas may be part of it.
func parseSrcset(s string) []candidate {
	var found []candidate
	for {
		if s = strings.TrimLeft(s, htmlSpace+","); s == "" {
			return found
		}
		end := strings.IndexAny(s, htmlSpace)
		if end < 0 {
			end = len(s)
		}
		c := candidate{url: s[:end], density: 1}
		s = s[end:]
		descriptors := ""
		if bare := strings.TrimRight(c.url, ","); bare != c.url {
			c.url = bare
		} else {
			descriptors, s = cutDescriptors(s)
		}
		if c.describe(strings.Fields(descriptors)) {
			found = append(found, c)
		}
	}
}

// cutDescriptors returns what is before the comma that ends a candidate; a comma
// within parentheses does not.
func cutDescriptors(s string) (descriptors, rest string) {
	depth := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '(':
			depth = 1
		case c == ')':
			depth = 0
		case c == ',' && depth == 0:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

var (
	widthDescriptor   = regexp.MustCompile(`^([1-9][0-9]{0,8})w$`)
	heightDescriptor  = regexp.MustCompile(`^[1-9][0-9]{0,8}h$`)
	densityDescriptor = regexp.MustCompile(`^([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,2})?)x$`)
)

// describe sets what the descriptors say and reports whether they are valid.
func (c *candidate) describe(descriptors []string) bool {
	for _, d := range descriptors {
		if m := widthDescriptor.FindStringSubmatch(d); m != nil && c.descriptor == "" {
			c.descriptor = d
			c.width, _ = strconv.Atoi(m[1])
		} else if m := densityDescriptor.FindStringSubmatch(d); m != nil && c.descriptor == "" {
			c.descriptor = d
			c.density, _ = strconv.ParseFloat(m[1], 64)
		} else if !heightDescriptor.MatchString(d) {
			return false
		}
	}
	return true
}

// pictureWidth is wide enough for a feed reader's column on any screen.
const pictureWidth = 1600

// bestCandidate returns the address for programs without srcset: the candidate of normal
// density, or the widest that is not wider than necessary; "" if there is none.
func bestCandidate(srcset string) string {
	var best candidate
	for _, c := range parseSrcset(srcset) {
		if best.url == "" || c.better(best) {
			best = c
		}
	}
	return best.url
}

func (c candidate) better(than candidate) bool {
	if c.width > 0 && than.width > 0 {
		if c.width > pictureWidth || than.width > pictureWidth {
			return c.width < than.width
		}
		return c.width > than.width
	}
	return c.density < than.density && c.density >= 1
}

// srcset returns a srcset with absolute addresses.
func (c *Cleaner) srcset(list string) string {
	var out []string
	for _, candidate := range parseSrcset(list) {
		address := uri.Escape(candidate.url)
		if !isDataPicture(candidate.url) {
			to := c.Links.Follow(candidate.url)
			c.remember(to)
			address = to.URL
		}
		if address = withoutOuterCommas(address); address == "" {
			continue
		}
		out = append(out, strings.TrimSpace(address+" "+candidate.descriptor))
	}
	return strings.Join(out, ", ")
}

// withoutOuterCommas escapes commas at the ends of an address, which would be read as
// separators. It returns "" if the result is not an address, as with a comma in a host name.
func withoutOuterCommas(address string) string {
	bare := strings.Trim(address, ",")
	if bare == address {
		return address
	}
	before, after, _ := strings.Cut(address, bare)
	address = strings.Repeat("%2C", len(before)) + bare + strings.Repeat("%2C", len(after))
	if _, err := uri.Parse(address); err != nil {
		return ""
	}
	return address
}
