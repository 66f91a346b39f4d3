package limits

// Error is returned for a post that exceeds one of the limits.
type Error struct {
	Limit   string // such as "100 nested quotations"
	Message string // what to do
	Near    string // text of the line at fault; "" where unknown
	Line    int    // of the file; 0 where unknown
}

func (e *Error) Error() string { return "it exceeds the limit of " + e.Limit + "; " + e.Message }

// TooLarge returns the error for more than MaxHTML bytes of HTML.
func TooLarge() error {
	return &Error{Limit: "8 MB of HTML", Message: "divide the post, or link to what makes it so large"}
}
