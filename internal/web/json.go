package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"publisher/templates"
)

// say answers a script with the words of a key in the language of a frame, as "error" or, if all
// went well, as "message", and with more fields beside it. names are what the words mention, in pairs.
func (s *site) say(w http.ResponseWriter, r *http.Request, status int, frame templates.Frame, key string, more map[string]any, names ...any) {
	said, err := s.Templates.Phrase(frame.Site.Language, key, names...)
	if err != nil {
		s.fail(w, r, err, "")
		return
	}
	answer := map[string]any{"error": said}
	if status < http.StatusBadRequest {
		answer = map[string]any{"message": said}
	}
	maps.Copy(answer, more)
	writeJSON(w, status, answer)
}

// writeJSON sends a small answer as JSON.
func writeJSON(w http.ResponseWriter, status int, answer map[string]any) {
	body, err := json.Marshal(answer)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte("{}") // texts and numbers are always fine
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	w.Write(append(body, '\n')) //nolint:errcheck // the client may have left
}
