package content

// limitError reports that a text exceeds one of the bounds.
type limitError struct {
	limit   string // the bound, such as "100 nested quotations"
	message string // what to do
	near    string // text of the line at fault; "" where unknown
	line    int    // of the file; 0 where unknown
}

func (e *limitError) Error() string { return "it exceeds the limit of " + e.limit + "; " + e.message }

// tooLarge returns the error for more than maxHTML bytes of HTML.
func tooLarge() error {
	return &limitError{limit: "8 MB of HTML", message: "divide the post, or link to what makes it so large"}
}
