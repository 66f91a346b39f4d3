package web

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"publisher/internal/config"
	"publisher/internal/ledger/signups"
	"publisher/internal/web/accept"
	"publisher/mailer/address"
)

// Limits of what a form may say.
const (
	maxName = 100 // characters
	maxPage = 500 // octets
	maxTags = 100
)

// fieldNames returns the names of the form's fields. JSON may call "tag" "tags".
func fieldNames() []string {
	return []string{"email", "name", "cadence", "tag", "language", "page", "website", "time", "work"}
}

// signupRequest is a request to subscribe as the form says it.
type signupRequest struct {
	email, key     string // as typed, and as the ledger compares it
	name, cadence  string // cadence "": the default one
	tags           []string
	language, page string
	how            string    // ledger.ByForm or ledger.ByJSON
	trap           string    // what people do not see and do not fill in
	made           time.Time // when the page with the form was made; zero if unknown
	work           string    // the answer to a challenge
}

// errFields is a body that does not consist of fields.
var errFields = errors.New("the body must be one JSON object whose values are strings, or for tag a list of strings")

// signupFields reads the form of any type. It answers if it cannot.
func (s *site) signupFields(w http.ResponseWriter, r *http.Request) (fields url.Values, how string, ok bool) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		http.Error(w, "the request's body must not be compressed", http.StatusUnsupportedMediaType)
		return nil, "", false
	}
	if !isJSON(r) {
		fields, ok = s.form(w, r)
		return fields, signups.ByForm, ok
	}
	body, ok := s.body(w, r)
	if !ok {
		return nil, "", false
	}
	fields, err := jsonFields(body, append(fieldNames(), "code"))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return nil, "", false
	}
	return fields, signups.ByJSON, true
}

// isJSON reports whether the request's body is JSON.
func isJSON(r *http.Request) bool {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return mediaType == "application/json"
}

// wantsJSON reports whether the answer must be JSON: the client prefers it to HTML, or does not
// care and has sent JSON.
func wantsJSON(r *http.Request) bool {
	accepted := r.Header.Values("Accept")
	asJSON, asHTML := accept.Quality(accepted, "application/json"), accept.Quality(accepted, "text/html")
	return asJSON > asHTML || asJSON == asHTML && isJSON(r)
}

// jsonFields returns the fields of a JSON object that are among names.
func jsonFields(body []byte, names []string) (url.Values, error) {
	var object map[string]json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &object) != nil || object == nil {
		return nil, errFields
	}
	fields := url.Values{}
	for name, raw := range object {
		if name == "tags" {
			name = "tag"
		}
		if !slices.Contains(names, name) {
			continue
		}
		var one *string
		var several []string
		switch {
		case json.Unmarshal(raw, &one) == nil && one == nil: // null
		case json.Unmarshal(raw, &one) == nil:
			fields.Add(name, *one)
		case name == "tag" && json.Unmarshal(raw, &several) == nil:
			fields[name] = append(fields[name], several...)
		default:
			return nil, errFields
		}
	}
	return fields, nil
}

// readSignup checks the fields of a form. fault is the name of the first one at fault, or "".
func (s *site) readSignup(ctx context.Context, fields url.Values) (u signupRequest, fault string, err error) {
	u = signupRequest{email: strings.TrimSpace(fields.Get("email")), trap: fields.Get("website"), work: fields.Get("work"),
		page: cleanPage(fields.Get("page")), made: unixTime(fields.Get("time"))}
	var invalid error
	if u.key, invalid = address.Normalize(u.email); invalid != nil {
		return u, "email", nil
	}
	var ok bool
	if u.name, ok = s.signupName(fields.Get("name")); !ok {
		return u, "name", nil
	}
	if u.cadence, ok = s.signupCadence(fields.Get("cadence")); !ok {
		return u, "cadence", nil
	}
	if u.language, ok = s.signupLanguage(fields.Get("language")); !ok {
		return u, "language", nil
	}
	if u.tags, ok, err = s.signupTags(ctx, fields["tag"]); !ok {
		return u, "tag", err
	}
	return u, "", nil
}

// signupName returns the name, which counts only if the form is to ask for it.
func (s *site) signupName(text string) (name string, ok bool) {
	if !s.Config.Signup.AskName {
		return "", true
	}
	name = strings.Join(strings.Fields(text), " ")
	ok = utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxName && !strings.ContainsFunc(name, unprintable)
	return name, ok
}

// unprintable reports whether a name or an address of a page must not contain r.
func unprintable(r rune) bool { return !unicode.IsGraphic(r) }

// signupCadence returns the cadence; "" for the default, which the owner may change.
func (s *site) signupCadence(name string) (cadence string, ok bool) {
	if name == "" || name == s.Config.Digest.Default {
		return "", true
	}
	_, ok = s.Config.Cadence(name)
	return name, ok
}

// signupLanguage returns the language, which is stored only if there are several. It reports
// false for one that no mail is in.
func (s *site) signupLanguage(text string) (tag string, ok bool) {
	if text == "" {
		return "", true
	}
	if tag, ok = config.LanguageTag(text); !ok {
		return "", false
	}
	// Who asks for English may get American English.
	ok = s.Config.HasDigestsIn(tag) || strings.HasPrefix(s.Config.Site.Language, tag+"-")
	if len(s.Config.AllLanguages()) == 0 {
		tag = ""
	}
	return tag, ok
}

// signupTags returns the tags as the publication spells them, or false if one is unknown.
func (s *site) signupTags(ctx context.Context, given []string) (tags []string, ok bool, err error) {
	given = slices.DeleteFunc(slices.Clone(given), func(tag string) bool { return tag == "" })
	if len(given) == 0 {
		return nil, true, nil
	}
	if len(given) > maxTags {
		return nil, false, nil
	}
	known, err := s.allTags(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, tag := range given {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, tag) })
		if i < 0 {
			return nil, false, nil
		}
		if !slices.Contains(tags, known[i]) {
			tags = append(tags, known[i])
		}
	}
	return tags, true, nil
}

// allTags returns the tags of the publication in all languages.
func (s *site) allTags(ctx context.Context) ([]string, error) {
	if s.Tags == nil {
		return nil, nil
	}
	languages := s.Config.AllLanguages()
	if len(languages) == 0 {
		languages = []string{""}
	}
	var all []string
	for _, language := range languages {
		tags, err := s.Tags(ctx, language)
		if err != nil {
			return nil, err
		}
		all = append(all, tags...)
	}
	return all, nil
}

// cleanPage returns the address of the page where the form was, or "" if it is none. It is not
// the reader's fault if the page says something else.
func cleanPage(text string) string {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxPage || !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
		return ""
	}
	if (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" || u.Scheme == "" && strings.HasPrefix(text, "/") {
		return text
	}
	return ""
}

// unixTime returns the time that a form has in seconds, or zero.
func unixTime(text string) time.Time {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
