package post

// Clip returns s, cut to 60 characters, for the message of a Problem.
func Clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
