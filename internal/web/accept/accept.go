// Package accept reads what clients accept: media types and encodings.
package accept

import (
	"strconv"
	"strings"
)

// PrefersHTML reports whether a client prefers HTML to the feed's type, as browsers do and feed
// readers do not (RFC 9110 §12.5.1). Without a preference it gets the feed.
func PrefersHTML(accept []string, mediaType string) bool {
	if len(accept) == 0 || len(accept) == 1 && accept[0] == "*/*" {
		return false
	}
	essence, _, _ := strings.Cut(mediaType, ";")
	asHTML := Quality(accept, "text/html")
	if asHTML == 0 {
		return false
	}
	if strings.HasSuffix(essence, "json") {
		return asHTML > max(Quality(accept, essence), Quality(accept, "application/json"))
	}
	return asHTML > max(Quality(accept, essence), Quality(accept, "application/xml"), Quality(accept, "text/xml"))
}

// Quality returns the quality value of a media type: that of the most specific range that
// contains it.
func Quality(accept []string, mediaType string) float64 {
	kind, _, _ := strings.Cut(mediaType, "/")
	best, specific := 0.0, 0
	for _, value := range accept {
		for value != "" {
			var item string
			item, value, _ = strings.Cut(value, ",")
			media, parameters, _ := strings.Cut(item, ";")
			if fits := fitting(strings.TrimSpace(media), kind, mediaType); fits > specific {
				best, specific = qualityIn(parameters), fits
			}
		}
	}
	return best
}

// fitting returns how specific a media range is that contains a media type of a kind, and 0
// for one that does not.
func fitting(media, kind, mediaType string) int {
	switch {
	case strings.EqualFold(media, mediaType):
		return 3
	case len(media) == len(kind)+2 && strings.EqualFold(media[:len(kind)], kind) && media[len(kind):] == "/*":
		return 2
	case media == "*/*":
		return 1
	}
	return 0
}

// Encodings returns the quality values that Accept-Encoding gives gzip and brotli (RFC 9110
// §12.5.3). Without the header the client gets the plain form.
func Encodings(values []string) (gzip, br float64) {
	gzip, br = -1, -1
	any := 0.0
	for _, value := range values {
		for value != "" {
			var item string
			item, value, _ = strings.Cut(value, ",")
			coding, parameters, _ := strings.Cut(item, ";")
			switch coding = strings.TrimSpace(coding); {
			case strings.EqualFold(coding, "gzip") || strings.EqualFold(coding, "x-gzip"):
				if gzip < 0 {
					gzip = qualityIn(parameters)
				}
			case strings.EqualFold(coding, "br"):
				if br < 0 {
					br = qualityIn(parameters)
				}
			case coding == "*":
				any = qualityIn(parameters)
			}
		}
	}
	if gzip < 0 {
		gzip = any
	}
	if br < 0 {
		br = any
	}
	return gzip, br
}

// qualityIn returns the quality value among the parameters of an item: 1 without one, and 0 if
// it is invalid.
func qualityIn(parameters string) float64 {
	for parameters != "" {
		var one string
		one, parameters, _ = strings.Cut(parameters, ";")
		name, value, found := strings.Cut(one, "=")
		if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
}
