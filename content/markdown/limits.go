package markdown

import (
	"fmt"
	"regexp"
	"strings"

	"publisher/content/limits"
	"publisher/content/mdsource"
)

// Limits of Markdown. The parsers' work is quadratic in unpaired emphasis in one
// paragraph, their stacks grow with the depth of quotations and lists, and their tables
// with rows times columns.
const (
	maxEmphasis = 20_000  // marks in a paragraph
	maxNesting  = 100     // quotations and lists
	maxCells    = 200_000 // of tables
	// maxFootnoteWork limits references to footnotes times footnotes: each reference looks
	// through all of them.
	maxFootnoteWork = 1 << 26
	// maxLinkWork limits the search for the ends of addresses that are not closed: to the
	// next white space, or to the line's end after <.
	maxLinkWork = 1 << 27
	// maxAttributeWork limits the lists of attributes after headings.
	maxAttributeWork = 1 << 25
)

// checkLimits returns an error for what would take the parser too long or too much memory.
func checkLimits(source string) error {
	deep := strings.Contains(source, strings.Repeat(">", maxNesting)) || openers.MatchString(source)
	if err := checkLinks(source); err != nil {
		return err
	}
	if err := checkFootnotes(source); err != nil {
		return err
	}
	if err := checkAttributes(source); err != nil {
		return err
	}
	emphatic := strings.Count(source, "*")+strings.Count(source, "_")+strings.Count(source, "~") > maxEmphasis
	if err := checkTables(source); err != nil || !deep && !emphatic {
		return err
	}
	var err error
	mdsource.OutsideCode(source, func(prose string) string {
		if err != nil {
			return ""
		}
		if err = checkNesting(prose); err == nil {
			err = checkEmphasis(prose)
		}
		return ""
	})
	return err
}

// openers matches a line that may open many containers at once.
var openers = regexp.MustCompile(`(?m)^(?:[ \t]*(?:>|[-*+][ \t]|\d{1,9}[.)][ \t])){100}`)

func checkNesting(prose string) error {
	for line := range strings.SplitSeq(prose, "\n") {
		if openers.MatchString(line) {
			return &limits.Error{Limit: fmt.Sprintf("%d nested quotations and lists", maxNesting), Message: "remove some marks, or put the line into a code block", Near: line}
		}
	}
	return nil
}

func checkEmphasis(prose string) error {
	for paragraph := range strings.SplitSeq(prose, "\n\n") {
		if strings.Count(paragraph, "*")+strings.Count(paragraph, "_")+strings.Count(paragraph, "~") > maxEmphasis {
			near, _, _ := strings.Cut(strings.TrimSpace(paragraph), "\n")
			return &limits.Error{Limit: fmt.Sprintf("%d marks of emphasis (* or _) in one paragraph", maxEmphasis), Message: "put it into a code block", Near: near}
		}
	}
	return nil
}

func checkFootnotes(source string) error {
	marks := strings.Count(source, "[^")
	if marks*marks < maxFootnoteWork {
		return nil
	}
	notes := len(footnoteStart.FindAllStringIndex(source, -1))
	if notes*marks < maxFootnoteWork {
		return nil
	}
	return &limits.Error{Limit: fmt.Sprintf("%d references to footnotes times footnotes", maxFootnoteWork), Message: "divide the post"}
}

var footnoteStart = regexp.MustCompile(`(?m)^ {0,3}\[\^[^\]\n]+\]:`)

func checkLinks(source string) error {
	if strings.Count(source, "](")*len(source) < maxLinkWork {
		return nil
	}
	work := 0
	for line := range strings.SplitSeq(source, "\n") {
		if n := strings.Count(line, "]("); n > 0 {
			work += strings.Count(line, "](<") * len(line)
			for run := range strings.FieldsSeq(line) {
				work += strings.Count(run, "](") * len(run)
			}
		}
		if work > maxLinkWork {
			return &limits.Error{Limit: "what a line may hold of links that are not closed", Message: "close them, or put them into a code block", Near: line}
		}
	}
	return nil
}

// heading matches a heading that # marks, also within quotations and lists; underline
// matches the line below one of the other kind.
var (
	heading   = regexp.MustCompile(`^(?:[ \t>*+-]|\d{1,9}[.)])*#`)
	underline = regexp.MustCompile(`^[ \t>]*(?:=+|-+)[ \t]*$`)
)

// checkAttributes limits the attributes of headings, which the parser scans for each list
// and each brace, and joins again for each class.
func checkAttributes(source string) error {
	if attributeWork(source) < maxAttributeWork {
		return nil
	}
	work, before := 0, ""
	for line := range strings.SplitSeq(source, "\n") {
		switch {
		case heading.MatchString(line):
			work += attributeWork(line)
		case before != "" && underline.MatchString(line):
			work += attributeWork(before)
		}
		if work > maxAttributeWork {
			return &limits.Error{Limit: "what headings may hold of attributes", Message: "remove some, or put the line into a code block", Near: line}
		}
		before = line
	}
	return nil
}

// attributeWork returns the number of beginnings of attributes and lists after the first
// brace, times the length of the text there.
func attributeWork(text string) int {
	_, list, found := strings.Cut(text, "{")
	if !found {
		return 0
	}
	begins := 1
	for _, sign := range []string{"{", "[", ".", "="} {
		begins += strings.Count(list, sign)
	}
	return begins * len(list)
}

// delimiterRow matches the line below a table's head; each row has its columns, however
// few cells are written.
var delimiterRow = regexp.MustCompile(`^[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*$`)

func checkTables(source string) error {
	columns, cells := 0, 0
	for line := range strings.SplitSeq(source, "\n") {
		bars := strings.Count(line, "|")
		switch {
		case strings.TrimSpace(line) == "":
			columns = 0
		case bars > columns && delimiterRow.MatchString(line):
			columns = bars + 1
			fallthrough
		default:
			cells += columns
		}
		if cells > maxCells {
			return &limits.Error{Limit: fmt.Sprintf("%d cells in tables", maxCells), Message: "divide the table, or link to it as a file", Near: line}
		}
	}
	return nil
}

// referenceRun is the number of link definitions that goldmark gets in one paragraph:
// each moves all lines after it.
const referenceRun = 200

var wholeReference = regexp.MustCompile(`^ {0,3}\[[^\[\]\n]+\]:[ \t]*\S+[ \t]*$`)

// splitReferenceRuns puts blank lines into long runs of link definitions, which does not
// change their meaning.
func splitReferenceRuns(source string) string {
	if strings.Count(source, "]:") <= referenceRun {
		return source
	}
	return mdsource.OutsideCode(source, func(prose string) string {
		var out strings.Builder
		run := 0
		for line := range strings.SplitAfterSeq(prose, "\n") {
			if !wholeReference.MatchString(strings.TrimSuffix(line, "\n")) {
				run = 0
			} else if run++; run%referenceRun == 0 {
				out.WriteByte('\n')
			}
			out.WriteString(line)
		}
		return out.String()
	})
}
