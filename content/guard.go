package content

import (
	"errors"
	"strings"
)

// The Markdown parser's work grows with the square of unpaired emphasis in one
// paragraph, and its stack with the depth of quotations. No author gets near
// these; a hostile or broken file would hold up everything else.
const (
	maxEmphasis = 20_000
	maxQuotes   = 100
)

var (
	errEmphasis = errors.New("one paragraph holds more marks of emphasis (* or _) than can be read in reasonable time; put it into a code block")
	errQuotes   = errors.New("quotations are nested more than 100 deep; take some > away")
)

func checkMarkdown(source string) error {
	if strings.Contains(source, strings.Repeat(">", maxQuotes)) || strings.Contains(source, strings.Repeat("> ", maxQuotes)) {
		return errQuotes
	}
	if strings.Count(source, "*")+strings.Count(source, "_")+strings.Count(source, "~") <= maxEmphasis {
		return nil
	}
	var err error
	outsideCode(source, func(prose string) string {
		for paragraph := range strings.SplitSeq(prose, "\n\n") {
			if strings.Count(paragraph, "*")+strings.Count(paragraph, "_")+strings.Count(paragraph, "~") > maxEmphasis {
				err = errEmphasis
			}
		}
		return ""
	})
	return err
}
